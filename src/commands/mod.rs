//! The subcommands, one file each.

pub mod access;
pub mod audit;
pub mod check;
pub mod client_config;
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

use mcp_odoo_core::twilio::TwilioSetup;

use crate::config::Config;

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
