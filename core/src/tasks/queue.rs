//! The queue: how many quotations wait or are made, and whose they are.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::Caller;
use crate::shares::{Share, Shares};

/// Its places. Nobody with a key has more than half of them.
pub(super) struct Queue {
    capacity: usize,
    free: Arc<Semaphore>,
    shares: Shares,
}

/// One place, until it is dropped; or what is to have one.
pub(super) struct Queued {
    free: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
    _share: Share,
}

/// Why there is no place.
pub(super) enum Full {
    OfAll,
    OfTheirs,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, free: Arc::new(Semaphore::new(capacity)), shares: Shares::default() }
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.capacity.saturating_sub(self.free.available_permits())
    }

    /// A place for what this caller asks for, now.
    pub(super) fn place(&self, owner: &str) -> Result<Queued, Full> {
        let share = self.shares.place(Caller::share(owner), self.capacity).ok_or(Full::OfTheirs)?;
        let place = Arc::clone(&self.free).try_acquire_owned().map_err(|_| Full::OfAll)?;
        Ok(Queued { free: Arc::clone(&self.free), place: Some(place), _share: share })
    }

    /// What was accepted before has a place as soon as one is free, and counts at once.
    pub(super) fn later(&self, owner: &str) -> Queued {
        Queued { free: Arc::clone(&self.free), place: None, _share: self.shares.held(Caller::share(owner)) }
    }
}

impl Queued {
    /// Waits until it has its place.
    pub(super) async fn wait(&mut self) {
        if self.place.is_none() {
            // An error would say that the queue was closed, which nobody does.
            self.place = Arc::clone(&self.free).acquire_owned().await.ok();
        }
    }
}
