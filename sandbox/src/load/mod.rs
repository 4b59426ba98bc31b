//! `load`, Odoo's import method: creates or updates records by external id, all or nothing.

mod convert;
mod extract;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::Env;
use crate::error::{Error, Exception};
use crate::python;
use crate::schema::{Kind, Model};

use convert::{Converter, qualified};
use extract::Place;

/// A record ready to be written: `lines` are its one2many fields.
struct Ready {
    external_id: Option<String>,
    id: Option<i64>,
    values: Map<String, Value>,
    lines: Vec<(Arc<Model>, &'static str, Vec<Ready>)>,
}

impl Env<'_> {
    /// Loads rows; `started` is when the call began, for races with other calls.
    pub fn load(
        &mut self,
        model: &Arc<Model>,
        arguments: &Map<String, Value>,
        started: u64,
    ) -> Result<Value, Error> {
        let columns = extract::columns(self, model, arguments.get("fields"))?;
        let rows = extract::rows(arguments.get("data"), columns.len())?;
        let records = extract::records(self, model, &columns, &rows);
        let savepoint = self.db.savepoint();
        let mut messages: Vec<Value> = Vec::new();
        let mut ids = Vec::new();
        let mut written = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let place = Place { index, ..record.place };
            if record.external_ids().any(|name| self.db.races.lost(&qualified(name), started)) {
                messages.push(problem(place, self.db.server_language.conflict()));
                continue;
            }
            let mut converter = Converter::new(self, place);
            let ready = converter.record(model, record);
            let problems = converter.messages;
            if !problems.is_empty() {
                messages.extend(problems);
                continue;
            }
            let before = self.db.savepoint();
            match self.apply(model, ready, &mut written) {
                Ok(id) => ids.push(id),
                Err(error) => {
                    self.db.rollback(before);
                    messages.push(describe(self.version(), model, place, &error));
                }
            }
        }
        if !messages.is_empty() {
            self.db.rollback(savepoint);
            for text in messages.iter_mut().filter_map(|message| message.get_mut("message")) {
                *text = json!(self.db.language.says(text.as_str().unwrap_or_default()));
            }
            return Ok(json!({"ids": false, "messages": messages, "nextrow": 0}));
        }
        for name in &written {
            self.db.races.won(name);
        }
        Ok(json!({"ids": ids, "messages": [], "nextrow": 0}))
    }

    /// Writes a record and its lines, and tells the external ids this concerned.
    fn apply(&mut self, model: &Arc<Model>, ready: Ready, written: &mut Vec<String>) -> Result<i64, Error> {
        let known = match &ready.external_id {
            Some(name) => self.known(model, name)?,
            None => ready.id.map(|id| (id, false)),
        };
        let update = self.context.text("mode") == Some("update");
        let id = match known {
            Some((id, true)) if update => return Ok(id),
            Some((id, _)) => {
                self.write(model, &[id], &ready.values)?;
                id
            }
            None if update && ready.external_id.is_none() => {
                return Err(Error::validation("Cannot update a record without specifying its id or xml_id"));
            }
            None => {
                let id = self.create(model, &ready.values, None)?;
                if let Some(name) = &ready.external_id {
                    let noupdate = self.context.flag("noupdate", false);
                    self.name_record(name, model, id, noupdate)?;
                }
                id
            }
        };
        written.extend(ready.external_id);
        for (other, inverse, lines) in ready.lines {
            for mut line in lines {
                line.values.insert(inverse.to_owned(), json!(id));
                self.apply_line(&other, line, written)?;
            }
        }
        Ok(id)
    }

    /// A line is always written: only its parent's external id can protect it.
    fn apply_line(
        &mut self,
        model: &Arc<Model>,
        line: Ready,
        written: &mut Vec<String>,
    ) -> Result<(), Error> {
        let mode = self.context.0.remove("mode");
        let applied = self.apply(model, line, written);
        if let Some(mode) = mode {
            self.context.0.insert("mode".to_owned(), mode);
        }
        applied.map(drop)
    }

    /// The record behind an external id and whether it may not be updated; `None`: to be created.
    fn known(&mut self, model: &Model, name: &str) -> Result<Option<(i64, bool)>, Error> {
        let Some(found) = self.reference(name) else { return Ok(None) };
        if found.model != model.name {
            return Err(Error::validation(format!(
                "For external id {name} when trying to create/update a record of model {} found record of \
                 different model {} ({})",
                model.name, found.model, found.row
            )));
        }
        if self.db.exists(model.name, found.id) {
            return Ok(Some((found.id, found.noupdate)));
        }
        self.forget_external_ids(model, found.id);
        Ok(None)
    }
}

fn problem(place: Place, message: &str) -> Value {
    json!({"rows": place.rows(), "record": place.index, "type": "error", "message": message})
}

fn describe(version: Version, model: &Model, place: Place, error: &Error) -> Value {
    if let Some(missing) = &error.missing_value {
        if missing.model != model.name {
            return problem(place, &missing.below(version, model));
        }
        let mut message = problem(place, &missing.message);
        if let Some(members) = message.as_object_mut() {
            members.insert("field".to_owned(), json!(missing.field));
        }
        return message;
    }
    match error.exception {
        Exception::User | Exception::Validation | Exception::Missing | Exception::Access => {
            problem(place, &error.message)
        }
        _ => {
            let class = error.class().trim_start_matches("builtins.");
            let text = format!("Unknown error during import: <class '{class}'>: {}", error.message);
            let mut message = problem(place, &text);
            if let Some(members) = message.as_object_mut() {
                members.insert("moreinfo".to_owned(), json!("Resolve other errors first"));
            }
            message
        }
    }
}

/// Whether a field's columns are lines of their own.
fn lines_of(model: &Model, field: &str) -> Option<(&'static str, &'static str)> {
    match model.field(field)?.kind {
        Kind::One2many(other, inverse) => Some((other, inverse)),
        _ => None,
    }
}

/// A cell as text; `false` and nothing are empty.
fn cell(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        other => python::text(other),
    }
}
