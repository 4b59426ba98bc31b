//! The running service: its parts, put together, and taken down in order.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use axum::serve::ListenerExt;
use mcp_odoo_core::config::Config;
use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::odoo::{Odoo, OdooConfig};
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::target::Target;
use mcp_odoo_core::tasks::Tasks;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::router;
use crate::state::AppState;

/// How long running quotations may take to finish when the process stops.
const GRACE: Duration = Duration::from_secs(20);

/// The service, not yet listening.
pub struct App {
    config: Config,
    state: AppState,
}

impl App {
    /// Puts the parts together; nothing waits for Odoo. `odoo` is where quotations are made.
    ///
    /// # Errors
    /// When the log folder cannot be used or the Odoo client cannot be built.
    pub fn new(config: Config, odoo: OdooConfig, target: Target) -> anyhow::Result<Self> {
        let journal = Journal::open(&config.log_dir, target)?;
        let pipeline = Pipeline::new(Odoo::new(odoo)?, config.sales.clone());
        let tasks = Tasks::new(config.tasks.clone(), pipeline, journal);
        Ok(Self { config, state: AppState { tasks, stop: CancellationToken::new() } })
    }

    /// What the handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `stop`, then takes no more requests, lets running quotations finish for a while and
    /// leaves the rest to the journal.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let Self { config, state } = self;
        let router = router::build(state.clone(), &config.http);
        // Without this, small answers wait for the client's delayed acknowledgement.
        let listener = listener.tap_io(|io| {
            let _ = io.set_nodelay(true);
        });
        let requests =
            axum::serve(listener, router).with_graceful_shutdown(state.stop.clone().cancelled_owned());
        let requests = tokio::spawn(requests.into_future());
        let resuming = tokio::spawn({
            let tasks = state.tasks.clone();
            async move { tasks.resume().await }
        });
        stop.await;
        tracing::info!("stopping: no new requests, running quotations finish");
        state.stop.cancel();
        let deadline = Instant::now() + GRACE;
        state.tasks.shutdown(GRACE).await;
        resuming.abort();
        match tokio::time::timeout_at(deadline, requests).await {
            Ok(served) => served.context("a server task failed")?.context("serving failed"),
            // A connection that would not end ends with the process.
            Err(_) => Ok(()),
        }
    }
}
