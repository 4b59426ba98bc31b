//! How much of the common places one caller has: who has shown a key never has more than half, so that others find some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_odoo_core::access::Caller;

/// What each caller has now.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<String, usize>>>);

/// One place that a caller has, until it is dropped.
pub(super) struct Share {
    shares: Shares,
    /// Nothing of those who cannot be told apart.
    caller: Option<String>,
}

impl Shares {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more of these places, unless this caller has half of them.
    pub(super) fn take(&self, caller: &Caller, of: usize) -> Option<Share> {
        if !caller.has_key() {
            return Some(Share { shares: self.clone(), caller: None });
        }
        let mut counts = self.counts();
        let count = counts.entry(caller.id().to_owned()).or_default();
        if *count >= of.div_ceil(2) {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Share { shares: self.clone(), caller: Some(caller.id().to_owned()) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(caller) = &self.caller else { return };
        let mut counts = self.shares.counts();
        if let Some(count) = counts.get_mut(caller) {
            *count -= 1;
            if *count == 0 {
                counts.remove(caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_odoo_core::access::Permissions;

    use super::*;

    #[test]
    fn nobody_with_a_key_has_more_than_half() {
        let shares = Shares::default();
        let [one, other] = ["one", "other"].map(|id| Caller::known(id, Permissions::ALL));
        let held: Vec<_> = (0..2).map(|_| shares.take(&one, 3).unwrap()).collect();
        assert!(shares.take(&one, 3).is_none());
        assert!(shares.take(&other, 3).is_some());
        drop(held);
        assert!(shares.take(&one, 3).is_some());
        assert!(shares.counts().is_empty(), "who has nothing is forgotten");
        let anybody = Caller::anonymous(Permissions::ALL, None);
        let held: Vec<_> = (0..9).map(|_| shares.take(&anybody, 3)).collect();
        assert!(held.iter().all(Option::is_some), "who cannot be told apart is not counted");
    }
}
