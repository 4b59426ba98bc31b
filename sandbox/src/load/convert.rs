//! From text to values, with Odoo's words for what does not convert.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value, json};

use super::extract::{Place, Record};
use super::{Ready, lines_of};
use crate::env::Env;
use crate::matching::display_name;
use crate::schema::{Field, Kind, Model};
use crate::timezone;

/// A cell that does not convert.
struct Problem {
    message: String,
    more: Option<Value>,
}

impl From<String> for Problem {
    fn from(message: String) -> Self {
        Self { message, more: None }
    }
}

/// Converts the cells of one record and its lines.
pub(super) struct Converter<'a, 'b> {
    env: &'a Env<'b>,
    place: Place,
    /// The field of the record itself in whose lines we are.
    top: Option<(String, String)>,
    /// The labels of the fields that lead to where we are.
    path: Vec<String>,
    pub messages: Vec<Value>,
}

impl<'a, 'b> Converter<'a, 'b> {
    pub fn new(env: &'a Env<'b>, place: Place) -> Self {
        Self { env, place, top: None, path: Vec::new(), messages: Vec::new() }
    }

    pub fn record(&mut self, model: &Model, record: &Record) -> Ready {
        let mut values = Map::new();
        for (name, column, text) in &record.cells {
            let Some(field) = model.field(name).filter(|_| name != "id") else { continue };
            match self.cell(field, column, text) {
                Ok(value) => {
                    values.insert(name.clone(), value);
                }
                Err(problem) => self.report(field, problem),
            }
        }
        let mut lines = Vec::new();
        for (name, records) in &record.lines {
            let Some(field) = model.field(name) else { continue };
            let Some((other, inverse)) = lines_of(model, name) else { continue };
            let Some(other) = self.env.db.schema.get(other) else { continue };
            let top = self.top.clone();
            self.top.get_or_insert_with(|| (name.clone(), field.label.to_string()));
            self.path.push(field.label.to_string());
            let ready = records.iter().map(|record| self.record(other, record)).collect();
            self.path.pop();
            self.top = top;
            lines.push((std::sync::Arc::clone(other), inverse, ready));
        }
        let external_id = record.own("id").map(qualified);
        let id = record.own(".id").and_then(|text| text.parse().ok());
        if let Some(text) = record.own(".id")
            && !id.is_some_and(|id| self.finds(model.name, id))
        {
            self.messages.push(json!({
                "rows": self.place.rows(), "record": self.place.index, "type": "error", "field": ".id",
                "message": format!("Unknown database identifier '{text}'"),
            }));
        }
        Ready { external_id, id, values, lines }
    }

    fn report(&mut self, field: &Field, problem: Problem) {
        let own = || (field.name.to_string(), field.label.to_string());
        let (top, top_label) = self.top.clone().unwrap_or_else(own);
        let path = self.path.iter().map(String::as_str).chain([field.label.as_ref()]);
        let label = path.collect::<Vec<_>>().join("/");
        let mut message = json!({
            "rows": self.place.rows(), "type": "error", "record": self.place.index, "field": top,
            "message": problem.message.replace("%(field)s", &label), "field_name": top_label,
        });
        if let (Some(more), Some(members)) = (problem.more, message.as_object_mut()) {
            members.insert("moreinfo".to_owned(), more);
        }
        self.messages.push(message);
    }

