//! One tenant in memory: how it comes there and how it leaves.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::registry::End;
use super::setup::{OpenError, Setup, Watch};
use super::{Tenant, TenantError};
use crate::journal::{Journal, JournalError};

/// Stands in the folder of a tenant that was put away with nothing left to do.
pub(super) const SETTLED: &str = ".settled";

/// One in memory.
pub(super) struct Open {
    setup: Arc<Setup>,
    tenant: Arc<Tenant>,
    used: Instant,
    /// Whether all that was left is taken up, once that is known.
    taken_up: Arc<OnceLock<bool>>,
    taking_up: AbortOnDropHandle<()>,
    end: End,
}

impl Open {
    /// Opens it; what an earlier process left is taken up beside.
    pub async fn new(
        setup: Arc<Setup>,
        tenants: &Path,
        watch: Watch,
        beside: &(dyn Fn(&Journal) -> Result<End, JournalError> + Send + Sync),
    ) -> Result<Self, TenantError> {
        let folder = tenants.join(&setup.id);
        let opening = {
            let setup = Arc::clone(&setup);
            move || {
                let tenant = setup.open(Journal::open(&folder, setup.target.clone())?, watch)?;
                // From here on there may be something to do.
                Ok::<_, OpenError>((tenant, fs::remove_file(folder.join(SETTLED)).is_ok()))
            }
        };
        let opened = tokio::task::spawn_blocking(opening).await.map_err(|_| TenantError::Stopping)?;
        let (tenant, is_settled) = opened.map_err(|error| TenantError::Open(Arc::new(error)))?;
        let end = beside(&tenant.journal).map_err(|error| TenantError::Open(Arc::new(error.into())))?;
        tracing::debug!(tenant = setup.id, "opened");
        let taken_up: Arc<OnceLock<bool>> = Arc::default();
        let taking_up = {
            let (taken_up, odoo) = (Arc::clone(&taken_up), tenant.odoo.clone());
            let (tasks, handoffs) = (tenant.tasks.clone(), tenant.handoffs.clone());
            async move {
                let all = is_settled || {
                    let (handoffs, tasks) = tokio::join!(handoffs.resume(), tasks.resume());
                    handoffs && tasks
                };
                let _ = taken_up.set(all);
                tasks.identify(&odoo).await;
            }
        };
        let taking_up = AbortOnDropHandle::new(tokio::spawn(taking_up));
        Ok(Self { setup, tenant: Arc::new(tenant), used: Instant::now(), taken_up, taking_up, end })
    }

    /// It, if it is still set up so.
    pub fn tenant(&mut self, setup: &Setup) -> Option<Arc<Tenant>> {
        self.is_set_up(setup).then(|| self.now())
    }

    /// Whether it is set up so.
    pub fn is_set_up(&self, setup: &Setup) -> bool {
        self.setup.mark == setup.mark
    }

    /// It, used now.
    pub fn now(&mut self) -> Arc<Tenant> {
        self.used = Instant::now();
        Arc::clone(&self.tenant)
    }

    /// Whether nobody has asked for it for so long, no call has it and nothing is being done for it.
    pub fn is_idle(&self, since: Duration) -> bool {
        self.used.elapsed() >= since
            && self.taken_up.get().is_some()
            && Arc::strong_count(&self.tenant) == 1
            && self.tenant.is_idle()
    }

    /// Ends it; the folder is free for the next.
    pub async fn close(self, grace: Duration, tenants: &Path) {
        let Self { setup, tenant, taken_up, taking_up, end, .. } = self;
        drop(taking_up);
        let is_settled = tenant.is_idle() && taken_up.get() == Some(&true);
        tenant.shutdown(grace).await;
        if end().await && is_settled {
            // Without it its next opening looks through all of its logs.
            let _ = tokio::fs::write(tenants.join(&setup.id).join(SETTLED), b"").await;
        }
        tenant.journal.release();
        tracing::debug!(tenant = setup.id, "put away");
    }
}
