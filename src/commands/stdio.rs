//! Serves MCP on stdin and stdout until the input ends or the process is asked to stop.

use std::path::Path;
use std::process::ExitCode;

use mcp_odoo_core::journal::Target;
use mcp_odoo_core::journal::{JournalError, WINDOW};
use mcp_odoo_core::odoo::OdooConfig;
use mcp_odoo_tools::OdooTools;

use super::embedded::Embedded;
use super::stop_signal::stop_signal;
use crate::app::App;
use crate::config::Config;
use crate::telemetry;

/// More processes than this on one LOG_DIR are a mistake.
const MOST_PROCESSES: u32 = 100;

/// Serves the client that started this process; the log goes to stderr.
///
/// # Errors
/// When the configuration is bad or the log folder cannot be used.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let stop = stop_signal()?;
    let _log = telemetry::start(&config.log)?;
    super::warn(&config);
    let embedded = Embedded::if_needed(&config).await?;
    let (odoo, target) = embedded.odoo();
    app(config, &odoo, &target)?.serve_stdio(stop).await?;
    embedded.end().await?;
    Ok(ExitCode::SUCCESS)
}

/// In LOG_DIR or, where another process holds it, in the first folder below it that none does: a client
/// starts a process for each of its windows, all with the same variables. What one leaves there that is killed, who
/// holds LOG_DIR takes in.
fn app(mut config: Config, odoo: &OdooConfig, target: &Target) -> anyhow::Result<App<OdooTools>> {
    let shared = config.log_dir.clone();
    for number in 2..=MOST_PROCESSES {
        match App::new(config.clone(), odoo.clone(), target.clone()) {
            Err(error) if matches!(error.downcast_ref(), Some(JournalError::InUse(_))) => {}
            done => return done,
        }
        config.log_dir = shared.join(format!("{WINDOW}{number}"));
        let (shared, own) = (shared.display(), config.log_dir.display());
        tracing::warn!("LOG_DIR {shared} is in use by another mcp-odoo process: trying {own}");
    }
    App::new(config, odoo.clone(), target.clone())
}
