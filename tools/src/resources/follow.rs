//! Resources whose changes are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::stream::{BoxStream, unfold};
use futures::{FutureExt, StreamExt};
use mcp_odoo_core::access::Caller;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tasks::Subscription;
use mcp_odoo_core::watching::{Place, Watch, Watchable};
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::{Peer, RoleServer};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::operations::{FollowRecords, over, place};
use super::uri::Resource;
use super::{no_quotation, no_resource};
use crate::dispatch::{dispatch, permit};
use crate::operation::Operation;
use crate::quotations::FollowQuotation;

/// Each change of a resource; it ends when there will be none, or this caller may not hear of it any more.
pub type Changes = BoxStream<'static, ()>;

/// Who is told: one caller, as what they logged in with last has them.
pub type Asker = watch::Receiver<Arc<Caller>>;

/// Follows a resource from now on.
///
/// # Errors
/// When there is none that this caller may read, or they follow too many.
pub async fn follow(call: Call, asker: Asker, uri: &str) -> Result<Changes, Refusal> {
    let resource = Resource::parse(uri).map_err(no_resource)?;
    let (tenant, teller) = (Arc::clone(&call.tenant), Teller { call: call.clone(), asker: asker.clone() });
    let changes = match (resource.watchable(uri), resource) {
        (Some(what), _) => {
            let model = match &what {
                Watchable::Record { model, .. } => model.clone(),
                Watchable::List { search, .. } => search.model.clone(),
            };
            let (watch, place) = dispatch::<FollowRecords>(call, what).await?;
            of_records(watch, model, place, teller).boxed()
        }
        (None, Resource::Quotation(id)) => {
            let place = place(&call)?;
            let changes = dispatch::<FollowQuotation>(call, id.clone()).await?;
            of_quotation(changes.ok_or_else(|| no_quotation(&id))?, place, teller).boxed()
        }
        (None, _) => {
            let sentence =
                format!("{uri} changes only when the service is set up anew: read it again instead");
            return Err(Refusal::new(Kind::Invalid, "not_followed", sentence));
        }
    };
    Ok(changes.take_until(over(tenant, asker).boxed()).boxed())
}

/// Asks before each change is told.
struct Teller {
    call: Call,
    asker: Asker,
}

impl Teller {
    fn may_hear<O: Operation>(&self) -> bool {
        permit(&O::SPEC, &self.asker.borrow(), self.call.door, &self.call.tenant).is_ok()
    }
}

fn of_records(
    watch: Watch,
    model: String,
    place: Place,
    teller: Teller,
) -> impl futures::Stream<Item = ()> + Send + 'static {
    unfold((watch, model, place, teller), async |(mut watch, model, place, teller)| {
        while watch.changed().await {
            // The rules may have become others.
            if teller.call.tenant.watching.is_open(&model) && teller.may_hear::<FollowRecords>() {
                return Some(((), (watch, model, place, teller)));
            }
        }
        None
    })
}

fn of_quotation(
    changes: Subscription,
    place: Place,
    teller: Teller,
) -> impl futures::Stream<Item = ()> + Send + 'static {
    let changes = unfold((changes, place, teller), async |(mut changes, place, teller)| {
        changes.next().await?;
        teller.may_hear::<FollowQuotation>().then_some(((), (changes, place, teller)))
    });
    // The first is how it stands now.
    changes.skip(1)
}

/// What one session follows; it ends with the session.
#[derive(Default)]
pub struct Followed {
    tasks: Mutex<HashMap<String, AbortOnDropHandle<()>>>,
    /// Whose session it is.
    caller: OnceLock<watch::Sender<Arc<Caller>>>,
}

impl Followed {
    fn tasks(&self) -> MutexGuard<'_, HashMap<String, AbortOnDropHandle<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller of the session has sent a request: with a newer token or key they are told on when the older one ends.
    pub fn heard_of(&self, caller: &Arc<Caller>) -> &watch::Sender<Arc<Caller>> {
        let last = self.caller.get_or_init(|| watch::Sender::new(Arc::clone(caller)));
        last.send_if_modified(|last| {
            let is_newer = !Arc::ptr_eq(last, caller) && last.token_expires <= caller.token_expires;
            let may_end = last.may_end();
            if is_newer {
                *last = Arc::clone(caller);
            }
            is_newer && may_end
        });
        last
    }

    /// Tells this client of changes of a resource; to ask for it twice is to ask for it once.
    ///
    /// # Errors
    /// See [`follow`].
    pub async fn add(&self, call: Call, uri: String, client: Peer<RoleServer>) -> Result<(), Refusal> {
        self.tasks().retain(|_, task| !task.is_finished());
        if self.tasks().contains_key(&uri) {
            return Ok(());
        }
        let asker = self.heard_of(&call.caller).subscribe();
        let mut changes = follow(call, asker, &uri).await?;
        let told = uri.clone();
        let telling = tokio::spawn(async move {
            while changes.next().await.is_some() {
                let update = ResourceUpdatedNotificationParam::new(told.clone());
                if client.notify_resource_updated(update).await.is_err() {
                    return;
                }
            }
        });
        self.tasks().insert(uri, AbortOnDropHandle::new(telling));
        Ok(())
    }

    /// Tells no more of it.
    pub fn remove(&self, uri: &str) {
        self.tasks().remove(uri);
    }
}
