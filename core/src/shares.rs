//! How much each has of what is there for all: never more than half, so that others find some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What each has now; a cheap handle.
#[derive(Clone, Debug, Default)]
pub struct Shares(Arc<Mutex<HashMap<String, usize>>>);

/// What some have of it, until it is dropped. It counts for each of them; what is nobody's is not bounded here.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    whose: Vec<String>,
    amount: usize,
}

impl Shares {
    /// Nothing yet.
    pub fn nothing(&self, whose: impl IntoIterator<Item = String>) -> Share {
        Share { shares: self.clone(), whose: whose.into_iter().collect(), amount: 0 }
    }

    /// One of so many places, unless it is more than half for one of them.
    pub fn place(&self, whose: impl IntoIterator<Item = String>, of: usize) -> Option<Share> {
        let mut share = self.nothing(whose);
        share.grow(1, of).then_some(share)
    }

    /// One more place, however many they have: they had it before.
    pub fn held(&self, whose: impl IntoIterator<Item = String>) -> Share {
        let mut share = self.nothing(whose);
        share.grow_to(1, usize::MAX);
        share
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Nothing yet, of the same.
    pub fn another(&self) -> Self {
        self.shares.nothing(self.whose.iter().cloned())
    }

    /// So much more of what there is in all; tells whether nobody has more than half of it then. Otherwise it stays as it is.
    pub fn grow(&mut self, more: usize, of: usize) -> bool {
        self.grow_to(more, of.div_ceil(2))
    }

    fn grow_to(&mut self, more: usize, most: usize) -> bool {
        let Self { shares, whose, amount } = self;
        if more == 0 || whose.is_empty() {
            return true;
        }
        let mut counts = shares.counts();
        let has = |who: &String| counts.get(who).copied().unwrap_or_default();
        if whose.iter().any(|who| has(who).saturating_add(more) > most) {
            return false;
        }
        for who in whose {
            *counts.entry(who.clone()).or_default() += more;
        }
        *amount += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.whose.is_empty() || self.amount == 0 {
            return;
        }
        let mut counts = self.shares.counts();
        for who in &self.whose {
            if let Some(count) = counts.get_mut(who) {
                *count = count.saturating_sub(self.amount);
                if *count == 0 {
                    counts.remove(who);
                }
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
        let take = |whose: &[&str]| shares.place(whose.iter().map(ToString::to_string), 3);
        let held = [take(&["one"]), take(&["one", "@acme"])];
        assert!(take(&["one"]).is_none());
        assert!(take(&["one", "@beta"]).is_none());
        let other = take(&["other", "@acme"]);
        assert!(other.is_some());
        assert!(take(&["third", "@acme"]).is_none(), "the two of them have the half of theirs");
        drop((held, other));
        assert!(take(&["one"]).is_some());
        assert!(shares.counts().is_empty(), "who has nothing is forgotten");
        let held: Vec<_> = (0..9).map(|_| take(&[])).collect();
        assert!(held.iter().all(Option::is_some), "who is not counted is not bounded here");
    }

    #[test]
    fn what_grows_too_large_stays_as_it_is() {
        let shares = Shares::default();
        let mut share = shares.nothing(["one".to_owned()]);
        assert!(share.grow(3, 8) && !share.grow(2, 8) && share.grow(1, 8));
        drop(share);
        let _had_before = [shares.held(["one".to_owned()]), shares.held(["one".to_owned()])];
        assert!(shares.place(["one".to_owned()], 2).is_none());
    }
}
