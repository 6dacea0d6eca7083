//! What only the whole manifest can tell: names, references, paths, passwords.

use std::collections::BTreeMap;
use std::time::Duration;

use media::text::clean;
use settings::{Document, Error, Secret, Spanned, Text};

use super::{Files, raw};
use crate::encoding::{Encoding, Setting};
use crate::limits;
use crate::loudness::Loudness;
use crate::name::{MountPath, Name};
use crate::paths::{PathSet, refuse_reserved};
use crate::rendition::{self, Renditions};
use crate::resources::{Catalogue, Delivery, Egress, Ingest, OnMismatch, Publisher, Pull, Push};

mod audio_file;
mod geo;
mod hooks;
mod mount;

/// The region where none is given, as a node's is.
const REGION_DEFAULT: &str = "local";
/// The user that encoders send unless told otherwise.
const USER_DEFAULT: &str = "source";
/// The password of Icecast's sample configuration: everybody knows it.
const KNOWN_PASSWORD: &[u8] = b"hackme";

/// Makes the catalogue of a manifest.
///
/// # Errors
///
/// What is wrong first, with its line and key.
pub(super) fn validate(
    document: &Document,
    manifest: raw::Manifest,
    files: Files<'_>,
) -> Result<Catalogue, Error> {
    let mut validation = Validation { document, files, catalogue: Catalogue::default() };
    for publisher in manifest.publisher {
        validation.publisher(publisher)?;
    }
    for ingest in manifest.ingest {
        validation.ingest(ingest)?;
    }
    let mut paths = PathSet::default();
    for egress in manifest.egress {
        validation.egress(egress, &mut paths)?;
    }
    Ok(validation.catalogue)
}

struct Validation<'d> {
    document: &'d Document,
    files: Files<'d>,
    catalogue: Catalogue,
}

