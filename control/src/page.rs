//! The page at `/`: its markup, scripts and style, all in the binary.
//!
//! What it shows comes from the API.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use listen::{Access, Routes};

use crate::Control;

/// One file of the page.
#[derive(Debug, Clone, Copy)]
struct Asset {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! asset {
    ($path:literal, $media_type:expr, $file:literal) => {
        Asset {
            path: $path,
            media_type: $media_type,
            text: include_str!(concat!("../assets/", $file)),
        }
    };
}

const ASSETS: [Asset; 14] = [
    asset!("/", HTML, "index.html"),
    asset!("/favicon.svg", SVG, "favicon.svg"),
    asset!("/assets/page.css", STYLE, "page.css"),
    asset!("/assets/rows.css", STYLE, "rows.css"),
    asset!("/assets/player.css", STYLE, "player.css"),
    asset!("/assets/page.js", SCRIPT, "page.js"),
    asset!("/assets/egresses.js", SCRIPT, "egresses.js"),
    asset!("/assets/events.js", SCRIPT, "events.js"),
    asset!("/assets/ingests.js", SCRIPT, "ingests.js"),
    asset!("/assets/links.js", SCRIPT, "links.js"),
    asset!("/assets/player.js", SCRIPT, "player.js"),
    asset!("/assets/renditions.js", SCRIPT, "renditions.js"),
    asset!("/assets/view.js", SCRIPT, "view.js"),
    asset!("/assets/words.js", SCRIPT, "words.js"),
];

pub(crate) fn routes() -> Routes<Control> {
    ASSETS.into_iter().fold(Routes::default(), |routes, asset| {
        routes.get(asset.path, Access::Public, async move || asset)
    })
}

impl IntoResponse for Asset {
    fn into_response(self) -> Response {
        // Without a validator a new binary's page is seen at the next look.
        let headers =
            [(header::CONTENT_TYPE, self.media_type), (header::CACHE_CONTROL, "no-cache")];
        (headers, self.text).into_response()
    }
}
