//! Values as `load` takes them: a column and a cell for each, and what cells cannot say as a default.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::checked::{Checked, Meant, Resolve, look_up, mean};
use super::error::RecordError;
use super::metadata::Field;
use super::reference::{Reference, Unresolved};
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::input::{FieldError, integer_of};

/// Before, an import knows no properties.
const IMPORTS_PROPERTIES: u32 = 18;
/// Records within records, at most.
const DEEPEST: usize = 3;

/// A new record's values as they are sent.
#[derive(Default)]
pub(super) struct Cells {
    /// `partner_id/.id`, `7`
    pub(super) cells: Vec<(String, String)>,
    /// `default_child_ids`
    pub(super) defaults: Map<String, Value>,
    /// To tell afterwards what Odoo took otherwise.
    pub(super) checked: Vec<Checked>,
}

/// What a field takes of a new record.
enum Cell {
    Text(String),
    Linked(String),
    Default(Value),
}

impl View {
    /// The values of a new record, or what is wrong with each that cannot be.
    pub(super) async fn cells(&self, seen: &Seen, values: &Map<String, Value>) -> Result<Cells, RecordError> {
        let version = self.records.odoo.connection().await.map_err(|error| self.failed(error))?.version.major;
        let (mut cells, mut errors) = (Cells::default(), Vec::new());
        for (name, value) in values {
            let wrong = |message: String| FieldError { path: format!("values.{name}"), message };
            let Some(field) = seen.field(name) else {
                errors.push(wrong(seen.unknown(name)));
                continue;
            };
            let cell = match field.kind.as_str() {
                "one2many" => {
                    let path = format!("values.{name}");
                    self.lines(field, value, &path, 1).await?.map(|(lines, bad)| {
                        errors.extend(bad);
                        Cell::Default(lines)
                    })
                }
                "properties" if version < IMPORTS_PROPERTIES => {
                    Err("Odoo before 18 makes no record with these: leave them out, and set them in Odoo"
                        .to_owned())
                }
                _ => match special(field, value) {
                    Some(cell) => cell,
                    None => match self.plain(name, field, value).await? {
                        Ok(checked) => {
                            let cell = written(field, &checked.value);
                            cells.checked.push(checked);
                            cell
                        }
                        Err(error) => Err(error.message),
                    },
                },
            };
            match cell {
                Ok(Cell::Text(text)) => cells.cells.push((name.clone(), text)),
                Ok(Cell::Linked(ids)) => cells.cells.push((format!("{name}/.id"), ids)),
                Ok(Cell::Default(value)) => drop(cells.defaults.insert(format!("default_{name}"), value)),
                Err(message) => errors.push(wrong(message)),
            }
        }
        match errors.is_empty() {
            true => Ok(cells),
            false => Err(RecordError::Invalid { errors, code: "invalid_value" }),
        }
    }

    async fn plain(
        &self,
        name: &str,
        field: &Field,
        value: &Value,
    ) -> Result<Result<Checked, FieldError>, RecordError> {
        let meant = match mean(field, value) {
            // A new record holds nothing yet: what is linked to it is all of it.
            Ok(Meant::Many { add, remove, .. }) if remove.is_empty() => {
                Meant::Many { set: true, add, remove }
            }
            Ok(meant) => meant,
            Err(message) => return Ok(Err(FieldError { path: format!("values.{name}"), message })),
        };
        if let Meant::Many { set: false, .. } = meant {
            let message = "must be a list of ids, such as [1, 2], or of names".to_owned();
            return Ok(Err(FieldError { path: format!("values.{name}"), message }));
        }
        let found = look_up(self, name, field, meant).await.map_err(|error| self.failed(error))?;
        Ok(found.map_err(|(error, _)| error))
    }

