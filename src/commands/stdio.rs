//! Serves MCP on stdin and stdout until the input ends or the process is asked to stop.

use std::process::ExitCode;

use mcp_odoo_core::config::Config;

use super::embedded::Embedded;
use super::stop_signal::stop_signal;
use crate::app::App;
use crate::telemetry;

/// Serves the client that started this process; the log goes to stderr.
///
/// # Errors
/// When the configuration is bad or the log folder cannot be used.
pub async fn run() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let stop = stop_signal()?;
    telemetry::start(config.log_level);
    let embedded = Embedded::if_needed(&config).await?;
    let (odoo, target) = embedded.odoo();
    App::new(config, odoo, target)?.serve_stdio(stop).await?;
    embedded.end().await?;
    Ok(ExitCode::SUCCESS)
}
