//! Who works on what. The folder's lock keeps other processes out; this keeps apart the workers of this one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Those that are over are looked for when there are so many, and then twice as many as are left.
const FEW: usize = 1024;

/// The claims on the documents of one folder.
#[derive(Default)]
pub(super) struct Claims(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// The worker that has a document, and until when.
    by_id: HashMap<String, (String, Instant)>,
    sweep_at: usize,
}

impl Claims {
    /// For so long from now, unless another worker has it.
    pub fn claim(&self, id: &str, worker: &str, lease: Duration) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if held.by_id.get(id).is_some_and(|(other, until)| other != worker && *until > now) {
            return false;
        }
        held.by_id.insert(id.to_owned(), (worker.to_owned(), now + lease));
        if held.by_id.len() > held.sweep_at.max(FEW) {
            held.by_id.retain(|_, (_, until)| *until > now);
            held.sweep_at = 2 * held.by_id.len();
        }
        true
    }

    /// If this worker has it.
    pub fn release(&self, id: &str, worker: &str) {
        let held = &mut self.0.lock().unwrap_or_else(PoisonError::into_inner).by_id;
        if held.get(id).is_some_and(|(holder, _)| holder == worker) {
            held.remove(id);
        }
    }
}
