//! Activities: what somebody has to do about a record, and by when.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::Utc;
use serde_json::{Map, Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::env::{Env, Operation};
use crate::error::Error;
use crate::methods::Bound;
use crate::python;
use crate::schema::{Kind, Model};
use crate::store::Database;

pub(crate) use crate::files::document_name;

/// `overdue`, `today` or `planned`.
pub(crate) fn state(db: &Database, model: &Model, id: i64) -> Datum {
    let today = Utc::now().format("%Y-%m-%d").to_string();
    let deadline = db.value(model, id, "date_deadline");
    let Some(deadline) = deadline.as_str() else { return Datum::Empty };
    Datum::text(match deadline.cmp(today.as_str()) {
        _ if !db.value(model, id, "active").is_true() => "done",
        Ordering::Less => "overdue",
        Ordering::Equal => "today",
        Ordering::Greater => "planned",
    })
}

/// A field of the open activity of a record that is due first.
fn next(db: &Database, model: &Model, id: i64, field: &str) -> Datum {
    let Some(activities) = db.schema.get("mail.activity") else { return Datum::Empty };
    let lines = db.lines(model, id, activities, "res_id").into_iter();
    let open = lines.filter(|line| db.value(activities, *line, "active").is_true());
    let due = |line: &i64| db.value(activities, *line, "date_deadline").as_str().map(str::to_owned);
    let first = open.min_by_key(|line| (due(line), *line));
    first.map_or(Datum::Empty, |line| db.value(activities, line, field).into_owned())
}

pub(crate) fn state_of_document(db: &Database, model: &Model, id: i64) -> Datum {
    next(db, model, id, "state")
}

pub(crate) fn next_summary(db: &Database, model: &Model, id: i64) -> Datum {
    next(db, model, id, "summary")
}

pub(crate) fn next_deadline(db: &Database, model: &Model, id: i64) -> Datum {
    next(db, model, id, "date_deadline")
}

pub(crate) fn next_user(db: &Database, model: &Model, id: i64) -> Datum {
    next(db, model, id, "user_id")
}

pub(crate) fn next_type(db: &Database, model: &Model, id: i64) -> Datum {
    next(db, model, id, "activity_type_id")
}

impl Env<'_> {
    /// `activity_schedule`: an activity for each record.
    pub fn activity_schedule(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        self.check_exist(model, &bound.ids)?;
        self.check_rule(model, &bound.ids, Operation::Read)?;
        let activities = self.model("mail.activity")?;
        let named = bound.get("act_type_xmlid").as_str().filter(|name| !name.is_empty());
        let kind = match named {
            Some(name) => match self.reference(name).filter(|found| found.model == "mail.activity.type") {
                Some(found) => Some(found.id),
                None => return Err(Error::value(format!("External ID not found in the system: {name}"))),
            },
            None => bound.get("activity_type_id").as_i64(),
        };
        let mut made = Vec::new();
        for id in &bound.ids {
            let mut values = Map::new();
            for field in ["summary", "note", "date_deadline", "user_id"] {
                if python::truthy(bound.get(field)) {
                    values.insert(field.to_owned(), bound.get(field).clone());
                }
            }
            values.insert("activity_type_id".to_owned(), json!(kind));
            values.insert("res_model".to_owned(), json!(model.name));
            values.insert("res_id".to_owned(), json!(id));
            made.push(self.create(&activities, &values, None)?);
        }
        Ok(match self.version() {
            Version::V16 | Version::V18 => json!(format!("mail.activity{}", tuple(&made))),
            Version::V19 => json!(made),
        })
    }

    /// `action_feedback`: the activities are done, which a message tells; the answer is its id.
    pub fn action_feedback(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        self.check_exist(model, &bound.ids)?;
        self.check_rule(model, &bound.ids, Operation::Write)?;
        let messages = self.model("mail.message")?;
        let text = |value: &Datum| value.as_str().unwrap_or_default().to_owned();
        let mut posted = None;
        for id in &bound.ids {
            let read = |field: &str| self.db.value(model, *id, field).into_owned();
            let kind = match (read("activity_type_id").id(), self.db.schema.get("mail.activity.type")) {
                (Some(kind), Some(kinds)) => crate::matching::display_name(self.db, kinds, kind),
                _ => String::new(),
            };
            let feedback = bound.get("feedback").as_str().unwrap_or_default();
            let told = if feedback.is_empty() { String::new() } else { crate::datum::paragraph(feedback) };
            let summary = text(&read("summary"));
            let body = format!("<div><p><span>{kind}</span> done: <span>{summary}</span></p>{told}</div>");
            let values =
                self.message(&text(&read("res_model")), read("res_id").id(), &body, "mail.mt_activities");
            posted = Some(self.as_system(|env| env.create(&messages, &values, None))?);
        }
        match self.version() {
            Version::V16 | Version::V18 => self.as_system(|env| env.unlink(model, &bound.ids))?,
            Version::V19 => {
                let today = Utc::now().format("%Y-%m-%d").to_string();
                let done = json!({"active": false, "date_done": today});
                self.write(model, &bound.ids, done.as_object().unwrap_or(&Map::new()))?;
            }
        }
        Ok(posted.map_or(json!(false), |id| json!(id)))
    }
}

/// Ids as Python writes a tuple.
pub(crate) fn tuple(ids: &[i64]) -> String {
    match ids {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The default deadline and owner of an activity; from 19 on nobody has it.
pub(crate) fn defaults(env: &Env<'_>, values: &mut Map<String, Value>) {
    let today = || json!(Utc::now().format("%Y-%m-%d").to_string());
    values.entry("date_deadline").or_insert_with(today);
    if env.version() != Version::V19 {
        values.entry("user_id").or_insert(json!(env.uid));
    }
    // The web client names the model by its id.
    if let Some(model) = values.remove("res_model_id").and_then(|id| id.as_i64())
        && let Some(models) = env.db.schema.get("ir.model")
    {
        let name = env.db.value(models, model, "model").to_json(&Kind::Char);
        values.entry("res_model").or_insert(name);
    }
}
