//! Serves until asked to stop.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::Context;
use mcp_odoo_core::config::{CallConfig, Config};
use mcp_odoo_core::odoo::OdooConfig;
use mcp_odoo_core::quotation::target::Target;
use mcp_odoo_sandbox::{Options, Sandbox};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::stop_signal::stop_signal;
use crate::app::App;
use crate::telemetry;

/// Serves on HOST:PORT.
///
/// # Errors
/// When the configuration is bad, or the port or the log folder cannot be used.
pub async fn run() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let stop = stop_signal()?;
    telemetry::start(config.log_level);
    // Those of AWS may well be there for others.
    let ours = |(name, set): &&(&str, bool)| *set && !name.starts_with("AWS_");
    for (name, _) in config.not_used_yet.iter().filter(ours) {
        tracing::warn!("{name} is set, but this version does not use it yet");
    }
    let address = (config.http.host, config.http.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {}:{}: set HOST and PORT", address.0, address.1))?;
    let embedded_stop = CancellationToken::new();
    let (odoo, target, embedded) = match config.writing_odoo() {
        Some(odoo) => (odoo.clone(), Target::server(odoo), None),
        None => {
            let (odoo, running) = embedded_odoo(config.calls, embedded_stop.clone()).await?;
            (odoo, Target::embedded(), Some(running))
        }
    };
    let address = listener.local_addr()?;
    let app = App::new(config, odoo, target)?;
    tracing::info!("listening on http://{address}, documentation on http://{address}/docs");
    app.serve(listener, stop).await?;
    embedded_stop.cancel();
    if let Some(running) = embedded {
        running.await??;
    }
    Ok(ExitCode::SUCCESS)
}

/// The embedded Odoo on a free port of this machine, for who has no other.
async fn embedded_odoo(
    calls: CallConfig,
    stop: CancellationToken,
) -> anyhow::Result<(OdooConfig, tokio::task::JoinHandle<std::io::Result<()>>)> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot start the embedded Odoo")?;
    let url = format!("http://{}", listener.local_addr()?);
    tracing::warn!(
        "ODOO_URL is not set: running on the embedded Odoo at {url}; its data is gone when this stops"
    );
    let odoo = OdooConfig {
        url: Url::parse(&url)?,
        database: "sandbox".to_owned(),
        login: "admin".to_owned(),
        secret: "sandbox".into(),
        secret_is_api_key: true,
        protocol: calls.protocol,
        timeout: calls.timeout,
        max_concurrency: calls.max_concurrency,
    };
    let serving = Sandbox::new(Options::default()).serve(listener, stop.cancelled_owned());
    Ok((odoo, tokio::spawn(serving)))
}
