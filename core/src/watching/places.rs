//! How much each caller watches.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Things that one caller watches, at most.
pub const MOST: usize = 2_000;

/// By caller.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<String, usize>>>);

/// One thing that a caller watches.
pub struct Place {
    places: Places,
    caller: String,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, caller: &str) -> Option<Place> {
        let mut taken = self.taken();
        let count = taken.entry(caller.to_owned()).or_default();
        if *count >= MOST {
            return None;
        }
        *count += 1;
        Some(Place { places: self.clone(), caller: caller.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Places};

    #[test]
    fn a_caller_has_so_many_and_keeps_none_from_others() {
        let places = Places::default();
        let mut taken: Vec<_> = (0..MOST).map(|_| places.take("ana").unwrap()).collect();
        assert!(places.take("ana").is_none());
        assert!(places.take("luis").is_some());
        taken.pop();
        assert!(places.take("ana").is_some());
        drop(taken);
        assert!(places.taken().is_empty(), "nothing is left of who watches nothing");
    }
}
