//! Resources whose changes are told.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::stream::{BoxStream, unfold};
use futures::{FutureExt, StreamExt};
use mcp_odoo_core::call::Call;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tasks::Subscription;
use mcp_odoo_core::watching::{Place, Watch, Watchable};
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::{Peer, RoleServer};
use tokio_util::task::AbortOnDropHandle;

use super::operations::{FollowRecords, over, place};
use super::uri::Resource;
use super::{no_quotation, no_resource};
use crate::dispatch::{dispatch, permit};
use crate::operation::Operation;
use crate::quotations::FollowQuotation;

/// Each change of a resource; it ends when there will be none, or this caller may not hear of it any more.
pub type Changes = BoxStream<'static, ()>;

/// Follows a resource from now on.
///
/// # Errors
/// When there is none that this caller may read, or they follow too many.
pub async fn follow(call: Call, uri: &str) -> Result<Changes, Refusal> {
    let resource = Resource::parse(uri).map_err(no_resource)?;
    let changes = match (resource.watchable(uri), resource) {
        (Some(what), _) => {
            let model = match &what {
                Watchable::Record { model, .. } => model.clone(),
                Watchable::List { search, .. } => search.model.clone(),
            };
            let (watch, place) = dispatch::<FollowRecords>(call.clone(), what).await?;
            of_records(watch, model, place, call.clone()).boxed()
        }
        (None, Resource::Quotation(id)) => {
            let place = place(&call)?;
            let changes = dispatch::<FollowQuotation>(call.clone(), id.clone()).await?;
            of_quotation(changes.ok_or_else(|| no_quotation(&id))?, place, call.clone()).boxed()
        }
        (None, _) => {
            let sentence =
                format!("{uri} changes only when the service is set up anew: read it again instead");
            return Err(Refusal::new(Kind::Invalid, "not_followed", sentence));
        }
    };
    Ok(changes.take_until(over(call).boxed()).boxed())
}

fn of_records(
    watch: Watch,
    model: String,
    place: Place,
    call: Call,
) -> impl futures::Stream<Item = ()> + Send + 'static {
    unfold((watch, model, place, call), async |(mut watch, model, place, call)| {
        while watch.changed().await {
            // The rules may have become others.
            if call.tenant.watching.is_open(&model) && may_hear::<FollowRecords>(&call) {
                return Some(((), (watch, model, place, call)));
            }
        }
        None
    })
}

fn of_quotation(
    changes: Subscription,
    place: Place,
    call: Call,
) -> impl futures::Stream<Item = ()> + Send + 'static {
    let changes = unfold((changes, place, call), async |(mut changes, place, call)| {
        changes.next().await?;
        may_hear::<FollowQuotation>(&call).then_some(((), (changes, place, call)))
    });
    // The first is how it stands now.
    changes.skip(1)
}

fn may_hear<O: Operation>(call: &Call) -> bool {
    permit(&O::SPEC, &call.caller, call.door, &call.tenant).is_ok()
}

/// What one session follows; it ends with the session.
#[derive(Default)]
pub struct Followed(Mutex<HashMap<String, AbortOnDropHandle<()>>>);

impl Followed {
    fn tasks(&self) -> MutexGuard<'_, HashMap<String, AbortOnDropHandle<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut changes = follow(call, &uri).await?;
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
