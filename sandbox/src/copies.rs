//! `default_get` and `copy`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::{DEFAULT, Env, Operation};
use crate::error::Error;
use crate::methods::Bound;
use crate::rules;
use crate::schema::{Kind, Model};

/// What a copy of an order does not take over; nor does any copy what the system itself writes.
const NOT_COPIED: &[&str] = &[
    "id",
    "create_date",
    "create_uid",
    "write_date",
    "write_uid",
    "state",
    "locked",
    "access_token",
    "date_order",
    "validity_date",
    "client_order_ref",
    "reference",
    "login",
    "barcode",
];

impl Env<'_> {
    /// The values a new record would begin with, of these fields.
    pub fn default_get(&mut self, model: &Arc<Model>, fields: &[String]) -> Result<Value, Error> {
        self.check_rights(model, Operation::Create)?;
        let mut values = Map::new();
        for field in &model.fields {
            let given = self.context.0.get(&format!("{DEFAULT}{}", field.name)).cloned();
            let own = Some(field.default.to_json(&field.kind)).filter(|_| !field.default.is_empty());
            if let Some(value) = given.or(own) {
                values.insert(field.name.to_string(), value);
            }
        }
        self.as_system(|env| rules::defaults(env, model, &mut values))?;
        values.retain(|name, value| fields.contains(name) && !value.is_null());
        Ok(Value::Object(values))
    }

    /// Copies records: `[id, …]`; on 16, which copies one, its id.
    pub fn copy(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        self.check_exist(model, &bound.ids)?;
        self.check_rule(model, &bound.ids, Operation::Read)?;
        let mut made = Vec::new();
        for id in &bound.ids {
            let mut values = self.copied(model, *id);
            values.extend(bound.get("default").as_object().cloned().unwrap_or_default());
            made.push(self.create(model, &values, None)?);
        }
        match (self.version(), made.as_slice()) {
            (Version::V16, [only]) => Ok(json!(only)),
            _ => Ok(json!(made)),
        }
    }

    fn copied(&self, model: &Model, id: i64) -> Map<String, Value> {
        let mut values = Map::new();
        for field in &model.fields {
            let name = field.name.as_ref();
            let value = self.db.value(model, id, name);
            match field.kind {
                _ if NOT_COPIED.contains(&name) || model.inherits == Some(name) || value.is_empty() => {}
                Kind::One2many(lines, inverse) if name == "order_line" => {
                    let Some(lines) = self.db.schema.get(lines) else { continue };
                    let line = |line: &i64| {
                        let mut values = self.copied(lines, *line);
                        values.remove(inverse);
                        json!([0, 0, values])
                    };
                    values.insert(name.to_owned(), value.ids().iter().map(line).collect());
                }
                Kind::Many2many(_) if field.is_stored() || field.inherited => {
                    values.insert(name.to_owned(), json!([[6, 0, value.ids()]]));
                }
                Kind::Char if name == "name" && model.name == "sale.order" => {}
                Kind::Char if name == "name" => {
                    let text = format!("{} (copy)", value.as_str().unwrap_or_default());
                    values.insert(name.to_owned(), json!(text));
                }
                _ if field.is_stored() || field.inherited => {
                    values.insert(name.to_owned(), value.to_json(&field.kind));
                }
                _ => {}
            }
        }
        values
    }
}
