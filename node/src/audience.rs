//! `skywave report`: who has listened in a period, by the logs of all nodes.

use anyhow::{Result, bail};
use ledger::report::{Collector, Period, Report};
use ledger::{DAY_BYTES_MAX, Day, RECORDS_FILE, Reader, Session};
use media::WallTime;
use runtime::config::ProcessConfig;
use runtime::shutdown::Shutdown;
use store::{Area, Key, Store, Stores, keys};

use crate::{logs, serve};

/// Objects of a day's logs in the bucket at most: fifty nodes with two thousand egresses.
const OBJECTS_MAX: usize = 100_000;

/// Bytes that are looked through at a time.
const PIECE_LEN: usize = 64 << 10;

/// What is to be reported, as it was written on the command line.
#[derive(Debug, Clone, clap::Args)]
pub struct Request {
    /// The first day, in UTC: `2026-11-01`.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    pub from: String,
    /// The last day.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    pub to: String,
    /// Of this egress alone.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub egress: Option<String>,
    /// For people, for programs, or for spreadsheets.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One object.
    Json,
    /// A table with a header.
    Csv,
}

/// What there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The report, in its format.
    pub text: String,
    /// What its reader has to know besides, a line each.
    pub remarks: Vec<String>,
}

/// Reads what there is of a period and reports it, unless `shutdown` comes first.
///
/// Reads only: the bucket, and the local sessions that are not there yet, those under way
/// at the last checkpoint among them.
///
/// # Errors
///
/// [`settings::Error`] for what is written wrong; the bucket's and the disk's; more
/// sessions than a report can have.
pub async fn run(
    config: &ProcessConfig,
    request: &Request,
    now: WallTime,
    shutdown: &Shutdown,
) -> Result<Told> {
    tokio::select! {
        told = report(config, request, now) => told,
        () = shutdown.wait() => bail!("interrupted"),
    }
}

async fn report(config: &ProcessConfig, request: &Request, now: WallTime) -> Result<Told> {
    let period = request.period()?;
    let mut sessions = Sessions { collector: Collector::new(period), skipped: 0 };
    // Where clocks disagree, another node may be a day ahead.
    let last = Day::of(now).plus(1);
    let days: Vec<Day> = period.days_to_read().take_while(|day| *day <= last).collect();
    let (url, private, settings) = serve::buckets(config)?;
    let stores = Stores::open_to_read(&url, private.as_ref(), &settings).await?;
    for day in &days {
        sessions.read_stored(stores.area(Area::Private), *day).await?;
    }
    sessions.read_local(config, &days)?;
    let egress = request.egress.as_deref();
    let report = sessions.collector.report(egress);
    let mut remarks = Vec::new();
    if let Some(egress) = egress.filter(|_| report.egresses.is_empty()) {
        remarks.push(format!("no session of egress {egress} in this period"));
    }
    if sessions.skipped > 0 {
        remarks.push(format!("{} lines were no sessions and were skipped", sessions.skipped));
    }
    Ok(Told { text: request.format.write(&report), remarks })
}

/// What has been read.
struct Sessions {
    collector: Collector,
    skipped: u64,
}

impl Sessions {
    /// Reads what all nodes have stored of a day.
    async fn read_stored(&mut self, store: &Store, day: Day) -> Result<()> {
        let folder = keys::session_logs(&day.to_string())?;
        for entry in store.list(&folder, OBJECTS_MAX).await? {
            if entry.key().file_name() == RECORDS_FILE {
                self.read_object(store, entry.key()).await?;
            }
        }
        Ok(())
    }

    async fn read_object(&mut self, store: &Store, key: &Key) -> Result<()> {
        let bytes_max = usize::try_from(DAY_BYTES_MAX).unwrap_or(usize::MAX);
        // It may have gone since it was listed.
        let Some(object) = store.get(key, bytes_max).await? else { return Ok(()) };
        let mut reader = Reader::default();
        for piece in object.bytes.chunks(PIECE_LEN) {
            reader.push(piece);
            while let Some(session) = reader.next_session() {
                self.collector.take(&session)?;
            }
        }
        if let Some(session) = reader.finish() {
            self.collector.take(&session)?;
        }
        self.skipped += reader.skipped();
        Ok(())
    }

    /// Reads this node's own of these days, and those under way.
    fn read_local(&mut self, config: &ProcessConfig, days: &[Day]) -> Result<()> {
        let folder = logs::folder(config);
        let mut outcome = Ok(());
        let mut take = |session: Session| {
            if outcome.is_ok() {
                outcome = self.collector.take(&session);
            }
        };
        for day in folder.days()?.into_iter().filter(|day| days.contains(day)) {
            self.skipped += folder.read(day, &mut take)?.skipped;
        }
        self.skipped += folder.read_open(&mut take)?.skipped;
        Ok(outcome?)
    }
}

impl Request {
    fn period(&self) -> Result<Period, settings::Error> {
        let day = |option: &str, text: &str| {
            text.parse().map_err(|why: ledger::NoDay| settings::Error::new(option, why.to_string()))
        };
        let (from, to) = (day("--from", &self.from)?, day("--to", &self.to)?);
        if self.egress.as_deref().is_some_and(|name| !settings::is_name(name)) {
            return Err(settings::Error::new("--egress", "is no name of an egress"));
        }
        Period::new(from, to).map_err(|why| settings::Error::new("--to", why.to_string()))
    }
}

impl Format {
    /// Without a line's end behind it.
    fn write(self, report: &Report) -> String {
        let text = match self {
            Self::Text => report.text(),
            Self::Json => format!("{:#}", report.json()),
            Self::Csv => report.csv(),
        };
        text.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests;