impl Validation<'_> {
    fn publisher(&mut self, raw: raw::Publisher) -> Result<(), Error> {
        let publishers = &self.catalogue.publishers;
        self.refuse_again(publishers, &raw.name, "publisher", limits::PUBLISHERS_MAX)?;
        let timezone = match raw.timezone {
            Some(zone) if !is_timezone(zone.get_ref().as_str()) => {
                let what = format!(
                    "`{}` has not the form of a time zone, `Europe/Berlin`",
                    zone.get_ref().as_str()
                );
                return Err(self.document.error(zone.span(), what));
            }
            Some(zone) => zone.into_inner().into_string(),
            None => "UTC".to_owned(),
        };
        let name = raw.name.into_inner();
        let title = raw.title.as_ref().map_or_else(|| name.to_string(), cleaned);
        let publisher = Publisher { name: name.clone(), title, timezone };
        self.catalogue.publishers.insert(name, publisher);
        Ok(())
    }

    fn ingest(&mut self, raw: raw::Ingest) -> Result<(), Error> {
        self.refuse_again(&self.catalogue.ingests, &raw.name, "ingest", limits::INGESTS_MAX)?;
        let publisher = self.owner(&raw.publisher)?;
        let delivery = match (raw.push, raw.pull) {
            (Some(push), None) => Delivery::Push(Box::new(self.push(push)?)),
            (None, Some(pull)) => Delivery::Pull(Pull { url: pull.into_inner().url }),
            (Some(_), Some(pull)) => {
                let what = "an ingest has one delivery: `push` or `pull`";
                return Err(self.document.error(pull.span(), what));
            }
            (None, None) => {
                let what = "missing key `push`, the encoder's mount and password, or `pull`";
                return Err(self.document.error(raw.name.span(), what));
            }
        };
        let encoding = self.encoding(&raw.encoding)?;
        let on_mismatch = self.on_mismatch(raw.on_mismatch.as_ref(), &encoding)?;
        let ingest = Ingest {
            publisher,
            region: region(raw.region),
            encoding,
            delivery,
            on_mismatch,
            charset: raw.charset,
            name: raw.name.into_inner(),
        };
        if let Some(push) = ingest.push() {
            self.catalogue.mounts.insert(push.mount.clone(), ingest.name.clone());
        }
        self.catalogue.ingests.insert(ingest.name.clone(), ingest);
        Ok(())
    }

    /// Only what can be encoded can be conformed to.
    fn on_mismatch(
        &self,
        raw: Option<&Spanned<raw::OnMismatch>>,
        encoding: &Encoding,
    ) -> Result<OnMismatch, Error> {
        let on_mismatch = on_mismatch(raw);
        let Some(raw) = raw.filter(|_| on_mismatch == OnMismatch::Conform) else {
            return Ok(on_mismatch);
        };
        let checked = rendition::check(encoding);
        checked.map_err(|error| self.document.error(raw.span(), format!("`conform`: {error}")))?;
        Ok(on_mismatch)
    }

    fn push(&self, raw: raw::Push) -> Result<Push, Error> {
        let mount = raw.mount.get_ref();
        refuse_reserved(mount.as_str())
            .map_err(|what| self.document.error(raw.mount.span(), what))?;
        if let Some(other) = self.catalogue.mounts.get(mount) {
            let what = format!("`{mount}` is the mount of ingest `{other}` already");
            return Err(self.document.error(raw.mount.span(), what));
        }
        match &raw.password {
            Some(password) => self.refuse_bad_password(password, raw.shoutcast)?,
            None if raw.stream_auth.is_some() => {}
            None => {
                let what = "missing key `password`, or `stream_auth`: whom to ask";
                return Err(self.document.error(raw.mount.span(), what));
            }
        }
        Ok(Push {
            mount: raw.mount.into_inner(),
            user: self.user(raw.user)?,
            password: raw.password.map(Spanned::into_inner),
            stream_auth: raw.stream_auth,
            shoutcast: raw.shoutcast,
        })
    }

    fn refuse_bad_password(&self, raw: &Spanned<Secret>, shoutcast: bool) -> Result<(), Error> {
        let password = raw.get_ref();
        if password.matches(KNOWN_PASSWORD) {
            let what = "`hackme` is the first password that is tried; choose another";
            return Err(self.document.error(raw.span(), what));
        }
        let is_same = |other: &&Ingest| {
            let push = other.push().filter(|push| push.shoutcast);
            push.is_some_and(|push| push.is_password(password.expose()))
        };
        match self.catalogue.ingests.values().find(is_same).filter(|_| shoutcast) {
            Some(other) => {
                let what = format!(
                    "a SHOUTcast source is known by its password alone, and ingest `{}` has the same",
                    other.name
                );
                Err(self.document.error(raw.span(), what))
            }
            None => Ok(()),
        }
    }

    fn user(
        &self,
        raw: Option<Spanned<Text<{ limits::USER_BYTES_MAX }>>>,
    ) -> Result<String, Error> {
        let Some(user) = raw else { return Ok(USER_DEFAULT.to_owned()) };
        let text = user.get_ref().as_str();
        if text.is_empty() || text.contains(':') {
            let what = "a user is not empty and has no colon (RFC 7617)";
            return Err(self.document.error(user.span(), what));
        }
        Ok(user.into_inner().into_string())
    }

    fn encoding(&self, raw: &raw::Encoding) -> Result<Encoding, Error> {
        let encoding = Encoding {
            codec: *raw.codec.get_ref(),
            bitrate_kbps: raw.bitrate_kbps.get_ref().to_u32(),
            sample_rate_hz: raw.sample_rate_hz.get_ref().to_u32(),
            channel_mode: match raw.channel_mode.get_ref() {
                raw::ChannelMode::Mono => media::ChannelMode::Mono,
                raw::ChannelMode::Stereo => media::ChannelMode::Stereo,
                raw::ChannelMode::JointStereo => media::ChannelMode::JointStereo,
            },
            rate_control: raw.rate_control,
        };
        encoding.check().map_err(|error| {
            let span = match error.setting {
                Setting::Codec => raw.codec.span(),
                Setting::BitrateKbps => raw.bitrate_kbps.span(),
                Setting::SampleRateHz => raw.sample_rate_hz.span(),
                Setting::ChannelMode => raw.channel_mode.span(),
            };
            self.document.error(span, error)
        })?;
        Ok(encoding)
    }

    fn egress(&mut self, raw: raw::Egress, paths: &mut PathSet) -> Result<(), Error> {
        self.refuse_again(&self.catalogue.egresses, &raw.name, "egress", limits::EGRESSES_MAX)?;
        let publisher = self.owner(&raw.publisher)?;
        let encoding = self.common_encoding(&raw.ingests)?;
        let about = mount::About { name: raw.name.get_ref(), encoding, files: self.files };
        let mount = mount::validate(self.document, raw.mount, &about)?;
        let read = |path: Option<&Spanned<String>>, used| {
            path.map(|path| audio_file::read(self.document, path, &about, used)).transpose()
        };
        let fallback = read(raw.fallback.as_ref(), audio_file::FALLBACK)?;
        let of_limit = raw.limit_announcement.as_ref();
        let limit_announcement = read(of_limit, audio_file::ANNOUNCEMENT)?;
        let of_geo = raw.geo.as_ref().and_then(|geo| geo.get_ref().announcement.as_ref());
        let geo_announcement = read(of_geo, audio_file::ANNOUNCEMENT)?;
        let auto_aac = raw.auto_aac.unwrap_or(true);
        let renditions = self.renditions(raw.encodings, &encoding, (mount.segment, auto_aac))?;
        let wait_default = Duration::from_millis(limits::HOLD_BACK_MS_DEFAULT);
        let wait = raw.hold_back.map_or(wait_default, |wait| wait.get_ref().get());
        // One path has none to wait for.
        let hold_back = if raw.ingests.get_ref().len() > 1 { wait } else { Duration::ZERO };
        self.claim(&raw.name, &raw.aliases, &renditions, paths)?;
        let aliases: Vec<MountPath> = raw.aliases.into_iter().map(Spanned::into_inner).collect();
        let before = u32::try_from(self.catalogue.egresses.len()).unwrap_or(u32::MAX);
        let egress = Egress {
            publisher,
            sid: before.saturating_add(1),
            region: region(raw.region),
            ingests: raw.ingests.into_inner().into_iter().map(Spanned::into_inner).collect(),
            encoding,
            aliases,
            loudness: self.loudness(raw.loudness.as_ref(), &renditions)?,
            renditions,
            hold_back,
            silence: silence(self.document, raw.silence)?,
            fallback,
            hold: raw
                .hold
                .map_or(Duration::from_millis(limits::HOLD_MS_DEFAULT), settings::Duration::get),
            dvr: raw.dvr.map_or(Duration::ZERO, settings::Duration::get),
            webhooks: hooks::webhooks(self.document, raw.webhooks)?,
            auth: raw.auth.map(|auth| hooks::auth(self.document, auth)).transpose()?,
            session_limit: raw
                .session_limit
                .map(settings::Duration::get)
                .filter(|limit| !limit.is_zero()),
            limit_announcement,
            geo_announcement,
            protect_segments: raw.protect_segments.unwrap_or_default(),
            geo: raw.geo.map(|geo| geo::validate(self.document, geo)).transpose()?.flatten(),
            mount,
            name: raw.name.into_inner(),
        };
        for alias in &egress.aliases {
            self.catalogue.aliases.insert(alias.clone(), egress.name.clone());
        }
        self.catalogue.egresses.insert(egress.name.clone(), egress);
        Ok(())
    }

    fn renditions(
        &self,
        asked: Option<raw::Encodings>,
        source: &Encoding,
        (segment, auto_aac): (Duration, bool),
    ) -> Result<Renditions, Error> {
        let Some(asked) = asked.filter(|asked| !asked.get_ref().is_empty()) else {
            return Ok(Renditions::automatic(source, segment, auto_aac));
        };
        if asked.get_ref().len() > limits::ENCODINGS_MAX {
            let what = format!("at most {} encodings", limits::ENCODINGS_MAX);
            return Err(self.document.error(asked.span(), what));
        }
        let encodings = asked.get_ref().iter().map(|one| self.encoding(one.get_ref()));
        let encodings = encodings.collect::<Result<Vec<_>, _>>()?;
        Renditions::asked(source, segment, &encodings).map_err(|(nth, error)| {
            let span = asked.get_ref().get(nth).map_or(asked.span(), Spanned::span);
            self.document.error(span, error)
        })
    }

    fn loudness(
        &self,
        raw: Option<&Spanned<raw::Loudness>>,
        renditions: &Renditions,
    ) -> Result<Option<Loudness>, Error> {
        let Some(raw) = raw else { return Ok(None) };
        if renditions.made_here().next().is_none() {
            let what = "loudness is that of renditions that are made here, and there are none";
            return Err(self.document.error(raw.span(), what));
        }
        let peak = raw.get_ref().true_peak_dbtp;
        Ok(Some(Loudness {
            target_tenths: raw.get_ref().target_lufs.tenths(),
            true_peak_tenths: peak
                .map_or(limits::TRUE_PEAK_TENTHS_DEFAULT, settings::Level::tenths),
        }))
    }

    /// The encoding of an egress's ingests, which is one.
    fn common_encoding(&self, raw: &Spanned<Vec<Spanned<Name>>>) -> Result<Encoding, Error> {
        let names = raw.get_ref();
        if names.len() > limits::EGRESS_INGESTS_MAX {
            let what = format!("at most {} ingests", limits::EGRESS_INGESTS_MAX);
            return Err(self.document.error(raw.span(), what));
        }
        let mut first: Option<&Ingest> = None;
        for (index, name) in names.iter().enumerate() {
            let Some(ingest) = self.catalogue.ingests.get(name.get_ref()) else {
                let known = self.catalogue.ingests.keys().map(Name::as_str);
                return Err(self.document.unknown_name(name, "ingest", known));
            };
            if names.iter().take(index).any(|before| before == name) {
                let what = format!("ingest `{}` is named twice", name.get_ref());
                return Err(self.document.error(name.span(), what));
            }
            let wanted = first.get_or_insert(ingest);
            if wanted.encoding != ingest.encoding {
                let what = format!(
                    "the ingests of an egress have the same encoding, but `{}` has {} and `{}` has {}",
                    wanted.name, wanted.encoding, ingest.name, ingest.encoding
                );
                return Err(self.document.error(name.span(), what));
            }
        }
        let none = || self.document.error(raw.span(), "an egress has at least one ingest");
        first.map(|ingest| ingest.encoding).ok_or_else(none)
    }

    fn claim(
        &self,
        name: &Spanned<Name>,
        aliases: &[Spanned<MountPath>],
        renditions: &Renditions,
        paths: &mut PathSet,
    ) -> Result<(), Error> {
        let owner = format!("egress `{}`", name.get_ref());
        let renditions: Vec<String> = renditions.iter().map(|one| one.id.to_string()).collect();
        paths
            .claim(name.get_ref().as_str(), &renditions, &owner)
            .map_err(|what| self.document.error(name.span(), what))?;
        for (index, alias) in aliases.iter().enumerate() {
            if index == limits::ALIASES_MAX {
                let what = format!("at most {} aliases", limits::ALIASES_MAX);
                return Err(self.document.error(alias.span(), what));
            }
            paths
                .claim(alias.get_ref().as_str(), &renditions, &owner)
                .map_err(|what| self.document.error(alias.span(), what))?;
        }
        Ok(())
    }

    fn owner(&self, name: &Spanned<Name>) -> Result<Name, Error> {
        if self.catalogue.publishers.contains_key(name.get_ref()) {
            return Ok(name.get_ref().clone());
        }
        let known = self.catalogue.publishers.keys().map(Name::as_str);
        Err(self.document.unknown_name(name, "publisher", known))
    }

    /// Refuses a name that is there already, and one too many.
    fn refuse_again<T>(
        &self,
        known: &BTreeMap<Name, T>,
        name: &Spanned<Name>,
        what: &str,
        max: usize,
    ) -> Result<(), Error> {
        if known.contains_key(name.get_ref()) {
            let what = format!("there is {what} `{}` already", name.get_ref());
            return Err(self.document.error(name.span(), what));
        }
        if known.len() >= max {
            let what = format!("one {what} too many: at most {max}");
            return Err(self.document.error(name.span(), what));
        }
        Ok(())
    }
}

