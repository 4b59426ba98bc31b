//! Serves until asked to stop.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mcp_odoo_core::twilio::TwilioSetup;
use tokio::net::TcpListener;

use super::embedded::Embedded;
use super::stop_signal::stop_signal;
use crate::app::App;
use crate::config::Config;
use crate::telemetry;

/// Serves on HOST:PORT.
///
/// # Errors
/// When the configuration is bad, or the port or the log folder cannot be used.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let stop = stop_signal()?;
    let _log = telemetry::start(&config.log)?;
    super::warn(&config);
    if matches!(config.twilio, TwilioSetup::Ready(_)) && config.messages.webhook_secret.is_none() {
        tracing::warn!(
            "ELEVENLABS_WEBHOOK_SECRET is not set: anybody who reaches this service can have messages sent"
        );
    }
    let address = (config.http.host, config.http.port);
    if config.is_open_to_others() && !config.access.allow_anonymous {
        bail!(
            "HOST={}: whoever reaches this service could make quotations and read Odoo. Set API_KEY or ACCESS_FILE, or \
             ALLOW_ANONYMOUS=true where something before it lets in only whom it should",
            address.0
        );
    }
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {}:{}: set HOST and PORT", address.0, address.1))?;
    let embedded = Embedded::if_needed(&config).await?;
    let address = listener.local_addr()?;
    let (odoo, target) = embedded.odoo();
    let app = App::new(config, odoo, target)?;
    tracing::info!("listening on http://{address}, documentation on http://{address}/docs");
    app.serve(listener, stop).await?;
    embedded.end().await?;
    Ok(ExitCode::SUCCESS)
}
