//! The origin role: programme feeds to listeners.
//!
//! One task for each rendition of an egress reads its programme feed and keeps two
//! views of it: the ICY mount in the fan-out engine, and the HLS window in memory. It
//! waits for no bucket: a segment is listed when it is closed; and for no other
//! rendition: one that stands still is heard no more, and the others go on.

mod past;
mod view;

use std::sync::Arc;
use std::time::Duration;

use catalogue::{AudioFile, Egress, Encoding, Made, Rendition};
use delivery::fanout::{
    Fanout, Intro, MountHandle, MountSettings, MountWriter, PushError, TimedFrame,
};
use delivery::{Announcement, RenditionSettings, Station, StationSettings};
use feed::Record;
use icy::listener::{Cors, PROCESS_HEADER, StationHead};
use media::{AacProfile, RenditionId, SegmentInfo};
use playlists::TitleRange;
use runtime::clock::Steady;
use runtime::tail::Tail;
use store::Stores;
use tokio::task::JoinSet;
use tracing::error;

use crate::view::{Setup, View};

/// Media that a mount's ring holds behind its burst. A source may send a minute
/// at once, and a listener whose line carries little more than the stream has to
/// get all of it.
const RING_BEHIND_BURST: Duration = Duration::from_secs(80);

/// What a programme in one rendition has to give to an origin.
#[derive(Debug)]
pub struct Programme {
    /// The rendition.
    pub rendition: Rendition,
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

/// An egress cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no programme to serve.
    #[error("egress {0} has no programme")]
    NoProgramme(String),
    /// The fan-out engine takes no more mounts.
    #[error(transparent)]
    Engine(#[from] PushError),
}

/// Begins to serve an egress: its renditions, in the order of the multivariant playlist.
/// What the mounts themselves are over ICY the catalogue says. Intro and announcements are
/// encoded for each of them here, which takes a moment.
/// A task for each joins `tasks` and ends with its feed.
///
/// `process` is what answers bear as [`PROCESS_HEADER`].
///
/// # Errors
///
/// [`Error`].
pub fn start(
    egress: &Egress,
    programmes: Vec<Programme>,
    fanout: &Fanout,
    (clock, process): (&Steady, &str),
    tasks: &mut JoinSet<()>,
) -> Result<Arc<Station>, Error> {
    let nothing = || Error::NoProgramme(egress.name.as_str().to_owned());
    let of_mount = egress.renditions.of_mount().map(|rendition| &rendition.id);
    let default = programmes.iter().map(|one| &one.rendition.id);
    let default = default.clone().find(|id| Some(*id) == of_mount).or(default.clone().next());
    let settings = settings(egress, default.cloned().ok_or_else(nothing)?);
    let writers = open_mounts(egress, &programmes, fanout)?;
    let renditions = programmes
        .iter()
        .zip(&writers)
        .map(|(programme, writer)| rendition(egress, programme, process, writer.handle()));
    let station = Station::new(settings, renditions.collect()).ok_or_else(nothing)?;
    let renditions = station.renditions().iter().zip(programmes).zip(writers);
    for ((rendition, programme), writer) in renditions {
        let own = egress.mount.intro.as_ref();
        let own = own.and_then(|file| in_form_of(egress, &programme.rendition, file));
        rendition.set_intro(own.as_ref().and_then(intro));
        let setup = Setup {
            rendition: Arc::clone(rendition),
            writer,
            clock: clock.clone(),
            window: egress.mount.window,
            hold: egress.hold,
        };
        follow(setup, programme, tasks);
    }
    Ok(Arc::new(station))
}

/// Opens a mount for each programme, where nothing is on air yet.
fn open_mounts(
    egress: &Egress,
    programmes: &[Programme],
    fanout: &Fanout,
) -> Result<Vec<MountWriter>, PushError> {
    let mount = &egress.mount;
    let mut writers: Vec<MountWriter> = Vec::with_capacity(programmes.len());
    for programme in programmes {
        let settings = MountSettings {
            rendition: Some(programme.rendition.id.clone()),
            burst: mount.burst,
            ring: mount.burst + RING_BEHIND_BURST,
            listeners_max: mount.max_listeners.and_then(|max| usize::try_from(max).ok()),
            ..MountSettings::new(egress.name.as_str())
        };
        let writer = match writers.first() {
            Some(first) => fanout.add_mount_beside(&first.handle(), settings)?,
            None => fanout.add_mount(settings)?,
        };
        writer.off_air(Duration::ZERO)?;
        writers.push(writer);
    }
    Ok(writers)
}

/// Follows a programme to its end.
fn follow(setup: Setup, programme: Programme, tasks: &mut JoinSet<()>) {
    let reader = programme.feed.from_start();
    let (stores, clock) = (programme.stores.clone(), setup.clock.clone());
    let past = past::Task::new(&setup.rendition, programme.rendition.clone(), stores, clock);
    let view = View::new(setup, programme);
    tasks.spawn(async move {
        let mut reading = JoinSet::new();
        if let Some(past) = past {
            reading.spawn(past.run());
        }
        view.run(reader).await;
    });
}

fn settings(egress: &Egress, default_rendition: RenditionId) -> StationSettings {
    let mount = &egress.mount;
    StationSettings {
        name: egress.name.as_str().to_owned(),
        aliases: egress.aliases.iter().map(|alias| alias.as_str().to_owned()).collect(),
        sid: egress.sid,
        title: mount.icy_name.clone(),
        default_rendition,
        target_secs: u64::from(egress.target_secs()),
        hold: egress.hold,
        dvr: egress.dvr,
        segment_max_age: mount.window + mount.segment + egress.dvr,
        geo: egress.geo.clone(),
        session_limit: egress.session_limit,
        // Segments of those about whom a back end is asked are nobody else's.
        protect_segments: egress.protect_segments || egress.asks_about_listeners(),
    }
}

fn rendition(
    egress: &Egress,
    programme: &Programme,
    process: &str,
    mount: MountHandle,
) -> RenditionSettings {
    let target_secs = u64::from(egress.target_secs());
    let announcement = |file: &Option<AudioFile>| {
        let own = in_form_of(egress, &programme.rendition, file.as_ref()?)?;
        Announcement::new(&own, target_secs)
    };
    RenditionSettings {
        id: programme.rendition.id.clone(),
        head: head(egress, &programme.rendition.encoding, process),
        mount,
        limit_announcement: announcement(&egress.limit_announcement),
        geo_announcement: announcement(&egress.geo_announcement),
    }
}

/// A file of the egress in the form of a rendition; `None` where it cannot be had.
fn in_form_of(egress: &Egress, rendition: &Rendition, file: &AudioFile) -> Option<AudioFile> {
    if rendition.made == Made::Outside {
        return Some(file.clone());
    }
    let profile = egress.encoding.codec.profile();
    let frames = transcode::encode_file(&file.frames, profile, &rendition.encoding);
    let complain = |error: &transcode::Error| {
        let (egress, rendition) = (egress.name.as_str(), &rendition.id);
        error!(egress, %rendition, %error, "an audio file cannot be heard in this rendition");
    };
    Some(AudioFile { frames: frames.inspect_err(complain).ok()? })
}

/// The mount's intro, in the engine's form.
fn intro(intro: &AudioFile) -> Option<Intro> {
    let frames = intro.frames.iter().map(|frame| TimedFrame {
        data: frame.data.clone(),
        duration: frame.header.stream.frame_duration(),
    });
    Intro::new(&frames.collect::<Vec<_>>())
}

fn head(egress: &Egress, encoding: &Encoding, process: &str) -> StationHead {
    let mount = &egress.mount;
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
