//! One at a time for each piece of work: its acceptance, its taking up and what is reported of it.

use std::hash::{DefaultHasher, Hash, Hasher};

use tokio::sync::{Mutex, MutexGuard};

/// Those that share a lock wait for one another; few do.
const LOCKS: usize = 512;

/// The locks of all.
pub(super) struct Locks {
    first: Mutex<()>,
    others: Vec<Mutex<()>>,
}

impl Default for Locks {
    fn default() -> Self {
        Self { first: Mutex::default(), others: (1..LOCKS).map(|_| Mutex::default()).collect() }
    }
}

impl Locks {
    /// Waits until nobody else is at this one.
    pub(super) async fn lock(&self, id: &str) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(LOCKS);
        self.others.get(index).unwrap_or(&self.first).lock().await
    }
}
