//! The origin role: programme feeds to listeners.
//!
//! One task for each egress reads its programme feed and keeps two views of it:
//! the ICY mount in the fan-out engine, and the HLS window in memory. It waits
//! for no bucket: a segment is listed when it is closed.

mod past;
mod view;

use std::sync::Arc;
use std::time::Duration;

use catalogue::{AudioFile, Egress};
use delivery::fanout::{Fanout, Intro, MountSettings, PushError, TimedFrame};
use delivery::{Announcement, Station, StationSettings};
use feed::Record;
use icy::listener::{Cors, PROCESS_HEADER, StationHead};
use media::{AacProfile, SegmentInfo};
use playlists::TitleRange;
use runtime::clock::Steady;
use runtime::tail::Tail;
use store::Stores;
use tokio::task::JoinSet;

use crate::view::{Setup, View};

/// Media that a mount's ring holds behind its burst. A source may send a minute
/// at once, and a listener whose line carries little more than the stream has to
/// get all of it.
const RING_BEHIND_BURST: Duration = Duration::from_secs(80);

/// What a programme has to give to an origin.
#[derive(Debug)]
pub struct Programme {
    /// Its records.
    pub feed: Tail<Record>,
    /// What was listed before the process began, oldest first.
    pub segments: Vec<SegmentInfo>,
    /// The titles of these.
    pub titles: Vec<TitleRange>,
    /// Which AAC tools they use.
    pub profile: Option<AacProfile>,
    /// Where the programme's past lies, for egresses with `dvr`.
    pub stores: Stores,
}

/// Begins to serve an egress. Its task joins `tasks` and ends with the feed.
///
/// `process` is what answers bear as [`PROCESS_HEADER`].
///
/// # Errors
///
/// The fan-out engine has stopped.
pub fn start(
    egress: &Egress,
    programme: Programme,
    fanout: &Fanout,
    (clock, process): (&Steady, &str),
    tasks: &mut JoinSet<()>,
) -> Result<Arc<Station>, PushError> {
    let mount = &egress.mount;
    let writer = fanout.add_mount(MountSettings {
        burst: mount.burst,
        ring: mount.burst + RING_BEHIND_BURST,
        listeners_max: mount.max_listeners.and_then(|max| usize::try_from(max).ok()),
        ..MountSettings::new(egress.name.as_str())
    })?;
    // Nothing is on air yet.
    writer.off_air(Duration::ZERO)?;
    let station = Arc::new(Station::new(settings(egress), head(egress, process), writer.handle()));
    station.set_intro(mount.intro.as_ref().and_then(intro));
    let setup = Setup {
        station: Arc::clone(&station),
        writer,
        clock: clock.clone(),
        window: mount.window,
        hold: egress.hold,
    };
    let reader = programme.feed.from_start();
    let past = past::Task::new(egress, &station, programme.stores.clone(), clock.clone());
    let view = View::new(setup, programme);
    tasks.spawn(async move {
        let mut reading = JoinSet::new();
        if let Some(past) = past {
            reading.spawn(past.run());
        }
        view.run(reader).await;
    });
    Ok(station)
}

fn settings(egress: &Egress) -> StationSettings {
    let mount = &egress.mount;
    let target_secs = u64::from(egress.target_secs());
    let announcement =
        |file: Option<&AudioFile>| file.and_then(|file| Announcement::new(file, target_secs));
    StationSettings {
        name: egress.name.as_str().to_owned(),
        aliases: egress.aliases.iter().map(|alias| alias.as_str().to_owned()).collect(),
        sid: egress.sid,
        title: mount.icy_name.clone(),
        rendition: egress.rendition_id(),
        target_secs,
        hold: egress.hold,
        dvr: egress.dvr,
        segment_max_age: mount.window + mount.segment + egress.dvr,
        geo: egress.geo.clone(),
        session_limit: egress.session_limit,
        protect_segments: egress.protect_segments,
        limit_announcement: announcement(egress.limit_announcement.as_ref()),
        geo_announcement: announcement(egress.geo_announcement.as_ref()),
    }
}

/// The mount's intro, in the engine's form.
fn intro(intro: &AudioFile) -> Option<Intro> {
    let frames = intro.frames.iter().map(|frame| TimedFrame {
        data: frame.data.clone(),
        duration: frame.header.stream.frame_duration(),
    });
    Intro::new(&frames.collect::<Vec<_>>())
}

fn head(egress: &Egress, process: &str) -> StationHead {
    let (mount, encoding) = (&egress.mount, &egress.encoding);
    let channels = encoding.channels();
    let own = mount.headers.iter().map(|one| (one.name.clone(), one.value.clone()));
    StationHead {
        codec: encoding.codec.family(),
        name: mount.icy_name.clone(),
        description: mount.icy_description.clone(),
        genre: mount.genre.clone(),
        url: mount.icy_url.clone(),
        public: egress.is_listed(),
        bitrate_kbps: encoding.bitrate_kbps,
        audio_info: format!(
            "ice-samplerate={};ice-bitrate={};ice-channels={channels}",
            encoding.sample_rate_hz, encoding.bitrate_kbps
        ),
        headers: std::iter::once((PROCESS_HEADER.to_owned(), process.to_owned()))
            .chain(own)
            .collect(),
        metaint: Some(mount.metaint),
        cors: Cors::Any,
    }
}
