//! Whose call is worked on next: of many calls of one caller with a key most wait in a line of their own, so that others of the
//! tenant are not behind all of them.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::access::Caller;
use crate::keyed::Keyed;

/// Writing calls that are worked on at once, at most; more of them wait. What is being written is seen through after a
/// cancellation, and so no longer counted by its session.
const MAX_WRITING: usize = 64;
/// How long a reading call waits for one of its caller's own places: as long as for Odoo's.
const PATIENCE: Duration = Duration::from_secs(5);

/// Places for the calls of one tenant.
pub struct Turns {
    writing: Semaphore,
    /// Of one caller, half of them.
    own_writing: Keyed,
    /// Of one caller; the client of Odoo has the places of all.
    own_reading: Keyed,
}

/// A place, until it is dropped.
pub struct Turn<'a> {
    _own: Option<OwnedSemaphorePermit>,
    _place: Option<SemaphorePermit<'a>>,
}

impl Turns {
    /// At an Odoo that takes so many calls at once.
    pub fn new(max_concurrency: usize) -> Self {
        Self {
            writing: Semaphore::new(MAX_WRITING),
            own_writing: Keyed::new(MAX_WRITING / 2),
            // Some more than Odoo takes: one that is done has its answer written, too.
            own_reading: Keyed::new(max_concurrency.clamp(1, Semaphore::MAX_PERMITS / 2) * 2),
        }
    }

    /// Waits for a place to write.
    pub async fn to_write(&self, caller: &Caller) -> Turn<'_> {
        let own = own(&self.own_writing, caller).await;
        Turn { _own: own, _place: self.writing.acquire().await.ok() }
    }

    /// Waits for a place to read records; `None` where the caller has too many of them under way for too long.
    pub async fn to_read(&self, caller: &Caller) -> Option<Turn<'_>> {
        tokio::time::timeout(PATIENCE, self.to_read_on(caller)).await.ok()
    }

    /// The same for who reads something long: they stand in line again with each part, however long that takes.
    pub async fn to_read_on(&self, caller: &Caller) -> Turn<'_> {
        Turn { _own: own(&self.own_reading, caller).await, _place: None }
    }
}

async fn own(places: &Keyed, caller: &Caller) -> Option<OwnedSemaphorePermit> {
    let own = caller.has_key().then(|| places.of(caller.id()))?;
    own.acquire_owned().await.ok()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::access::Permissions;

    #[tokio::test(start_paused = true)]
    async fn others_find_a_place_beside_one_who_asks_for_all() {
        let turns = Turns::new(1);
        let [one, other] = ["one", "other"].map(|id| Caller::known(id, Permissions::ALL));
        let stranger = Caller::anonymous(Permissions::ALL, None);
        let held: Vec<_> = (0..MAX_WRITING).map_while(|_| turns.to_write(&one).now_or_never()).collect();
        assert_eq!(held.len(), MAX_WRITING / 2);
        // Tokio lets a task do only so much at once.
        tokio::task::yield_now().await;
        let others: Vec<_> = (0..MAX_WRITING).map_while(|_| turns.to_write(&other).now_or_never()).collect();
        assert_eq!(others.len(), MAX_WRITING / 2);
        tokio::task::yield_now().await;
        assert!(turns.to_write(&stranger).now_or_never().is_none());
        drop(held);
        assert!(
            turns.to_write(&stranger).now_or_never().is_some()
                && turns.to_write(&one).now_or_never().is_some()
        );

        let reads = [turns.to_read(&one).await, turns.to_read(&one).await];
        assert!(reads.iter().all(Option::is_some));
        assert!(turns.to_read(&one).await.is_none(), "it does not wait for ever");
        assert!(turns.to_read(&other).now_or_never().is_some_and(|turn| turn.is_some()));
        let mut next_page = Box::pin(turns.to_read_on(&one));
        let waits = tokio::time::timeout(100 * PATIENCE, next_page.as_mut()).await.is_err();
        drop(reads);
        assert!(waits && next_page.now_or_never().is_some(), "who goes on waits for its turn");
    }
}
