//! `skywave export`: a stretch of a station's past in one file, with a cue sheet.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use archive::export::{Cause, Order, Plan, Summary};
use media::WallTime;
use playlists::date;
use playlists::timeshift::Moment;
use runtime::config::ProcessConfig;
use runtime::shutdown::Shutdown;
use store::Stores;

use crate::serve;

/// What is exported, as it was written on the command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Request {
    /// The egress, by its name.
    #[arg(long, value_name = "NAME")]
    pub mount: String,
    /// The first frame begins here or later: `2026-11-22T10:00:00Z`.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: String,
    /// Every frame begins before this.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: String,
    /// The file: `.mp3` or `.aac`, as the programme is. Its cue sheet lies beside it.
    pub out: PathBuf,
}

/// Two files that are not there yet, and what they are written into.
#[derive(Debug)]
struct Files {
    out: PathBuf,
    cue: PathBuf,
    /// Gone when this is dropped.
    part: PathBuf,
    cue_part: PathBuf,
}

/// What became of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// What is to be said.
    pub text: String,
    /// Some of the bucket's segments are damaged, and their frames are not in the
    /// file.
    pub is_damaged: bool,
}

/// Exports, unless `shutdown` comes first.
///
/// Reads the bucket only, so that a station may be on air on it meanwhile.
///
/// # Errors
///
/// [`settings::Error`] for what is written wrong; else the bucket's and the
/// disk's, that there is nothing to export, and that it was interrupted. Nothing
/// is left behind.
pub async fn run(
    config: &ProcessConfig,
    request: &Request,
    shutdown: &Shutdown,
) -> Result<Exported> {
    tokio::select! {
        exported = export(config, request) => exported,
        () = shutdown.wait() => bail!("interrupted"),
    }
}

async fn export(config: &ProcessConfig, request: &Request) -> Result<Exported> {
    let mut order = request.order()?;
    let files = Files::new(&request.out)?;
    let (url, private, settings) = serve::buckets(config)?;
    let stores = Stores::open_to_read(&url, private.as_ref(), &settings).await?;
    let name = request.out.file_name().unwrap_or_default();
    order.file_name = name.to_string_lossy().into_owned();
    let plan = Plan::make(&stores, order).await?;
    let extension = plan.codec().extension();
    if request.out.extension().is_none_or(|given| given != extension) {
        let what = format!("the programme is {extension}: name the file `….{extension}`");
        return Err(settings::Error::new(request.out.display().to_string(), what).into());
    }
    let mut out = BufWriter::new(create(&files.part)?);
    let summary = plan.write(&stores, &mut out).await?;
    let write = |error| format!("cannot write {}: {error}", files.part.display());
    out.into_inner().map_err(|error| anyhow::anyhow!(write(error.into_error())))?.sync_all()?;
    let mut cue = create(&files.cue_part)?;
    cue.write_all(summary.sheet.as_bytes()).and_then(|()| cue.sync_all())?;
    files.publish()?;
    let is_damaged = summary.gaps.iter().any(|gap| gap.cause == Cause::Damaged);
    Ok(Exported { text: said(&request.out, &summary), is_damaged })
}

impl Request {
    fn order(&self) -> Result<Order, settings::Error> {
        let (from, to) = (time("--from", &self.from)?, time("--to", &self.to)?);
        if to <= from {
            return Err(settings::Error::new("--to", "lies before --from"));
        }
        let egress = self.mount.trim_start_matches('/').to_owned();
        if !settings::is_name(&egress) {
            return Err(settings::Error::new("--mount", "is no name of an egress"));
        }
        Ok(Order { egress, from, to, file_name: String::new() })
    }
}

fn time(option: &str, text: &str) -> Result<WallTime, settings::Error> {
    match Moment::parse(text) {
        Ok(Moment::At(time)) => Ok(time),
        _ => Err(settings::Error::new(option, "a time is written as 2026-11-22T10:00:00Z")),
    }
}

impl Files {
    fn new(out: &Path) -> Result<Self> {
        // Two exports into one file do not write into each other's.
        let process = std::process::id();
        let with = |suffix: &str| {
            let mut name = out.as_os_str().to_owned();
            name.push(format!(".{process}{suffix}"));
            PathBuf::from(name)
        };
        let files = Self {
            out: out.to_owned(),
            cue: out.with_extension("cue"),
            part: with(".part"),
            cue_part: with(".cue.part"),
        };
        files.refuse_to_overwrite()?;
        Ok(files)
    }

    fn refuse_to_overwrite(&self) -> Result<()> {
        for file in [&self.out, &self.cue] {
            let is_there = file.try_exists().with_context(|| file.display().to_string())?;
            ensure!(!is_there, "{} is there already", file.display());
        }
        Ok(())
    }

    /// Gives both their names, or neither.
    fn publish(&self) -> Result<()> {
        self.refuse_to_overwrite()?;
        name(&self.cue_part, &self.cue)?;
        name(&self.part, &self.out).inspect_err(|_| {
            // A sheet without its file tells of nothing.
            let _ = fs::remove_file(&self.cue);
        })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for part in [&self.part, &self.cue_part] {
            // Most often it has its name by now.
            let _ = fs::remove_file(part);
        }
    }
}

fn name(part: &Path, file: &Path) -> Result<()> {
    fs::rename(part, file).with_context(|| format!("cannot name {}", file.display()))
}

fn create(path: &Path) -> Result<File> {
    match File::create(path) {
        Ok(file) => Ok(file),
        Err(error) => bail!("cannot write {}: {error}", path.display()),
    }
}

fn said(out: &Path, summary: &Summary) -> String {
    let duration = settings::format_duration(round(summary.duration));
    let (first, last) = (date::rfc3339(summary.first), date::rfc3339(summary.last));
    let mut text = format!(
        "{}: {} frames, {duration}, {} gaps, {first} to {last}",
        out.display(),
        summary.frames,
        summary.gaps.len(),
    );
    for gap in &summary.gaps {
        let cause = match gap.cause {
            Cause::Absent => "gap",
            Cause::Damaged => "damaged",
        };
        let (from, to) = (date::rfc3339(gap.from), date::rfc3339(gap.to));
        text = format!("{text}\n  {cause} {from} to {to}");
    }
    text
}

/// To a millisecond.
fn round(length: Duration) -> Duration {
    Duration::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
