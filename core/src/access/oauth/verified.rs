//! Tokens that were looked at, by their hashes: the next call with one costs a hash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::claims::Subject;
use super::keys::Keys;

/// Tokens that are remembered, at most.
const MOST: usize = 10_000;

/// What stands for a token.
pub(super) type Hash = [u8; 32];

/// What stands for it.
pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

/// Only what was found good.
#[derive(Default)]
pub(super) struct Verified(Mutex<HashMap<Hash, Found>>);

struct Found {
    subject: Arc<Subject>,
    /// A key that is taken back takes its tokens with it.
    by: Arc<Keys>,
}

impl Verified {
    fn all(&self) -> MutexGuard<'_, HashMap<Hash, Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose it is, if it was found good by these keys and still is.
    pub fn get(&self, hash: &Hash, by: &Arc<Keys>, now: SystemTime) -> Option<Arc<Subject>> {
        let all = self.all();
        let found = all.get(hash).filter(|found| Arc::ptr_eq(&found.by, by) && found.subject.expires > now);
        found.map(|found| Arc::clone(&found.subject))
    }

    /// Remembers it.
    pub fn keep(&self, hash: Hash, by: &Arc<Keys>, subject: &Arc<Subject>, now: SystemTime) {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, found| Arc::ptr_eq(&found.by, by) && found.subject.expires > now);
        }
        if all.len() >= MOST {
            // Each is only looked at once more.
            all.clear();
        }
        all.insert(hash, Found { subject: Arc::clone(subject), by: Arc::clone(by) });
    }
}
