//! The process log: structured lines on stderr, and in files where they are asked for.

mod format;
mod usual;

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry};

pub use self::format::LineFormat;
use self::usual::{Fields, Time};
use crate::log_writer;

/// The process log.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// `LOG_LEVEL`: of the handlers that have none of their own.
    pub level: LogLevel,
    /// `LOG_FORMAT`: the form of lines, where it is not the usual one.
    pub format: Option<LineFormat>,
    /// `LOG_HANDLERS`: where they go.
    pub handlers: Vec<LogHandler>,
}

/// Where lines go, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogHandler {
    /// Where
    pub target: LogTarget,
    /// How many
    pub level: LogLevel,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error
    Stderr,
    /// The end of a file
    File(PathBuf),
}

/// How much the process log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl std::str::FromStr for LogLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "error" | "critical" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(()),
        }
    }
}

impl Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

/// Starts the log; what is logged before the guards are dropped is written.
///
/// # Errors
/// When the system has no thread for it, or a file cannot be written.
pub fn start(config: &LogConfig) -> anyhow::Result<Vec<log_writer::Open>> {
    let (mut layers, mut open) = (Vec::new(), Vec::new());
    for handler in &config.handlers {
        let (layer, guard) = match &handler.target {
            LogTarget::Stderr => layer(config, handler.level, io::stderr(), io::stderr().is_terminal()),
            LogTarget::File(path) => {
                let file = append_to(path).with_context(|| format!("cannot log to {}", path.display()))?;
                layer(config, handler.level, file, false)
            }
        }?;
        layers.push(layer);
        open.push(guard);
    }
    tracing_subscriber::registry().with(layers).init();
    Ok(open)
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

fn layer(
    config: &LogConfig,
    level: LogLevel,
    out: impl Write + Send + 'static,
    is_terminal: bool,
) -> anyhow::Result<(BoxedLayer, log_writer::Open)> {
    let (writer, open) = log_writer::start(out).context("cannot start the log")?;
    let lines =
        tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(is_terminal).with_target(false);
    let layer = match &config.format {
        Some(format) => {
            lines.with_ansi(false).event_format(format.clone()).with_filter(filter(level)).boxed()
        }
        None => lines.with_timer(Time).fmt_fields(Fields).with_filter(filter(level)).boxed(),
    };
    Ok((layer, open))
}

/// Libraries are heard from `warn` on: below that some of them quote what they carry, and rmcp does so even in its warnings
/// and errors. Those of AWS repeat what is told here once.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_target("mcp_odoo", level)
        .with_target("odoo_rpc", level)
        .with_target("rmcp", LevelFilter::OFF)
        .with_target("aws", LevelFilter::OFF)
}

/// Lines name callers and what they did: they are the owner's.
fn append_to(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
