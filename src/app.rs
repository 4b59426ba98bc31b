//! The running service: its parts, put together, and taken down in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use mcp_odoo_archive::Archive;
use mcp_odoo_core::access::Access;
use mcp_odoo_core::access::oauth::Verifier;
use mcp_odoo_core::audit::Audit;
use mcp_odoo_core::erp::{Erp, Instance};
use mcp_odoo_core::handoff::Handoffs;
use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::limits::Limiter;
use mcp_odoo_core::messages::Messenger;
use mcp_odoo_core::odoo::{Odoo, OdooConfig};
use mcp_odoo_core::quotation::pipeline::Pipeline;
use mcp_odoo_core::quotation::salespeople::Salespeople;
use mcp_odoo_core::tasks::Tasks;
use mcp_odoo_core::tenants::{Tenant, Writing};
use mcp_odoo_core::twilio::{Twilio, TwilioSetup};
use mcp_odoo_tools::{OdooTools, tools};
use rmcp::ServerHandler;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::mcp::{self, Sessions};
use crate::middleware::gate::Gate;
use crate::router;
use crate::server;
use crate::state::{AppState, Shared};

/// How long running quotations may take to finish when the process stops.
const GRACE: Duration = Duration::from_secs(20);

/// The tenant that the environment configures.
const DEFAULT: &str = "default";

/// The service, not yet listening, with the handler of its MCP tools.
pub struct App<H> {
    config: Config,
    state: AppState,
    odoo: Odoo,
    oauth: Option<Verifier>,
    handler: H,
}

impl App<OdooTools> {
    /// Puts the parts together; nothing waits for Odoo. `odoo` is where quotations are made.
    ///
    /// # Errors
    /// When the log folder cannot be used or the Odoo client cannot be built.
    pub fn new(config: Config, odoo: OdooConfig, target: Target) -> anyhow::Result<Self> {
        Self::with_handler(config, odoo, target, |tenant| OdooTools::new(tools(), Arc::clone(tenant)))
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
        handler: impl FnOnce(&Arc<Tenant>) -> H,
    ) -> anyhow::Result<Self> {
        let journal = Journal::open(&config.log_dir, target)?;
        let odoo = Odoo::new(odoo)?;
        let access = Arc::new(Access::open(config.access.clone())?);
        let audit = Audit::start(&config.audit).context("cannot start the audit")?;
        let limiter = Limiter::open(config.limits, journal.folder());
        let watch = (Arc::clone(&access), audit.clone(), limiter.clone());
        let tenant = Arc::new(tenant(&config, &odoo, &journal, watch)?);
        let stop = CancellationToken::new();
        let handler = handler(&tenant);
        let state = AppState::from(Shared {
            tenant,
            access,
            webhook_secret: config.messages.webhook_secret.clone(),
            audit,
            limiter,
            sessions: Sessions::new(&config.mcp, stop.clone()),
            archive: Archive::new(
                config.s3.clone(),
                config.log_retention_days,
                journal.clone(),
                &config.audit,
            )?,
            journal,
            stop,
        });
        let oauth = config.access.oauth.clone().map(Verifier::new).transpose()?;
        Ok(Self { config, state, odoo, oauth, handler })
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
        let Self { config, state, odoo, oauth, handler } = self;
        let adopt_every = config.tasks.adopt_every;
        let gate = Arc::new(Gate::new(Arc::clone(&state.access), oauth, Arc::clone(&state.tenant)));
        let mcp = mcp::routes(handler, &config.allowed, &gate, &state.sessions);
        let router = router::build(state.clone(), &config.http, &config.allowed, &gate, mcp);
        let requests = tokio::spawn(server::serve(listener, router, config.http, state.stop.clone()));
        let _resuming = resume(&state, odoo, adopt_every);
        let access = Arc::clone(&state.access);
        let _watching = AbortOnDropHandle::new(tokio::spawn(async move { access.watch().await }));
        stop.await;
        tracing::info!("stopping: no new requests, running quotations finish");
        let deadline = Instant::now() + GRACE;
        wind_down(&state).await;
        let served = tokio::time::timeout_at(deadline, requests).await;
        state.audit.shutdown().await;
        // A connection that would not end ends with the process.
        served.unwrap_or(Ok(())).context("a server task failed")
    }

