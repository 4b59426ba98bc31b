//! The logs that are to be uploaded, each once, however often it changes.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_odoo_core::journal::LogName;
use tokio::sync::Notify;

/// More than these are looked up on the disk when it is their turn.
const IN_MEMORY: usize = 10_000;

/// The names that wait.
pub(crate) struct Queue {
    names: Mutex<Names>,
    changed: Notify,
}

struct Names {
    waiting: BTreeSet<LogName>,
    /// The disk may have some that are not in `waiting`.
    scan: bool,
}

impl Default for Queue {
    /// What an earlier process left is on the disk only.
    fn default() -> Self {
        Self { names: Mutex::new(Names { waiting: BTreeSet::new(), scan: true }), changed: Notify::new() }
    }
}

impl Queue {
    /// A log has changed.
    pub fn add(&self, name: LogName) {
        let mut names = self.names();
        if names.waiting.len() < IN_MEMORY {
            names.waiting.insert(name);
        } else {
            names.scan = true;
        }
        drop(names);
        self.changed.notify_one();
    }

    /// All logs on the disk are to be looked at.
    pub fn scan(&self) {
        self.names().scan = true;
        self.changed.notify_one();
    }

    /// Looks at the disk, if it is time to.
    pub async fn fill<E>(
        &self,
        look: impl AsyncFnOnce(usize) -> Result<(Vec<LogName>, bool), E>,
    ) -> Result<(), E> {
        {
            let mut names = self.names();
            if !names.scan || !names.waiting.is_empty() {
                return Ok(());
            }
            // What changes from here on is told of, or sets this again.
            names.scan = false;
        }
        let (found, more) = look(IN_MEMORY).await?;
        let mut names = self.names();
        names.waiting.extend(found);
        names.scan |= more;
        Ok(())
    }

    /// The next name after this one, beginning anew after the last; none of those that are busy.
    pub fn take(&self, after: Option<&LogName>, busy: &HashSet<LogName>) -> Option<LogName> {
        let mut names = self.names();
        let free = |name: &&LogName| !busy.contains(*name);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let next = names.waiting.range((from, Bound::Unbounded)).find(free);
        let next = next.or_else(|| names.waiting.iter().find(free)).cloned()?;
        names.waiting.remove(&next);
        Some(next)
    }

    /// Whether nothing is known to wait.
    pub fn is_empty(&self) -> bool {
        let names = self.names();
        names.waiting.is_empty() && !names.scan
    }

    /// Waits for something new.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: usize) -> LogName {
        LogName::parse(&format!("2026-01-30_quot_{n:06}.log")).unwrap()
    }

    #[tokio::test]
    async fn more_than_fit_into_memory_are_looked_up_when_it_is_their_turn() {
        let queue = Queue::default();
        queue.fill(async |_| Ok::<_, ()>((Vec::new(), false))).await.unwrap();
        (0..IN_MEMORY + 5).for_each(|n| queue.add(name(n)));
        queue.add(name(0));
        let nobody = HashSet::new();
        let drain = || std::iter::from_fn(|| queue.take(None, &nobody)).count();
        // While some wait, the disk is left alone.
        queue.fill(async |_| Err(())).await.unwrap();
        assert_eq!(drain(), IN_MEMORY);
        assert!(!queue.is_empty());
        queue.fill(async |most| Ok::<_, ()>(((0..most).map(name).collect(), true))).await.unwrap();
        assert_eq!(drain(), IN_MEMORY);
        queue.fill(async |_| Ok::<_, ()>((vec![name(7)], false))).await.unwrap();
        assert_eq!(drain(), 1);
        assert!(queue.is_empty());
        queue.fill(async |_| Err(())).await.unwrap();
    }

    #[test]
    fn names_take_turns_and_busy_ones_wait() {
        let queue = Queue::default();
        (1..=3).for_each(|n| queue.add(name(n)));
        let busy = HashSet::from([name(1)]);
        assert_eq!(queue.take(Some(&name(1)), &busy), Some(name(2)));
        queue.add(name(2));
        assert_eq!(queue.take(Some(&name(2)), &busy), Some(name(3)));
        assert_eq!(queue.take(Some(&name(3)), &busy), Some(name(2)));
        assert_eq!(queue.take(Some(&name(2)), &busy), None);
        assert_eq!(queue.take(Some(&name(2)), &HashSet::new()), Some(name(1)));
    }
}
