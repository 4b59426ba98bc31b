//! A piece of work as it is told.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::document::{Content, Document};

/// A state that does not change any more, and the JSON of what is told of it, which is written once however many ask.
pub struct Told<C> {
    document: Document<C>,
    json: OnceLock<Arc<str>>,
}

impl<C: Content> Told<C> {
    /// What is told, as JSON.
    pub fn json(&self) -> Arc<str> {
        // It is made of texts, numbers and lists: it always has a JSON form.
        let json = || serde_json::to_string(self.document.content.status()).unwrap_or_default().into();
        Arc::clone(self.json.get_or_init(json))
    }

    /// What is remembered.
    pub fn document(&self) -> &Document<C> {
        &self.document
    }
}

impl<C> From<Document<C>> for Told<C> {
    fn from(document: Document<C>) -> Self {
        Self { document, json: OnceLock::new() }
    }
}

impl<C: Content> Deref for Told<C> {
    type Target = C::Status;

    fn deref(&self) -> &C::Status {
        self.document.content.status()
    }
}

impl<C: Content> fmt::Debug for Told<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}
