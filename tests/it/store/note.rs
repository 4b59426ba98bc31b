//! The smallest piece of work.

use chrono::NaiveDate;
use mcp_odoo_core::store::{Content, Document, Head, Reader};
use mcp_odoo_core::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Note {
    pub id: String,
    pub created_at: Timestamp,
    pub text: String,
    pub over: bool,
}

#[derive(Serialize)]
struct Keys<'a> {
    text: &'a str,
    over: bool,
}

impl Content for Note {
    type Status = String;
    const KIND: &'static str = "note";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn may_be(_: &str, _: NaiveDate) -> bool {
        true
    }

    fn status(&self) -> &String {
        &self.text
    }

    fn accepted_at(&self) -> Timestamp {
        self.created_at
    }

    fn touch(&mut self) {}

    fn is_over(&self) -> bool {
        self.over
    }

    fn keys(&self) -> impl Serialize {
        Keys { text: &self.text, over: self.over }
    }

    fn read(log: &mut Reader, _: &mut Head) -> serde_json::Result<Self> {
        log.take()
    }
}

/// One of this day that is not over.
pub fn note(id: &str, day: &str) -> Document<Note> {
    let created_at = serde_json::from_value(format!("{day}T10:00:00").into()).unwrap();
    let note = Note { id: format!("quot_{id}"), created_at, text: String::new(), over: false };
    Document::new(note, "https://odoo.example acme", "anonymous")
}

/// The same that says something else.
pub fn saying(document: &Document<Note>, text: impl ToString) -> Document<Note> {
    let mut document = document.clone();
    document.content.text = text.to_string();
    document
}