    /// Records that are made with the one that they belong to, as commands, and what is wrong with them.
    async fn lines(
        &self,
        field: &Field,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Result<(Value, Vec<FieldError>), String>, RecordError> {
        // Each as such, or by Odoo's command that makes it.
        let object = |line: &Value| match line.as_array().map(Vec::as_slice) {
            Some([code, _, values]) if integer_of(code) == Some(0) => values.as_object().cloned(),
            _ => line.as_object().cloned(),
        };
        let objects = |value: &Value| -> Option<Vec<Map<String, Value>>> {
            value.as_array()?.iter().map(object).collect()
        };
        let (Some(lines), Some(relation)) = (objects(value).filter(|_| depth <= DEEPEST), &field.relation)
        else {
            return Ok(Err("must be a list of the records to make, such as [{\"name\": \"…\"}]".to_owned()));
        };
        if let Err(closed) = self.rules.allow(relation, Verb::Create) {
            return Ok(Err(closed.to_string()));
        }
        let seen = self.see(relation, Verb::Create).await?;
        let (mut commands, mut errors) = (Vec::new(), Vec::new());
        for (number, line) in lines.iter().enumerate() {
            self.may_make_through(&seen, line).await?;
            let mut values = Map::new();
            for (name, value) in line {
                let path = format!("{path}[{number}].{name}");
                let Some(field) = seen.field(name) else {
                    errors.push(FieldError { path, message: seen.unknown(name) });
                    continue;
                };
                let sent = match field.kind.as_str() {
                    "one2many" => match Box::pin(self.lines(field, value, &path, depth + 1)).await? {
                        Ok((lines, bad)) => {
                            errors.extend(bad);
                            Ok(lines)
                        }
                        Err(message) => Err(message),
                    },
                    "json" | "properties" => Ok(value.clone()),
                    _ => self
                        .plain(name, field, value)
                        .await?
                        .map(|checked| checked.value)
                        .map_err(|it| it.message),
                };
                match sent {
                    Ok(value) => drop(values.insert(name.clone(), value)),
                    Err(message) => errors.push(FieldError { path, message }),
                }
            }
            commands.push(json!([0, 0, values]));
        }
        Ok(Ok((commands.into(), errors)))
    }
}

/// Of a closed model nothing is looked up: not what is called so, and not whether an id is there.
impl Resolve for View {
    async fn id_of(&self, model: &str, reference: &Reference) -> Result<i64, Unresolved> {
        match (self.rules.is_asked_by_text(model), reference) {
            (false, Reference::Id(id)) => Ok(*id),
            (false, Reference::Name(_)) => Err(Unresolved::ById(model.to_owned())),
            (true, reference) => self.records.resolve(model, reference).await.map(|named| named.id),
        }
    }
}

/// Types that only new records take.
fn special(field: &Field, value: &Value) -> Option<Result<Cell, String>> {
    let text = value.as_str().map(str::trim);
    Some(match field.kind.as_str() {
        "binary" | "image" => match text.filter(|text| STANDARD.decode(text).is_ok()) {
            Some(base64) => Ok(Cell::Text(base64.to_owned())),
            None => Err("must be a file in Base64".to_owned()),
        },
        "reference" => match text.and_then(|text| text.split_once(',')) {
            Some((model, id)) if id.parse::<u32>().is_ok() => Ok(Cell::Text(format!("{model},{id}"))),
            _ => Err("must be a model and an id, such as res.partner,1".to_owned()),
        },
        "many2one_reference" => match integer_of(value) {
            Some(id) => Ok(Cell::Text(id.to_string())),
            None => Err("must be an id".to_owned()),
        },
        "json" | "properties" => Ok(Cell::Text(value.to_string())),
        "properties_definition" => Ok(Cell::Default(value.clone())),
        _ => return None,
    })
}

/// A value that a field takes, as text.
fn written(field: &Field, value: &Value) -> Result<Cell, String> {
    let ids = |value: &Value| {
        let ids = value.as_array().into_iter().flatten().map(Value::to_string);
        ids.collect::<Vec<_>>().join(",")
    };
    Ok(match (field.kind.as_str(), value) {
        ("boolean", Value::Bool(true)) => Cell::Text("1".to_owned()),
        ("boolean", _) => Cell::Text("0".to_owned()),
        ("many2one", Value::Bool(false)) => Cell::Linked(String::new()),
        ("many2one", id) => Cell::Linked(id.to_string()),
        ("many2many", commands) => Cell::Linked(commands.pointer("/0/2").map(ids).unwrap_or_default()),
        (_, Value::Bool(false)) => Cell::Text(String::new()),
        (_, Value::String(text)) => Cell::Text(text.clone()),
        (_, value) => Cell::Text(value.to_string()),
    })
}
