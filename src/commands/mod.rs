//! The subcommands, one file each.

pub mod access;
pub mod audit;
pub mod check;
pub mod client_config;
pub mod config;
mod embedded;
pub mod healthcheck;
pub mod keys;
pub mod logs;
pub mod openapi;
pub mod sandbox;
pub mod serve;
pub mod stdio;
mod stop_signal;
mod table;

use std::path::Path;
use std::process::ExitCode;

use mcp_odoo_core::twilio::TwilioSetup;

use crate::config::{Config, Connection};

/// Runs what the configuration says, where no command is named.
///
/// # Errors
/// When the configuration is bad, or what that runs fails.
pub async fn run_unnamed(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    match Config::load(file)?.connection {
        Connection::Stdio => stdio::run(file).await,
        Connection::Http => serve::run(file).await,
    }
}

/// Says what the configuration lacks, however messages come.
fn warn(config: &Config) {
    match &config.twilio {
        TwilioSetup::Missing(names) if !config.twilio.is_absent() => {
            tracing::warn!("no messages to salespeople: set {}", names.join(", "));
        }
        TwilioSetup::Ready(_) | TwilioSetup::Missing(_) => {}
    }
    if !config.language_is_known {
        tracing::warn!("LANGUAGE names neither es nor en: messages are written in Spanish");
    }
}
