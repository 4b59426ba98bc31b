//! The embedded Odoo, for who has no other.

use std::net::Ipv4Addr;

use anyhow::Context;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::odoo::OdooConfig;
use mcp_odoo_sandbox::{Options, Sandbox};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::Config;

/// The Odoo that quotations are made in, and, where it is the embedded one, what runs it.
pub struct Embedded {
    odoo: OdooConfig,
    target: Target,
    stop: CancellationToken,
    serving: Option<JoinHandle<std::io::Result<()>>>,
}

impl Embedded {
    /// Runs the embedded Odoo on a free port of this machine, unless another one is configured.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn if_needed(config: &Config) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        if let Some(odoo) = config.writing_odoo() {
            return Ok(Self { odoo: odoo.clone(), target: Target::server(odoo), stop, serving: None });
        }
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
            protocol: config.calls.protocol,
            timeout: config.calls.timeout,
            max_concurrency: config.calls.max_concurrency,
        };
        let serving = Sandbox::new(Options::default()).serve(listener, stop.clone().cancelled_owned());
        Ok(Self { odoo, target: Target::embedded(), stop, serving: Some(tokio::spawn(serving)) })
    }

    /// How to reach it, and what it is called in the log files.
    pub fn odoo(&self) -> (OdooConfig, Target) {
        (self.odoo.clone(), self.target.clone())
    }

    /// Ends it, if it runs here.
    ///
    /// # Errors
    /// When it had failed.
    pub async fn end(self) -> anyhow::Result<()> {
        self.stop.cancel();
        match self.serving {
            Some(serving) => Ok(serving.await??),
            None => Ok(()),
        }
    }
}
