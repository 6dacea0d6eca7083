//! Where an egress may be heard.

use settings::{Document, Error, Spanned};

use super::raw;
use crate::geo::{Countries, Country, Geo};
use crate::limits;

/// Makes the rule of what the manifest says; `None` where it keeps nobody out.
///
/// # Errors
///
/// A text that is no country's code or no network, a country that is named twice, too many
/// networks, both kinds of list, or a list by which nobody may hear anything.
pub(super) fn validate(document: &Document, raw: Spanned<raw::Geo>) -> Result<Option<Geo>, Error> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let is_nobody = raw.allow_none_except.as_ref().is_some_and(Vec::is_empty);
    let none_except = countries(document, &raw.allow_none_except.unwrap_or_default())?;
    let all_except = countries(document, &raw.allow_all_except)?;
    if is_nobody && all_except.is_empty() {
        let what = "`allow_none_except` names no country: nobody could hear it";
        return Err(document.error(span, what));
    }
    if raw.exempt.len() > limits::GEO_EXEMPT_MAX {
        let what = format!("at most {} networks are exempt", limits::GEO_EXEMPT_MAX);
        return Err(document.error(span, what));
    }
    let exempt = document.networks(&raw.exempt)?;
    let unknown = raw.unknown_country;
    let is = |unknown| matches!(unknown, raw::UnknownCountry::Allow);
    match (none_except.is_empty(), all_except.is_empty()) {
        (false, false) => {
            let what = "`allow_none_except` and `allow_all_except` exclude each other";
            Err(document.error(span, what))
        }
        (false, true) => {
            // Whose country nobody knows is in none of those.
            let unknown_country = unknown.is_some_and(is);
            Ok(Some(Geo { countries: Countries::NoneExcept(none_except), unknown_country, exempt }))
        }
        (true, is_open) => {
            let unknown_country = unknown.is_none_or(is);
            let geo = Geo { countries: Countries::AllExcept(all_except), unknown_country, exempt };
            Ok(Some(geo).filter(|_| !is_open || !unknown_country))
        }
    }
}

fn countries(document: &Document, raw: &[Spanned<String>]) -> Result<Vec<Country>, Error> {
    let mut countries: Vec<Country> = Vec::new();
    for text in raw {
        let country = text.get_ref().parse();
        let country = country.map_err(|error| document.error(text.span(), error))?;
        if countries.contains(&country) {
            return Err(document.error(text.span(), format!("`{country}` is named twice")));
        }
        countries.push(country);
    }
    Ok(countries)
}
