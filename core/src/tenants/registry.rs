//! All tenants of the process: built when they are first asked for, taken up where work was left, put away when they idle.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as State, MutexGuard as StateGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use futures::{StreamExt, stream};
use tokio::sync::Mutex;

use super::headers::{Given, HeaderDoor, is_of_headers};
use super::open::{Open, SETTLED};
use super::setup::{Setup, Watch};
use super::{Names, Tenant, TenantError, waiting};
use crate::background::Background;
use crate::journal::{Journal, JournalError};

/// The folder below `LOG_DIR` that has one for each tenant but the one of the environment.
const FOLDER: &str = "tenants";
/// How long running work may take to finish when a tenant's configuration has changed.
const GRACE: Duration = Duration::from_secs(20);
/// In memory at once, at most; those that idle make room.
const MOST: usize = 1000;
/// Opened anew at once, at most.
const AT_ONCE: usize = 8;

/// Ends what was begun beside a tenant, to whose journal nothing is written any more; tells whether all of it was done.
pub type End = Box<dyn FnOnce() -> BoxFuture<'static, bool> + Send>;
/// Begins what works beside every tenant, on its journal.
type Beside = Box<dyn Fn(&Journal) -> Result<End, JournalError> + Send + Sync>;

/// The tenants; a cheap handle.
#[derive(Clone)]
pub struct Tenants {
    inner: Arc<Inner>,
}

struct Inner {
    default: Arc<Tenant>,
    folder: PathBuf,
    names: Arc<Names>,
    /// Of those in memory, by their ids.
    slots: State<HashMap<String, Arc<Slot>>>,
    /// Where callers with their own Odoo come in.
    door: Option<HeaderDoor>,
    beside: Beside,
    idle: Duration,
    /// What opens and closes them.
    background: Background,
}

/// Held while its tenant is opened or closed.
type Slot = Mutex<Option<Open>>;

