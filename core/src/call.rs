//! One request for an operation, whatever transport it came by.

use std::net::IpAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::{Caller, Door};
use crate::erp::Erp;
use crate::language::Language;
use crate::records::RecordError;
use crate::tenants::Tenant;

/// Who wants an operation done, for whom, and how they hear of it.
#[derive(Clone)]
pub struct Call {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// The way the request came by.
    pub door: Door,
    /// Where it came from, over HTTP.
    pub address: Option<IpAddr>,
    /// What names the request over HTTP.
    pub request_id: Option<Uuid>,
    /// For whom it is.
    pub tenant: Arc<Tenant>,
    /// What they want to read, where it is written for people.
    pub language: Language,
    /// Tells them of each step.
    pub progress: Progress,
    /// Cancelled when nobody waits for the answer any more; nothing where the call is dropped then.
    pub stop: Option<CancellationToken>,
}

impl Call {
    /// The Odoo that is read, where the caller works.
    ///
    /// # Errors
    /// When the account has no such company or language.
    pub async fn reader(&self) -> Result<Erp, RecordError> {
        self.ruled(&self.tenant.reader).await
    }

    /// The Odoo that is written to, likewise.
    ///
    /// # Errors
    /// When the account has no such company or language.
    pub async fn writer(&self) -> Result<Erp, RecordError> {
        self.ruled(&self.tenant.writer).await
    }

    async fn ruled(&self, erp: &Erp) -> Result<Erp, RecordError> {
        let erp = erp.within(&(&self.caller.works_in).into()).await?;
        Ok(erp.ruled_by(self.tenant.access.models()))
    }
}

/// Does this unless it is cancelled.
pub async fn unless<T>(stop: Option<CancellationToken>, work: impl Future<Output = T>) -> Option<T> {
    match stop {
        Some(stop) => stop.run_until_cancelled(work).await,
        None => Some(work.await),
    }
}

type Tell = dyn Fn(u32, String) -> BoxFuture<'static, ()> + Send + Sync;

/// Tells whoever asked of each step, if they want to hear of it.
#[derive(Clone, Default)]
pub struct Progress {
    tell: Option<Arc<Tell>>,
    begun: Option<CancellationToken>,
}

impl Progress {
    /// Told so: the number of the step, from 1, and what it is.
    pub fn new(tell: impl Fn(u32, String) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { tell: Some(Arc::new(tell)), begun: None }
    }

    /// The same, with what is cancelled once it is being done.
    #[must_use]
    pub fn beginning(self, begun: CancellationToken) -> Self {
        Self { begun: Some(begun), ..self }
    }

    /// It is being done: what can be refused before was not.
    pub fn begin(&self) {
        if let Some(begun) = &self.begun {
            begun.cancel();
        }
    }

    /// Tells of a step. Who does not hear it can still ask.
    pub async fn tell(&self, step: u32, what: &str) {
        if let Some(tell) = &self.tell {
            tell(step, what.to_owned()).await;
        }
    }
}
