//! The running service: its parts, put together, and taken down in order.

use std::future::Future;
use std::time::Duration;

use anyhow::Context;
use mcp_odoo_archive::Archive;
use mcp_odoo_core::handoff::Handoffs;
use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::messages::Messenger;
use mcp_odoo_core::odoo::{Odoo, OdooConfig};
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::salespeople::Salespeople;
use mcp_odoo_core::tasks::Tasks;
use mcp_odoo_core::twilio::{Twilio, TwilioSetup};
use mcp_odoo_tools::{OdooTools, Services};
use rmcp::ServerHandler;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::mcp::{self, Sessions};
use crate::router;
use crate::server;
use crate::state::{AppState, Shared};

/// How long running quotations may take to finish when the process stops.
const GRACE: Duration = Duration::from_secs(20);

/// The service, not yet listening, with the handler of its MCP tools.
pub struct App<H> {
    config: Config,
    state: AppState,
    odoo: Odoo,
    handler: H,
}

/// What a handler of MCP is built from.
pub struct Parts {
    /// What the handlers share.
    pub state: AppState,
    /// The Odoo that is written to.
    pub odoo: Odoo,
    /// What makes quotations in it.
    pub pipeline: Pipeline,
}

impl App<OdooTools> {
    /// Puts the parts together; nothing waits for Odoo. `odoo` is where quotations are made.
    ///
    /// # Errors
    /// When the log folder cannot be used or the Odoo client cannot be built.
    pub fn new(config: Config, odoo: OdooConfig, target: Target) -> anyhow::Result<Self> {
        // Without another Odoo to write to, the one that is written to is read as well.
        let reader = config.odoo.clone().filter(|_| config.dev_odoo.is_some()).map(Odoo::new).transpose()?;
        let (sales, inline) = (config.sales.clone(), config.mcp.inline);
        let signed_messages = config.messages.webhook_secret.is_some();
        Self::with_handler(config, odoo, target, |parts| {
            OdooTools::new(Services {
                tasks: parts.state.tasks.clone(),
                handoffs: parts.state.handoffs.clone(),
                sales: match &reader {
                    Some(reader) => Salespeople::new(reader.clone(), sales),
                    None => parts.pipeline.salespeople().clone(),
                },
                writer: parts.odoo.clone(),
                reader,
                inline,
                signed_messages,
            })
        })
    }
}

impl<H: ServerHandler + Clone + Sync> App<H> {
    /// The same, with another handler of MCP.
    ///
    /// # Errors
    /// When the log folder cannot be used or the Odoo client cannot be built.
    pub fn with_handler(
        config: Config,
        odoo: OdooConfig,
        target: Target,
        handler: impl FnOnce(&Parts) -> H,
    ) -> anyhow::Result<Self> {
        let journal = Journal::open(&config.log_dir, target)?;
        let odoo = Odoo::new(odoo)?;
        let pipeline = Pipeline::new(odoo.clone(), config.sales.clone());
        let messenger = match &config.twilio {
            TwilioSetup::Ready(twilio) => {
                let twilio = Twilio::with_timeout(twilio.clone(), config.messages.call_timeout)?;
                let salespeople = pipeline.salespeople().clone();
                Ok(Messenger::new(
                    config.messages.clone(),
                    config.language,
                    twilio,
                    odoo.clone(),
                    salespeople,
                ))
            }
            TwilioSetup::Missing(names) => Err(names.clone()),
        };
        let stop = CancellationToken::new();
        let state = AppState::from(Shared {
            tasks: Tasks::new(
                config.tasks.clone(),
                pipeline.clone(),
                journal.clone(),
                messenger.clone().ok(),
            ),
            handoffs: Handoffs::new(messenger, journal.clone()),
            webhook_secret: config.messages.webhook_secret.clone(),
            sessions: Sessions::new(&config.mcp, stop.clone()),
            archive: Archive::new(config.s3.clone(), config.log_retention_days, journal.clone())?,
            journal,
            stop,
        });
        let parts = Parts { state, odoo, pipeline };
        let handler = handler(&parts);
        Ok(Self { config, state: parts.state, odoo: parts.odoo, handler })
    }

    /// What the handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `stop`, then takes no more requests, lets running quotations finish for a while and
    /// leaves the rest to the journal.
    ///
    /// # Errors
    /// When a task of the service failed.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let Self { config, state, odoo, handler } = self;
        let adopt_every = config.tasks.adopt_every;
        let mcp = mcp::routes(handler, &config.allowed, &state.sessions);
        let router = router::build(state.clone(), &config.http, &config.allowed, mcp);
        let requests = tokio::spawn(server::serve(listener, router, config.http, state.stop.clone()));
        let _resuming = resume(&state, odoo, adopt_every);
        stop.await;
        tracing::info!("stopping: no new requests, running quotations finish");
        let deadline = Instant::now() + GRACE;
        wind_down(&state).await;
        match tokio::time::timeout_at(deadline, requests).await {
            Ok(served) => served.context("a server task failed"),
            // A connection that would not end ends with the process.
            Err(_) => Ok(()),
        }
    }

    /// Serves MCP on stdin and stdout until the input ends or `stop`, and then ends as [`Self::serve`] does.
    ///
    /// # Errors
    /// When a task of the service failed.
    pub async fn serve_stdio(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let Self { config, state, odoo, handler } = self;
        let adopt_every = config.tasks.adopt_every;
        let sessions = state.sessions.clone();
        let mut serving = tokio::spawn(async move { mcp::stdio::serve(handler, &sessions).await });
        let _resuming = resume(&state, odoo, adopt_every);
        tokio::select! {
            served = &mut serving => {
                wind_down(&state).await;
                served
            }
            () = stop => {
                tracing::info!("stopping: running quotations finish");
                wind_down(&state).await;
                serving.await
            }
        }
        .context("a server task failed")
    }
}

/// Takes up, beside serving, what an earlier process left, and what windows leave that are killed meanwhile.
fn resume(state: &AppState, odoo: Odoo, adopt_every: Duration) -> AbortOnDropHandle<()> {
    state.archive.start();
    let (tasks, handoffs) = (state.tasks.clone(), state.handoffs.clone());
    AbortOnDropHandle::new(tokio::spawn(async move {
        tokio::join!(handoffs.resume(), tasks.resume());
        let adopting = async {
            loop {
                handoffs.take_up(&tasks.adopt().await).await;
                tokio::time::sleep(adopt_every).await;
            }
        };
        tokio::join!(tasks.identify(&odoo), adopting);
    }))
}

/// Quotations first: who asked for one by MCP is still told how it ended. The folder is given free once nothing
/// is written or uploaded any more: a connection that lingers must not keep the next process from starting.
async fn wind_down(state: &AppState) {
    state.stop.cancel();
    tokio::join!(state.handoffs.shutdown(GRACE), state.tasks.shutdown(GRACE));
    state.archive.shutdown().await;
    state.journal.release();
    state.sessions.close().await;
}
