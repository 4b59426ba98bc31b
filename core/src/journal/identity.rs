//! Which names stand for one database: its UUID says so, whatever its address is called.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Inner, Journal, JournalError, blocking, file};

const NAME: &str = ".odoo";

/// The UUIDs of the databases that quotations were made in from this folder, by their names.
#[derive(Default)]
pub(super) struct Identities(RwLock<BTreeMap<String, String>>);

impl Identities {
    /// What is not known, or cannot be read, is learnt again.
    pub fn open(logs: &Path) -> Self {
        let known = file::read(&logs.join(NAME)).ok();
        let known = known.and_then(|content| serde_json::from_slice(&content).ok());
        Self(RwLock::new(known.unwrap_or_default()))
    }
}

impl Journal {
    /// Whether the UUID of the database is not known yet.
    pub fn is_nameless(&self) -> bool {
        self.target().may_have_other_names() && self.inner.uuid(self.target().name()).is_none()
    }

    /// Whether there are logs of databases with other names, one of which may be this one.
    pub fn has_had_other_names(&self) -> bool {
        !self.inner.identities.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// From now on this is the UUID of the database; durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn identify(&self, uuid: String) -> Result<(), JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let known = {
                let mut known = inner.identities.0.write().unwrap_or_else(PoisonError::into_inner);
                known.insert(inner.target.name().to_owned(), uuid);
                serde_json::to_vec_pretty(&*known)
            };
            let saved = known.map_err(std::io::Error::from);
            let saved = saved.and_then(|known| inner.folder.put_if(NAME, &known, || inner.replace()));
            saved.map_err(inner.failed("keep the database's UUID"))
        })
        .await
    }

    /// Whether a log that bears this name is of the Odoo that this process works on.
    pub fn is_ours(&self, name: &str) -> bool {
        self.inner.is_ours(name)
    }
}

impl Inner {
    pub(super) fn is_ours(&self, name: &str) -> bool {
        self.target.is_named(name)
            || self.uuid(name).is_some_and(|uuid| Some(uuid) == self.uuid(self.target.name()))
    }

    fn uuid(&self, name: &str) -> Option<String> {
        self.identities.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
