//! The `skywave` command.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use catalogue::{Catalogue, manifest};
use clap::{Parser, Subcommand};
use runtime::clock::{Clock, SystemClock};
use runtime::config::{self, ProcessConfig};
use runtime::open_files;
use runtime::shutdown::Shutdown;
use runtime::telemetry;

/// Exit status of a command line or a configuration that is wrong.
const EXIT_CONFIG: u8 = 2;

/// Exit status of an export that is written, though segments of it are damaged.
const EXIT_DAMAGED: u8 = 3;

/// Live radio from encoders to HLS and ICY listeners.
#[derive(Parser)]
#[command(name = "skywave", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Puts a demo programme on air, with everything in one process.
    Demo(Options),
    /// Runs a station from its configuration and manifest.
    Serve {
        #[command(flatten)]
        options: Options,
        /// The configuration; without it `skywave.toml` if there is one, else defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Which parts of it run, of `ingest`, `packager`, `origin` and `control` [default: all].
        #[arg(long, value_name = "ROLES", value_delimiter = ',')]
        roles: Vec<String>,
    },
    /// Writes a stretch of a station's past into a file, with a cue sheet of the titles.
    ///
    /// Ends with 0, or with 3 where segments in the bucket are damaged: then their
    /// frames before the damage are written and all others, and the cue sheet has a line
    /// for each time without.
    Export {
        #[command(flatten)]
        request: node::export::Request,
        #[command(flatten)]
        options: Options,
        /// The configuration; without it `skywave.toml` if there is one, else defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Reports who has listened, by the logs of all nodes: session starts, listening hours,
    /// unique listeners, peak; in all and by egress, country, protocol and hour.
    Report {
        #[command(flatten)]
        request: node::audience::Request,
        #[command(flatten)]
        options: Options,
        /// The configuration; without it `skywave.toml` if there is one, else defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Says by which database countries are known, how old it is and how to get one; with
    /// addresses, in which countries they are.
    ///
    /// Ends with 0 where there is a database that is not old, else with 1.
    Geo {
        /// Addresses, IPv4 or IPv6.
        #[arg(value_name = "ADDRESS")]
        addresses: Vec<IpAddr>,
        #[command(flatten)]
        options: Options,
        /// The configuration; without it `skywave.toml` if there is one, else defaults.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Measures how many renditions this machine carries: those of a manifest, or the usual
    /// ones of an MP3 programme. Takes some seconds of all its cores.
    Capacity {
        /// The manifest.
        file: Option<PathBuf>,
    },
    /// Checks a manifest and says what it declares.
    Check {
        /// The manifest.
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct Options {
    /// Journal, spool, caches, and the default bucket [default: ./skywave-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The bucket, `file:DIR` or `s3://bucket/prefix`; by default it lies in the data.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let is_config = error.downcast_ref::<settings::Error>().is_some();
            complain(&format!("skywave: {}", told(&error)));
            if is_config { ExitCode::from(EXIT_CONFIG) } else { ExitCode::FAILURE }
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Demo(options) => {
            let config = load(None, &options, &[])?;
            work(&config, node::demo::catalogue()?, Show::Demo)?;
        }
        Command::Serve { options, config, roles } => {
            let config = load(config_file(config).as_deref(), &options, &roles)?;
            let Some(file) = &config.manifest else {
                let what = "no manifest: say which, manifest = FILE";
                return Err(settings::Error::new("skywave.toml", what).into());
            };
            work(&config, read_manifest(file)?, Show::Nothing)?;
        }
        Command::Export { request, options, config } => {
            let config = load(config_file(config).as_deref(), &options, &[])?;
            return export(&config, &request);
        }
        Command::Report { request, options, config } => {
            let config = load(config_file(config).as_deref(), &options, &[])?;
            report(&config, &request)?;
        }
        Command::Geo { addresses, options, config } => {
            let config = load(config_file(config).as_deref(), &options, &[])?;
            let found = node::geo::look_up(&config, &addresses, SystemClock.wall().into());
            say(found.text.trim_end());
            return Ok(if found.is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Capacity { file } => {
            let catalogue = file.map(|file| read_manifest(&file)).transpose()?;
            say(node::capacity::run(catalogue.as_ref(), &SystemClock)?.trim_end());
        }
        Command::Check { file } => {
            let catalogue = read_manifest(&file)?;
            say(&format!(
                "{}: ok: {} publishers, {} ingests, {} egresses",
                file.display(),
                catalogue.publishers().count(),
                catalogue.ingests().count(),
                catalogue.egresses().count(),
            ));
            for egress in catalogue.egresses().filter(|egress| egress.geo.is_some()) {
                say(&format!(
                    "egress {}: needs a database of countries: `skywave geo`",
                    egress.name
                ));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn export(config: &ProcessConfig, request: &node::export::Request) -> Result<ExitCode> {
    let runtime = start_runtime()?;
    let exported = runtime.block_on(async {
        let shutdown = Shutdown::default();
        shutdown.on_signals().context("cannot catch signals")?;
        node::export::run(config, request, &shutdown).await
    });
    // A disk that hangs does not hold who gave up.
    runtime.shutdown_background();
    let exported = exported?;
    say(&exported.text);
    let code = if exported.is_damaged { ExitCode::from(EXIT_DAMAGED) } else { ExitCode::SUCCESS };
    Ok(code)
}

fn report(config: &ProcessConfig, request: &node::audience::Request) -> Result<()> {
    let runtime = start_runtime()?;
    let told = runtime.block_on(async {
        let shutdown = Shutdown::default();
        shutdown.on_signals().context("cannot catch signals")?;
        node::audience::run(config, request, SystemClock.wall().into(), &shutdown).await
    });
    // A disk that hangs does not hold who gave up.
    runtime.shutdown_background();
    let told = told?;
    say(&told.text);
    for remark in &told.remarks {
        complain(&format!("skywave: {remark}"));
    }
    Ok(())
}

/// What is played into the station, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Demo,
    Nothing,
}

/// The configuration that is read: the one given, or the one that lies here.
fn config_file(given: Option<PathBuf>) -> Option<PathBuf> {
    let default = Path::new("skywave.toml");
    given.or_else(|| default.exists().then(|| default.to_path_buf()))
}

fn load(file: Option<&Path>, options: &Options, roles: &[String]) -> Result<ProcessConfig> {
    let mut variables = config::environment();
    let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
    if let Some(data) = &options.data {
        set("SKYWAVE_DATA", data.display().to_string());
    }
    if let Some(store) = &options.store {
        set("SKYWAVE_STORE", store.clone());
    }
    if !roles.is_empty() {
        // A variable writes a list as TOML does.
        set("SKYWAVE_NODE__ROLES", format!("{roles:?}"));
    }
    Ok(ProcessConfig::load(file, &variables)?)
}

fn read_manifest(file: &Path) -> Result<Catalogue> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|why| settings::Error::new(&name, format!("cannot be read: {why}")))?;
    let environment = config::environment();
    let lookup = |name: &str| config::variable(&environment, name);
    let folder = file.parent().unwrap_or(Path::new(""));
    let files = |path: &str| read_bounded(&folder.join(path));
    let catalogue = manifest::parse_with_files(&text, &name, &lookup, &files)?;
    for egress in catalogue.egresses() {
        delivery::check_back_end(egress)
            .map_err(|why| settings::Error::new(&name, why.to_string()))?;
    }
    Ok(catalogue)
}

/// Reads a file that a manifest names, as far as it counts and a byte more.
fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|why| format!("cannot be opened: {why}"))?;
    let mut bytes = Vec::new();
    let mut file = file.take(catalogue::limits::FILE_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(|why| format!("cannot be read: {why}"))?;
    Ok(bytes)
}

fn work(config: &ProcessConfig, catalogue: Catalogue, show: Show) -> Result<()> {
    let _telemetry = telemetry::init(config.log_format, config.log_filter.as_deref())?;
    start_runtime()?.block_on(async {
        let shutdown = Shutdown::default();
        shutdown.on_signals().context("cannot catch signals")?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let running = node::start(config, catalogue, Arc::clone(&clock), shutdown.clone()).await?;
        check_open_files(config);
        if show == Show::Demo {
            let addresses = running.addresses();
            say(&node::demo::welcome(&addresses));
            let played = node::demo::play(addresses.public, clock, &shutdown).await;
            running.stop();
            return running.wait().await.and(played);
        }
        running.wait().await
    })
}

fn start_runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}

/// Warns where the system allows fewer connections than the configuration.
fn check_open_files(config: &ProcessConfig) {
    let wanted = (config.limits.listeners_max + config.limits.connections_max) as u64;
    if let Some(allowed) = open_files::raise().filter(|allowed| *allowed < wanted) {
        let hint = "raise it (LimitNOFILE=), or lower listeners_max and connections_max";
        tracing::info!(allowed, wanted, hint, "the limit of open files is below the limits");
    }
}

/// To a person at a terminal. A closed stdout is no reason to end.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// An error and its causes on one line; some name their cause themselves.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.ends_with(&cause) {
            let colon = if text.is_empty() { "" } else { ": " };
            text = text + colon + &cause;
        }
    }
    text
}

/// Why it ends.
fn complain(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}