impl Tenants {
    /// With one tenant; the others have their folders below `log_dir` and are put away after so long without work.
    /// `beside` is begun with each of them.
    pub fn new(
        default: Arc<Tenant>,
        names: Arc<Names>,
        door: Option<HeaderDoor>,
        idle: Duration,
        beside: impl Fn(&Journal) -> Result<End, JournalError> + Send + Sync + 'static,
    ) -> Self {
        let inner = Inner {
            folder: default.journal.folder().join(FOLDER),
            default,
            names,
            slots: State::default(),
            door,
            beside: Box::new(beside),
            idle,
            background: Background::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The one that the environment configures.
    pub fn default_one(&self) -> &Arc<Tenant> {
        &self.inner.default
    }

    /// Which tenants have names.
    pub fn names(&self) -> &Names {
        &self.inner.names
    }

    /// The tenant with this name, opened if need be.
    ///
    /// # Errors
    /// When there is none, or it cannot be opened.
    pub async fn by_name(&self, name: &str) -> Result<Arc<Tenant>, TenantError> {
        if name == self.inner.default.id {
            return Ok(Arc::clone(&self.inner.default));
        }
        self.get(self.inner.names.get(name).ok_or(TenantError::Unknown)?).await
    }

    /// The tenant of a caller who brings their own Odoo: if that says that it knows them.
    ///
    /// # Errors
    /// What is missing or may not be, or that Odoo does not know them; that it cannot be opened.
    pub async fn by_headers(&self, given: Given<'_>) -> Result<Arc<Tenant>, TenantError> {
        let door = self.inner.door.as_ref().ok_or(TenantError::HeadersOff)?;
        let brought = door.read(given)?;
        let (setup, is_new) = door.enter(&brought, self.inner.names.common()).await?;
        let tenant = self.get(Arc::new(setup)).await?;
        // A key that was good some minutes ago may have been replaced since.
        if is_new {
            brought.renew(&tenant.odoo);
        }
        Ok(tenant)
    }

    /// Whether who brings no Odoo has none.
    pub fn asks_for_headers(&self) -> bool {
        self.inner.door.as_ref().is_some_and(HeaderDoor::is_only_one)
    }

    /// The tenant with this name, if it is in memory and nothing has to be waited for.
    pub fn at_once(&self, name: &str) -> Option<Arc<Tenant>> {
        if name == self.inner.default.id {
            return Some(Arc::clone(&self.inner.default));
        }
        let slot = self.slots().get(name).cloned()?;
        let setup = self.inner.names.get(name)?;
        slot.try_lock().ok()?.as_mut()?.tenant(&setup)
    }

    /// Takes up what an earlier process left of tenants with names, one after the other, and tells of what waits for tenants
    /// by headers. Nobody waits for it.
    pub async fn resume(&self) {
        for setup in self.inner.names.all() {
            let folder = self.inner.folder.join(&setup.id);
            // What has work left was not put away.
            let left = tokio::fs::try_exists(&folder).await.unwrap_or_default()
                && !tokio::fs::try_exists(folder.join(SETTLED)).await.unwrap_or_default();
            if left && let Err(error) = self.get(Arc::clone(&setup)).await {
                tracing::error!(tenant = setup.id, %error, "not taken up; its next call tries again");
            }
        }
        self.tell_who_waits().await;
    }

    async fn tell_who_waits(&self) {
        let Ok(mut folders) = tokio::fs::read_dir(&self.inner.folder).await else { return };
        let mut waiting = 0;
        while let Ok(Some(entry)) = folders.next_entry().await {
            let Some(id) = entry.file_name().to_str().filter(|id| is_of_headers(id)).map(str::to_owned)
            else {
                continue;
            };
            let folder = entry.path();
            if tokio::fs::try_exists(folder.join(SETTLED)).await.unwrap_or_default() {
                continue;
            }
            let slot = Arc::clone(self.slots().entry(id.clone()).or_default());
            let telling = async move {
                // It has come back already.
                let open = slot.lock().await;
                if open.is_some() { Ok(0) } else { waiting::tell(&folder, &id).await }
            };
            match self.inner.background.see_through(telling).await {
                Some(Ok(count)) => waiting += count,
                Some(Err(error)) => tracing::error!(%error, "the logs of a tenant by headers cannot be read"),
                None => return,
            }
        }
        if waiting > 0 {
            tracing::warn!(
                count = waiting,
                "unfinished quotations of tenants by headers wait until these come back"
            );
        }
    }

    /// Opens those anew that are in memory and whose configuration changes, for as long as the process runs: what waits for a new
    /// key must not wait for a call, too.
    pub async fn follow(&self) {
        loop {
            self.inner.names.replaced().await;
            let opening = self.inner.names.all().into_iter().map(|setup| self.open_anew(setup));
            stream::iter(opening).for_each_concurrent(AT_ONCE, |opened| opened).await;
        }
    }

    async fn open_anew(&self, setup: Arc<Setup>) {
        let Some(slot) = self.slots().get(&setup.id).cloned() else { return };
        let is_outdated = slot.lock().await.as_ref().is_some_and(|open| !open.is_set_up(&setup));
        if is_outdated && let Err(error) = self.get(Arc::clone(&setup)).await {
            tracing::error!(tenant = setup.id, %error, "not opened with what the access file says now; its next call tries again");
        }
    }

    /// Puts tenants away that idle, for as long as the process runs.
    pub async fn tidy(&self) {
        let pause = (self.inner.idle / 4).max(Duration::from_secs(1));
        loop {
            tokio::time::sleep(pause).await;
            self.put_away(self.inner.idle).await;
        }
    }

    /// Puts away those for whom nothing was done for so long.
    pub async fn put_away(&self, idle: Duration) {
        let all: Vec<Arc<Slot>> = self.slots().values().cloned().collect();
        for slot in all {
            let inner = Arc::clone(&self.inner);
            // Seen through: half closed, it could not be opened again.
            let closing = async move {
                // Who holds it is asking for it.
                if let Ok(mut open) = slot.try_lock()
                    && let Some(idling) = open.take_if(|open| open.is_idle(idle))
                {
                    idling.close(Duration::ZERO, &inner.folder).await;
                }
            };
            self.inner.background.see_through(closing).await;
        }
        // None is asked for that nobody else holds.
        self.slots().retain(|_, slot| Arc::strong_count(slot) > 1 || is_taken(slot));
    }

    /// How many are in memory beside that of the environment.
    pub fn count(&self) -> usize {
        self.slots().values().filter(|slot| is_taken(slot)).count()
    }

    /// Opens no more, lets running work finish for so long and leaves the rest to the journals.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.background.shutdown(grace).await;
        let all: Vec<Arc<Slot>> = self.slots().drain().map(|(_, slot)| slot).collect();
        join_all(all.into_iter().map(async |slot| {
            if let Some(open) = slot.lock().await.take() {
                open.close(grace, &self.inner.folder).await;
            }
        }))
        .await;
    }

    /// The tenant that is set up so, opened if need be: once, however many ask for it.
    pub(super) async fn get(&self, setup: Arc<Setup>) -> Result<Arc<Tenant>, TenantError> {
        let slot = Arc::clone(self.slots().entry(setup.id.clone()).or_default());
        if let Some(open) = slot.lock().await.as_mut()
            && let Some(tenant) = open.tenant(&setup)
        {
            return Ok(tenant);
        }
        if self.count() > MOST {
            self.put_away(Duration::ZERO).await;
            if self.count() > MOST {
                return Err(TenantError::TooMany);
            }
        }
        let inner = Arc::clone(&self.inner);
        // An asker that hangs up must not leave a folder locked that nobody works in.
        let opening = async move { inner.open(&slot, setup).await };
        self.inner.background.see_through(opening).await.unwrap_or(Err(TenantError::Stopping))
    }

    fn slots(&self) -> StateGuard<'_, HashMap<String, Arc<Slot>>> {
        self.inner.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a tenant is there, is coming or is going.
fn is_taken(slot: &Slot) -> bool {
    slot.try_lock().map_or(true, |open| open.is_some())
}

impl Inner {
    async fn open(&self, slot: &Slot, setup: Arc<Setup>) -> Result<Arc<Tenant>, TenantError> {
        let mut open = slot.lock().await;
        // Another asker was faster.
        if let Some(tenant) = open.as_mut().and_then(|open| open.tenant(&setup)) {
            return Ok(tenant);
        }
        if let Some(outdated) = open.take() {
            outdated.close(GRACE, &self.folder).await;
        }
        let Tenant { access, audit, limiter, .. } = &*self.default;
        let watch = Watch { access: Arc::clone(access), audit: audit.clone(), limiter: limiter.clone() };
        let opened = Open::new(setup, &self.folder, watch, &self.beside).await?;
        Ok(open.insert(opened).now())
    }
}
