//! What records are grouped by.

use serde_json::{Map, Value, json};

use crate::records::error::RecordError;
use crate::records::metadata::Field;
use crate::records::value::readable;
use crate::records::view::{Seen, View};

const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
/// Since then records are grouped by what they point to has.
const PATHS_SINCE: u32 = 19;

/// A part of what groups have in common.
pub(super) struct By {
    /// As it is asked for and told.
    pub(super) name: String,
    field: Field,
    names_are_open: bool,
}

impl View {
    /// What is written so, or what is wrong with it.
    pub(super) async fn by(&self, seen: &Seen, name: &str) -> Result<Result<By, String>, RecordError> {
        let (path, period) = name.split_once(':').unwrap_or((name, ""));
        let (path, mut period) = (path.trim(), period.trim().to_lowercase());
        let target = match self.path(seen, path).await? {
            Ok(target) => target,
            Err(message) => return Ok(Err(message)),
        };
        if let Some((first, _)) = path.split_once('.')
            && seen.field(first).is_some_and(|field| field.kind == "many2one")
            && self.records.odoo.connection().await.map_err(|error| self.failed(error))?.version.major
                < PATHS_SINCE
        {
            return Ok(Err(format!("this Odoo groups by fields of {} itself: group by {first}", seen.model)));
        }
        if let Some(part) = target.first_not(Field::is_column) {
            return Ok(Err(format!("{part} is worked out when it is read, so nothing is grouped by it")));
        }
        let field = target.field;
        let is_time = matches!(field.kind.as_str(), "date" | "datetime");
        if is_time && period.is_empty() {
            // So does Odoo where nothing is said.
            "month".clone_into(&mut period);
        }
        if !(period.is_empty() || is_time && PERIODS.contains(&&*period)) {
            return Ok(Err(format!("takes {} after the : of a date or time", PERIODS.join(", "))));
        }
        if matches!(field.kind.as_str(), "one2many" | "binary" | "image" | "html" | "json") {
            return Ok(Err(format!("records are not grouped by a field of type {}", field.kind)));
        }
        let open = |model: &String| self.rules.names_are_open(model);
        let names_are_open = field.relation.as_ref().is_none_or(open);
        let name = if period.is_empty() { path.to_owned() } else { format!("{path}:{period}") };
        Ok(Ok(By { name, field, names_are_open }))
    }
}

impl By {
    /// The field that is grouped by.
    pub(super) fn path(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// The value of a group; a period is told by its beginning, and what people call it. The group of records that have
    /// none says false, as in Odoo: a sum must say what of.
    pub(super) fn told(&self, group: &Map<String, Value>) -> Value {
        let value = group.get(&self.name).cloned().unwrap_or_default();
        let begins = |at: &str| readable(json!(at), &self.field.kind).unwrap_or_default();
        match (self.field.kind.as_str(), value) {
            ("date" | "datetime", Value::Array(pair)) => match pair.as_slice() {
                [Value::String(from), label] => json!({ "from": begins(from), "label": label }),
                _ => Value::Array(pair),
            },
            ("date" | "datetime", Value::String(label)) => {
                let range = group.get("__range").and_then(|ranges| ranges.get(&self.name));
                match range.and_then(|range| range.get("from")).and_then(Value::as_str) {
                    Some(from) => json!({ "from": begins(from), "label": label }),
                    None => json!(label),
                }
            }
            (_, Value::Array(pair)) => match pair.as_slice() {
                [id, name] if self.names_are_open => json!({ "id": id, "name": name }),
                [id, _] => json!({ "id": id }),
                _ => Value::Array(pair),
            },
            ("selection", Value::String(key)) => {
                let label = self.field.selection.iter().find(|(known, _)| *known == key);
                label.map_or_else(|| json!(key), |(_, label)| json!({ "value": key, "label": label }))
            }
            (kind, value) => readable(value, kind).unwrap_or(Value::Bool(false)),
        }
    }
}
