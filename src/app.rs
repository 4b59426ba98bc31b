//! The running service: its parts, put together, and taken down in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures::FutureExt;
use mcp_odoo_archive::{Archive, S3Config};
use mcp_odoo_core::access::file::AccessFile;
use mcp_odoo_core::access::oauth::Verifier;
use mcp_odoo_core::access::{Access, Also, Apply};
use mcp_odoo_core::audit::{Audit, AuditConfig};
use mcp_odoo_core::journal::{Journal, JournalError, Target};
use mcp_odoo_core::limits::Limiter;
use mcp_odoo_core::odoo::{OdooConfig, http};
use mcp_odoo_core::tenants::{End, HeaderDoor, Names, Setup, Tenant, Tenants, Watch};
use mcp_odoo_tools::{OdooTools, tools};
use rmcp::ServerHandler;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::body::Room;
use crate::config::Config;
use crate::mcp::{self, Sessions};
use crate::middleware::gate::Gate;
use crate::router;
use crate::server;
use crate::state::{AppState, Shared};

/// How long running quotations may take to finish when the process stops.
const GRACE: Duration = Duration::from_secs(20);

/// The service, not yet listening, with the handler of its MCP tools.
pub struct App<H> {
    config: Config,
    state: AppState,
    oauth: Option<Verifier>,
    handler: H,
}

impl App<OdooTools> {
    /// Puts the parts together; nothing waits for Odoo. `odoo` is where quotations are made.
    ///
    /// # Errors
    /// When the log folder cannot be used or the Odoo client cannot be built.
    pub fn new(config: Config, odoo: OdooConfig, target: Target) -> anyhow::Result<Self> {
        let shown = config.toolsets.clone();
        Self::with_handler(config, odoo, target, |tenant| OdooTools::new(tools(), shown, Arc::clone(tenant)))
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
        let common = Arc::new(config.common());
        let client = http::builder(config.calls.timeout).build().context("no HTTP client can be built")?;
        let names = Arc::new(Names::new(Arc::clone(&common), client, |name| std::env::var(name).ok()));
        let access = Arc::new(Access::open(config.access.clone(), named(&names))?);
        let audit = Audit::start(&config.audit).context("cannot start the audit")?;
        let limiter = Limiter::open(config.limits, journal.folder());
        let reader = config.odoo.clone().filter(|_| config.dev_odoo.is_some());
        let setup = Setup::of_environment(common, odoo, &journal, reader, config.sales.clone());
        let tenant = Arc::new(setup.open(journal, Watch { access, audit, limiter })?);
        let (s3, days) = (config.s3.clone(), config.log_retention_days);
        let archive = Archive::new(s3.clone(), days, tenant.journal.clone(), &config.audit)?;
        let door = |headers| HeaderDoor::new(headers, config.calls.timeout, config.odoo.is_none());
        let door = config.tenant_headers.clone().map(door).transpose()?;
        let beside = archived(s3, days, config.audit.clone());
        let tenants = Tenants::new(Arc::clone(&tenant), names, door, config.tenant_idle, beside);
        let stop = CancellationToken::new();
        let handler = handler(&tenant);
        let state = AppState::from(Shared {
            tenant,
            tenants,
            sessions: Sessions::new(&config.mcp, stop.clone()),
            room: Room::new(),
            archive,
            stop,
        });
        let oauth = config.access.oauth.clone().map(Verifier::new).transpose()?;
        Ok(Self { config, state, oauth, handler })
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
        let Self { config, state, oauth, handler } = self;
        let adopt_every = config.tasks.adopt_every;
        let gate = Arc::new(Gate::new(Arc::clone(&state.tenant.access), oauth, state.tenants.clone()));
        let mcp = mcp::routes(handler, &config.allowed, &gate, &state.sessions);
        let router = router::build(state.clone(), &config.http, &config.allowed, &gate, mcp);
        let requests = tokio::spawn(server::serve(listener, router, config.http, state.stop.clone()));
        let _resuming = (resume(&state, adopt_every), keep_up(&state));
        stop.await;
        tracing::info!("stopping: no new requests, running quotations finish");
        let deadline = Instant::now() + GRACE;
        wind_down(&state).await;
        let served = tokio::time::timeout_at(deadline, requests).await;
        state.tenant.audit.shutdown().await;
        // A connection that would not end ends with the process.
        served.unwrap_or(Ok(())).context("a server task failed")
    }

    /// Serves MCP on stdin and stdout until the input ends or `stop`, and then ends as [`Self::serve`] does.
    ///
    /// # Errors
    /// When a task of the service failed.
    pub async fn serve_stdio(self, stop: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        let Self { config, state, handler, .. } = self;
        let adopt_every = config.tasks.adopt_every;
        let sessions = state.sessions.clone();
        let mut serving = tokio::spawn(async move { mcp::stdio::serve(handler, &sessions).await });
        let _resuming = (resume(&state, adopt_every), keep_up(&state));
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
        state.tenant.audit.shutdown().await;
        served.context("a server task failed")
    }
}

/// Copies the logs of other tenants, too, and removes old ones.
fn archived(
    s3: Option<S3Config>,
    days: u64,
    audit: AuditConfig,
) -> impl Fn(&Journal) -> Result<End, JournalError> + Send + Sync + 'static {
    move |journal| {
        let archive = Archive::new(s3.clone(), days, journal.clone(), &audit)?;
        archive.start();
        Ok(Box::new(move || async move { archive.shutdown().await }.boxed()))
    }
}

/// Reads the tenants of the access file, and takes them over.
fn named(names: &Arc<Names>) -> Also {
    let names = Arc::clone(names);
    Box::new(move |file: &AccessFile| {
        let setups = names.read(&file.tenants).map_err(|error| error.to_string())?;
        let names = Arc::clone(&names);
        Ok(Box::new(move || names.replace(setups)) as Apply)
    })
}

/// Takes up, beside serving, what an earlier process left, and what windows leave that are killed meanwhile.
fn resume(state: &AppState, adopt_every: Duration) -> AbortOnDropHandle<()> {
    state.archive.start();
    state.tenant.limiter.start();
    let Tenant { tasks, handoffs, odoo, .. } = &*state.tenant;
    let (tasks, handoffs, odoo) = (tasks.clone(), handoffs.clone(), odoo.clone());
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

/// Keeps up with who may call, and with whose Odoos these are.
fn keep_up(state: &AppState) -> [AbortOnDropHandle<()>; 4] {
    let [resuming, tidying, following] = [(); 3].map(|()| state.tenants.clone());
    let tasks = [
        Arc::clone(&state.tenant.access).watch().boxed(),
        async move { resuming.resume().await }.boxed(),
        async move { tidying.tidy().await }.boxed(),
        async move { following.follow().await }.boxed(),
    ];
    tasks.map(|task| AbortOnDropHandle::new(tokio::spawn(task)))
}

/// Quotations first: who asked for one by MCP is still told how it ended. The folder is given free once nothing
/// is written or uploaded any more: a connection that lingers must not keep the next process from starting.
async fn wind_down(state: &AppState) {
    state.stop.cancel();
    tokio::join!(state.tenant.shutdown(GRACE), state.tenants.shutdown(GRACE));
    state.tenant.limiter.shutdown().await;
    state.archive.shutdown().await;
    state.tenant.journal.release();
    state.sessions.close().await;
}