    fn cell(&self, field: &Field, column: &str, text: &str) -> Result<Value, Problem> {
        if text.is_empty() {
            return Ok(if field.kind.is_x2many() { json!([]) } else { json!(false) });
        }
        Ok(match field.kind {
            Kind::Boolean => match text.to_lowercase().as_str() {
                "1" | "true" | "yes" => json!(true),
                _ if is_no(text) => json!(false),
                _ => {
                    return Err(Problem {
                        message: format!("Unknown value '{text}' for boolean field '%(field)s'"),
                        more: Some(json!("Use '1' for yes and '0' for no")),
                    });
                }
            },
            Kind::Integer | Kind::Many2oneReference(_) => match text.trim().parse::<i64>() {
                Ok(number) => json!(number),
                Err(_) => {
                    return Err(
                        format!("'{text}' does not seem to be an integer for field '%(field)s'").into()
                    );
                }
            },
            Kind::Float | Kind::Monetary => match text.trim().parse::<f64>() {
                Ok(number) => json!(number),
                Err(_) => {
                    return Err(format!("'{text}' does not seem to be a number for field '%(field)s'").into());
                }
            },
            Kind::Date => match text.parse::<NaiveDate>() {
                Ok(date) => json!(date.to_string()),
                Err(_) => return Err(not_a_date("date", text, "2012-12-31")),
            },
            Kind::Datetime => self.datetime(text)?,
            Kind::Selection(options) => {
                let found =
                    options.iter().find(|(key, label)| *key == text || label.eq_ignore_ascii_case(text));
                match found {
                    Some((key, _)) => json!(key),
                    None => {
                        let labels: Vec<_> = options.iter().map(|(_, label)| *label).collect();
                        return Err(Problem {
                            message: format!("Value '{text}' not found in selection field '%(field)s'"),
                            more: Some(json!(labels)),
                        });
                    }
                }
            }
            Kind::Many2one(_) if column == ".id" && is_no(text) => json!(false),
            Kind::Many2one(other) => json!(self.target(other, column, text)?),
            Kind::Many2many(other) => {
                let each = text.split(',').map(|text| self.target(other, column, text));
                json!(each.collect::<Result<Vec<_>, _>>()?)
            }
            Kind::Json | Kind::Properties(..) | Kind::PropertiesDefinition => serde_json::from_str(text)
                .map_err(|_| format!("'{text}' does not seem to be a valid JSON for field '%(field)s'"))?,
            Kind::Char | Kind::Text | Kind::Html | Kind::Binary | Kind::Reference | Kind::One2many(..) => {
                json!(text)
            }
        })
    }

    /// A datetime stands in the user's own time zone.
    fn datetime(&self, text: &str) -> Result<Value, Problem> {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
            .map_err(|_| not_a_date("datetime", text, "2012-12-31 23:59:59"))?;
        Ok(json!(timezone::to_utc(local, &self.env.time_zone()).format("%Y-%m-%d %H:%M:%S").to_string()))
    }

    /// Odoo searches for a record's own database id, so the archived and the hidden are not found.
    fn finds(&self, model: &str, id: i64) -> bool {
        let model = self.env.db.schema.get(model);
        model.is_some_and(|model| self.env.finds(model, id).unwrap_or(false))
    }

    /// The record a cell names by external id, database id or name.
    fn target(&self, other: &str, column: &str, text: &str) -> Result<i64, Problem> {
        let db = &self.env.db;
        let (found, by) = match column {
            "id" => {
                let reference = self.env.reference(&qualified(text));
                let found = reference.filter(|found| found.model == other && db.exists(other, found.id));
                (found.map(|found| found.id), "external id")
            }
            ".id" => {
                let id = text.trim().parse::<i64>().map_err(|_| Problem {
                    message: format!("Invalid database id '{text}' for the field '%(field)s'"),
                    more: Some(possible_values(other)),
                })?;
                (Some(id).filter(|id| db.exists(other, *id)), "database id")
            }
            _ => {
                let model = db.schema.get(other);
                let named = |id: &i64| model.is_some_and(|model| display_name(db, model, *id) == text);
                (model.and_then(|model| db.all(model).find(named)), "name")
            }
        };
        found.ok_or_else(|| Problem {
            message: format!("No matching record found for {by} '{text}' in field '%(field)s'"),
            more: Some(if by == "name" { values_of(other) } else { possible_values(other) }),
        })
    }
}

/// Odoo's spellings of `false`.
fn is_no(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "0" | "false" | "no")
}

/// An external id without a module belongs to the import itself.
pub(super) fn qualified(name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("__import__.{name}") }
}

fn not_a_date(kind: &str, text: &str, example: &str) -> Problem {
    Problem {
        message: format!("'{text}' does not seem to be a valid {kind} for field '%(field)s'"),
        more: Some(json!(format!("Use the format '{example}'"))),
    }
}

/// The external ids there are.
fn possible_values(model: &str) -> Value {
    let mut action = values_of("ir.model.data");
    if let Some(members) = action.as_object_mut() {
        members.insert("domain".to_owned(), json!([["model", "=", model]]));
    }
    action
}

/// The records there are.
fn values_of(model: &str) -> Value {
    json!({
        "name": "Possible Values", "type": "ir.actions.act_window", "target": "new",
        "view_mode": "list,form", "views": [[false, "list"], [false, "form"]],
        "context": {"create": false}, "help": "See all possible values", "res_model": model,
    })
}
