//! Places for each of many, who are known by a name as long as they use some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

/// So many places for each.
pub(crate) struct Keyed {
    each: usize,
    used: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Keyed {
    pub(crate) fn new(each: usize) -> Self {
        Self { each, used: Mutex::default() }
    }

    /// Those of this one.
    pub(crate) fn of(&self, name: &str) -> Arc<Semaphore> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = used.get(name).and_then(Weak::upgrade) {
            return places;
        }
        used.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.each));
        used.insert(name.to_owned(), Arc::downgrade(&places));
        places
    }
}