fn region(raw: Option<Name>) -> Name {
    raw.unwrap_or_else(|| Name::new(REGION_DEFAULT).expect("the default is a name"))
}

/// How long a source may be silent; `0s` is for ever.
fn silence(
    document: &Document,
    raw: Option<Spanned<settings::Duration<0, { limits::SILENCE_MS_MAX }>>>,
) -> Result<Option<Duration>, Error> {
    let least = Duration::from_millis(limits::SILENCE_MS_MIN);
    let given = raw.map(|raw| (raw.get_ref().get(), raw.span()));
    match given.filter(|(length, _)| !length.is_zero()) {
        Some((length, span)) if length < least => {
            let what = format!("a silence is {} s at least, or 0s", least.as_secs());
            Err(document.error(span, what))
        }
        given => Ok(given.map(|(length, _)| length)),
    }
}

fn on_mismatch(raw: Option<&Spanned<raw::OnMismatch>>) -> OnMismatch {
    match raw.map(Spanned::get_ref) {
        Some(raw::OnMismatch::Refuse) => OnMismatch::Refuse,
        Some(raw::OnMismatch::Conform) => OnMismatch::Conform,
        Some(raw::OnMismatch::Warn) | None => OnMismatch::Warn,
    }
}

/// A text that listeners see, composed (NFC) and without what is not for reading.
fn cleaned<const MAX: usize>(text: &Text<MAX>) -> String {
    clean(text.as_str(), MAX)
}

/// Whether a text has the form of an IANA time zone's name.
fn is_timezone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    };
    text.split('/').count() <= 3 && text.split('/').all(is_part)
}