    /// Serves MCP on stdin and stdout until the input ends or `stop`, and then ends as [`Self::serve`] does.
    ///
    /// # Errors
    /// When a task of the service failed.
    pub async fn serve_stdio(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let Self { config, state, odoo, handler, .. } = self;
        let adopt_every = config.tasks.adopt_every;
        let sessions = state.sessions.clone();
        let mut serving = tokio::spawn(async move { mcp::stdio::serve(handler, &sessions).await });
        let _resuming = resume(&state, odoo, adopt_every);
        let served = tokio::select! {
            served = &mut serving => {
                wind_down(&state).await;
                served
            }
            () = stop => {
                tracing::info!("stopping: running quotations finish");
                wind_down(&state).await;
                serving.await
            }
        };
        state.audit.shutdown().await;
        served.context("a server task failed")
    }
}

/// Everything that works with this Odoo.
fn tenant(
    config: &Config,
    odoo: &Odoo,
    journal: &Journal,
    (access, audit, limiter): (Arc<Access>, Audit, Limiter),
) -> anyhow::Result<Tenant> {
    let pipeline = Pipeline::new(odoo.clone(), config.sales.clone());
    let messenger = match &config.twilio {
        TwilioSetup::Ready(twilio) => {
            let twilio = Twilio::with_timeout(twilio.clone(), config.messages.call_timeout)?;
            let salespeople = pipeline.salespeople().clone();
            Ok(Messenger::new(config.messages.clone(), config.language, twilio, odoo.clone(), salespeople))
        }
        TwilioSetup::Missing(names) => Err(names.clone()),
    };
    // Without another Odoo to write to, the one that is written to is read as well, and the pipeline's own salespeople
    // know what was just given out.
    let (writer, reader, salespeople) = match config.odoo.clone().filter(|_| config.dev_odoo.is_some()) {
        Some(reader) => {
            let reader = Odoo::new(reader)?;
            let salespeople = Salespeople::new(reader.clone(), config.sales.clone());
            (Erp::new(odoo.clone(), Instance::DevOdoo), Erp::new(reader, Instance::Odoo), salespeople)
        }
        None => {
            let both = Erp::new(odoo.clone(), Instance::Odoo);
            (both.clone(), both, pipeline.salespeople().clone())
        }
    };
    let messenger_of_tasks = messenger.clone().ok();
    Ok(Tenant {
        id: DEFAULT.to_owned(),
        reader,
        writer,
        salespeople,
        tasks: Tasks::new(config.tasks.clone(), pipeline, journal.clone(), messenger_of_tasks),
        handoffs: Handoffs::new(messenger, journal.clone()),
        inline: config.mcp.inline,
        access,
        signed_messages: config.messages.webhook_secret.is_some(),
        language: config.language,
        writing: Writing::default(),
        audit,
        limiter,
    })
}

/// Takes up, beside serving, what an earlier process left, and what windows leave that are killed meanwhile.
fn resume(state: &AppState, odoo: Odoo, adopt_every: Duration) -> AbortOnDropHandle<()> {
    state.archive.start();
    state.limiter.start();
    let Tenant { tasks, handoffs, .. } = &*state.tenant;
    let (tasks, handoffs) = (tasks.clone(), handoffs.clone());
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
    let Tenant { tasks, handoffs, .. } = &*state.tenant;
    tokio::join!(handoffs.shutdown(GRACE), tasks.shutdown(GRACE));
    state.limiter.shutdown().await;
    state.archive.shutdown().await;
    state.journal.release();
    state.sessions.close().await;
}
