//! How much of the common places one caller has: never more than half, so that others find some. Those who do not say who they
//! are count as one in each tenant, but in that of the environment, where they may be all there are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcp_odoo_core::store::DEFAULT_TENANT;
use mcp_odoo_tools::caller::Identity;

/// What each caller has now.
#[derive(Clone, Default)]
pub(super) struct Shares(Arc<Mutex<HashMap<String, usize>>>);

/// One place that a caller has, until it is dropped.
pub(super) struct Share {
    shares: Shares,
    /// Nothing of those who are not counted.
    who: Option<String>,
}

impl Shares {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more of these places, unless this caller has half of them.
    pub(super) fn take(&self, Identity { caller, tenant, .. }: &Identity, of: usize) -> Option<Share> {
        let is_counted = caller.has_key() || tenant.id != DEFAULT_TENANT;
        self.take_as(is_counted.then(|| tenant.counts(caller).into_owned()), of)
    }

    fn take_as(&self, who: Option<String>, of: usize) -> Option<Share> {
        if let Some(who) = &who {
            let mut counts = self.counts();
            let count = counts.entry(who.clone()).or_default();
            if *count >= of.div_ceil(2) {
                return None;
            }
            *count += 1;
        }
        Some(Share { shares: self.clone(), who })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(who) = &self.who else { return };
        let mut counts = self.shares.counts();
        if let Some(count) = counts.get_mut(who) {
            *count -= 1;
            if *count == 0 {
                counts.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_is_counted_has_more_than_half() {
        let shares = Shares::default();
        let take = |who: &str| shares.take_as(Some(who.to_owned()), 3);
        let held = [take("one"), take("one")];
        assert!(take("one").is_none());
        assert!(take("other").is_some());
        drop(held);
        assert!(take("one").is_some());
        assert!(shares.counts().is_empty(), "who has nothing is forgotten");
        let held: Vec<_> = (0..9).map(|_| shares.take_as(None, 3)).collect();
        assert!(held.iter().all(Option::is_some), "who is not counted is not bounded here");
    }
}
