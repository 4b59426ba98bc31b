//! Which quotation a caller's key is for.

use super::{Inner, Tasks};
use crate::journal::JournalError;
use crate::key::IdempotencyKey;
use crate::quotation::id::TrackingId;

impl Tasks {
    /// The id of the quotation that a new key of the callers of this Odoo gets.
    pub fn tracking_id(&self, key: &IdempotencyKey) -> TrackingId {
        let reference = self.inner.reference(key);
        self.inner.ids(&reference).into_iter().next().unwrap_or(reference)
    }
}

impl Inner {
    /// What a key of the callers of this Odoo stands for there.
    pub(super) fn reference(&self, key: &IdempotencyKey) -> TrackingId {
        TrackingId::from_key(self.work.journal.target().key_scope(), key)
    }

    /// The ids that the quotation with this reference may have here: the one that a new one gets; those it has if another
    /// window accepted it, whose folder this one took in; and the reference itself, as it was before ids were hidden.
    fn ids(&self, reference: &TrackingId) -> Vec<TrackingId> {
        let secrets = self.work.journal.secrets();
        secrets.iter().map(|secret| reference.hidden(secret)).chain([reference.clone()]).collect()
    }

    /// The id of the quotation with this reference: the one that has a log, else the one that a new one gets.
    pub(super) async fn id_of(&self, reference: &TrackingId) -> Result<TrackingId, JournalError> {
        let ids = self.ids(reference);
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let with_log = self.work.journal.first_of(&texts).await?;
        let known = ids.iter().find(|id| with_log.as_deref() == Some(id.as_str()));
        Ok(known.or(ids.first()).unwrap_or(reference).clone())
    }
}
