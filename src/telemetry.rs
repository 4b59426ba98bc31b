//! The process log: structured lines on stderr.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use mcp_odoo_core::config::LogLevel;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// Lines that wait for a reader of stderr, at most; what comes beyond them is lost.
const WAITING: usize = 16 * 1024;

/// How long lines are gathered while the ones before are written.
const GATHERING: Duration = Duration::from_millis(2);

/// Starts the log, which is written beside the work until the guard is dropped: who reads stderr slowly holds up
/// nothing. Libraries are heard from `warn` on: below that some of them quote what they carry, and
/// rmcp does so even in its warnings and errors. Those of AWS repeat what is told here once.
pub fn start(level: LogLevel) -> WorkerGuard {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_target("mcp_odoo", level)
        .with_target("rmcp", LevelFilter::OFF)
        .with_target("aws", LevelFilter::OFF);
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .finish(Batches(BufWriter::new(io::stderr())));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    guard
}

/// Lines that come at once are written at once.
struct Batches<W: Write>(BufWriter<W>);

impl<W: Write> Write for Batches<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line)
    }

    /// Called when no line is left. Without the pause the writer would be woken for every single one.
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        thread::sleep(GATHERING);
        Ok(())
    }
}
