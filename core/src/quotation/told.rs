//! A state of a quotation as it is told.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::status::QuotationStatus;

/// A state that does not change any more, and its JSON, which is written once however many ask for it.
pub struct Told {
    status: QuotationStatus,
    json: OnceLock<Arc<str>>,
}

impl Told {
    /// The state as JSON.
    pub fn json(&self) -> Arc<str> {
        // It is made of texts, numbers and lists: it always has a JSON form.
        let json = || serde_json::to_string(&self.status).unwrap_or_default().into();
        Arc::clone(self.json.get_or_init(json))
    }
}

impl From<QuotationStatus> for Told {
    fn from(status: QuotationStatus) -> Self {
        Self { status, json: OnceLock::new() }
    }
}

impl Deref for Told {
    type Target = QuotationStatus;

    fn deref(&self) -> &QuotationStatus {
        &self.status
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}
