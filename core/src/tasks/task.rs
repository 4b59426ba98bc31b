//! One quotation in memory, and those who listen to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::quotation::status::QuotationStatus;
use crate::quotation::told::Told;
use crate::timestamp::Timestamp;

/// More changes than a quotation has without retries; who falls further behind skips to newer ones.
const EVENTS_KEPT: usize = 16;

/// One quotation: its state, and its changes as they come.
pub(super) struct Task {
    live: Mutex<Live>,
}

struct Live {
    status: Arc<Told>,
    /// Gone when the quotation is finished, which ends every subscription.
    changes: Option<broadcast::Sender<Arc<Told>>>,
}

impl Task {
    pub(super) fn new(status: QuotationStatus) -> Self {
        let changes = (!status.status.is_final()).then(|| broadcast::Sender::new(EVENTS_KEPT));
        Self { live: Mutex::new(Live { status: Arc::new(Told::from(status)), changes }) }
    }

    pub(super) fn status(&self) -> Arc<Told> {
        Arc::clone(&self.live().status)
    }

    /// Changes the state and tells those who listen.
    pub(super) fn update(&self, change: impl FnOnce(&mut QuotationStatus)) -> Arc<Told> {
        let mut live = self.live();
        let mut status = (**live.status).clone();
        change(&mut status);
        status.updated_at = Timestamp::now();
        live.status = Arc::new(Told::from(status));
        if let Some(changes) = &live.changes {
            // An error only says that nobody listens.
            let _ = changes.send(Arc::clone(&live.status));
        }
        if live.status.status.is_final() {
            live.changes = None;
        }
        Arc::clone(&live.status)
    }

    pub(super) fn subscribe(&self) -> Subscription {
        let live = self.live();
        Subscription {
            first: Some(Arc::clone(&live.status)),
            changes: live.changes.as_ref().map(broadcast::Sender::subscribe),
        }
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of a quotation, then each change, the last one final.
#[derive(Debug)]
pub struct Subscription {
    first: Option<Arc<Told>>,
    changes: Option<broadcast::Receiver<Arc<Told>>>,
}

impl Subscription {
    pub(super) fn finished(status: Arc<Told>) -> Self {
        Self { first: Some(status), changes: None }
    }

    /// The next state; `None` after the final one.
    pub async fn next(&mut self) -> Option<Arc<Told>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let changes = self.changes.as_mut()?;
        loop {
            match changes.recv().await {
                Ok(status) => return Some(status),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
