//! Messages on records.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::activities::tuple;
use crate::datum;
use crate::env::{Env, Operation, now};
use crate::error::Error;
use crate::methods::Bound;
use crate::python;
use crate::schema::Model;

impl Env<'_> {
    /// `message_post` on one record: a note, unless told otherwise.
    pub fn message_post(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        let [id] = bound.ids.as_slice() else { return Err(singleton(model, &bound.ids)) };
        self.check_exist(model, &[*id])?;
        self.check_rule(model, &[*id], Operation::Read)?;
        let version = self.version();
        let body = match bound.get("body").as_str() {
            Some(text) if version >= Version::V18 && !python::truthy(bound.get("body_is_html")) => {
                datum::paragraph(text)
            }
            html => html.unwrap_or_default().to_owned(),
        };
        let subtype = bound.get("subtype_xmlid").as_str().unwrap_or("mail.mt_note");
        let mut values = self.message(model.name, Some(*id), &body, subtype);
        for field in ["message_type", "subject"] {
            if python::truthy(bound.get(field)) {
                values.insert(field.to_owned(), bound.get(field).clone());
            }
        }
        for field in ["partner_ids", "attachment_ids"] {
            values.insert(field.to_owned(), json!(python::ids(bound.get(field))));
        }
        let messages = self.model("mail.message")?;
        let message = self.as_system(|env| env.create(&messages, &values, None))?;
        Ok(match self.version() {
            Version::V16 | Version::V18 => json!(message),
            Version::V19 => json!([message]),
        })
    }

    /// The values of a message of the caller's.
    pub fn message(&self, model: &str, id: Option<i64>, body: &str, subtype: &str) -> Map<String, Value> {
        let author = self.db.schema.get("res.users").and_then(|users| {
            let partner = self.db.value(users, self.uid, "partner_id");
            partner.id()
        });
        let values = json!({
            "model": model, "res_id": id, "body": body, "message_type": "notification",
            "subtype_id": self.reference(subtype).map(|found| found.id), "author_id": author, "date": now(),
        });
        values.as_object().cloned().unwrap_or_default()
    }
}

/// What a method for one record says of none or several.
pub(crate) fn singleton(model: &Model, ids: &[i64]) -> Error {
    Error::value(format!("Expected singleton: {}{}", model.name, tuple(ids)))
}
