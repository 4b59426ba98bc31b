//! The process log: structured lines on stderr.

use std::io::{self, IsTerminal};

use anyhow::Context;
use mcp_odoo_core::config::LogLevel;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use crate::log_writer;

/// Starts the log; what is logged before the guard is dropped is written. Libraries are heard from `warn` on: below
/// that some of them quote what they carry, and rmcp does so even in its warnings and errors. Those of AWS repeat what
/// is told here once.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(level: LogLevel) -> anyhow::Result<log_writer::Open> {
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
        .with_target("odoo_rpc", level)
        .with_target("rmcp", LevelFilter::OFF)
        .with_target("aws", LevelFilter::OFF);
    let (writer, open) = log_writer::start(io::stderr()).context("cannot start the log")?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    Ok(open)
}
