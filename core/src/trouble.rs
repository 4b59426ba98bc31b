//! Trouble that is said once, not once for everything that meets it, and once more when it is over.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longer than anything pauses between two tries: what has not been heard of since is no longer tried.
const GIVEN_UP: Duration = Duration::from_secs(300);

/// Whether something fails that many depend on.
#[derive(Default)]
pub(crate) struct Trouble(Mutex<State>);

#[derive(Default)]
struct State {
    /// Of the last that was not known to fail.
    fails: bool,
    is_said: bool,
    /// What is tried until it works, and when it failed last. One that fails alone among others that work is neither
    /// said with each of its tries, nor are the others a sign that it is over.
    tried_again: HashMap<String, Instant>,
}

impl Trouble {
    /// This one failed, and perhaps is tried again; tells whether that is to be said.
    pub fn met(&self, name: &str, is_tried_again: bool) -> bool {
        let mut state = self.state();
        let is_known = state.tried_again.contains_key(name);
        if is_tried_again {
            state.tried_again.insert(name.to_owned(), Instant::now());
        }
        let is_news = !is_known && !mem::replace(&mut state.fails, true);
        state.is_said |= is_news;
        is_news
    }

    /// This one worked; tells whether it is to be said that the trouble is over.
    pub fn passed(&self, name: &str) -> bool {
        let mut state = self.state();
        state.fails = false;
        state.tried_again.remove(name);
        state.tried_again.retain(|_, failed| failed.elapsed() < GIVEN_UP);
        state.tried_again.is_empty() && mem::take(&mut state.is_said)
    }

    /// This one is not tried again.
    pub fn given_up(&self, name: &str) {
        self.state().tried_again.remove(name);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_and_is_over_when_all_that_met_it_have_passed() {
        let trouble = Trouble::default();
        let met = ["a", "b", "a", "c", "b"].map(|name| trouble.met(name, name != "c"));
        assert_eq!(met, [true, false, false, false, false]);
        assert_eq!(["d", "a", "b", "d"].map(|name| trouble.passed(name)), [false, false, true, false]);
        assert!(trouble.met("c", false));
        assert!(trouble.passed("d"));
    }

    #[test]
    fn one_among_others_that_work_is_said_once_and_hides_nothing() {
        let trouble = Trouble::default();
        assert!(trouble.met("alone", true));
        for _ in 0..3 {
            assert!(!trouble.passed("other"));
            assert!(!trouble.met("alone", true));
        }
        assert!(trouble.met("all fail now", true));
        assert!(!trouble.passed("all fail now"));
        assert!(trouble.passed("alone"));
    }

    #[test]
    fn what_is_given_up_holds_nothing_up() {
        let trouble = Trouble::default();
        assert!(trouble.met("late", true));
        trouble.given_up("late");
        assert!(trouble.passed("other"));
    }
}
