//! `read` and `fields_get`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::env::{Env, Operation};
use crate::error::{Error, Exception};
use crate::files;
use crate::matching::display_name;
use crate::schema::{Field, Kind, Model};
use crate::search::in_default_order;

impl Env<'_> {
    /// The fields of records that exist, in the order asked for; no fields means all.
    /// `names`: a many2one reads as `[id, name]`.
    pub fn read(
        &self,
        model: &Arc<Model>,
        ids: &[i64],
        fields: &[String],
        names: bool,
    ) -> Result<Vec<Value>, Error> {
        self.may_read(model)?;
        let open = model.fields.iter().filter(|field| !field.forbidden);
        let all = || open.map(|field| field.name.to_string()).collect();
        let fields: Vec<String> = if fields.is_empty() { all() } else { fields.to_vec() };
        let mut slots = Vec::new();
        for name in &fields {
            slots.push((name, model.slot(name).ok_or_else(|| self.unreadable(model, name))?));
        }
        let forbidden = model.fields.iter().filter(|field| field.forbidden);
        if let Some(field) = forbidden.into_iter().find(|field| fields.iter().any(|name| *name == field.name))
        {
            return Err(self.forbidden(model, &field.name));
        }
        self.check_rule(model, ids, Operation::Read)?;
        let record = |id: &i64| {
            let mut record = Map::new();
            record.insert("id".to_owned(), json!(id));
            for (name, slot) in &slots {
                record.insert((*name).clone(), self.cell(model, *id, *slot, names));
            }
            Value::Object(record)
        };
        Ok(ids.iter().filter(|id| self.db.exists(model.name, **id)).map(record).collect())
    }

    fn forbidden(&self, model: &Model, field: &str) -> Error {
        let (uid, of) = (
            self.uid,
            format!("on {} ({}). Please contact your system administrator.", model.title, model.name),
        );
        let text = match self.version() {
            Version::V16 => format!(
                "The requested operation can not be completed due to security restrictions.\n\nDocument type: {} \
                 ({})\nOperation: read\nUser: {uid}\nFields:\n- {field} (always forbidden)",
                model.title, model.name
            ),
            Version::V18 => format!(
                "You do not have enough rights to access the fields \"{field}\" {of}\n\nOperation: read\nUser: {uid}\n\
                 Fields:\n- {field} (always forbidden)"
            ),
            Version::V19 => format!(
                "You do not have enough rights to access the field \"{field}\" {of}\n\nOperation: read\nUser: {uid}\n\
                 Groups: always forbidden"
            ),
        };
        Error::new(Exception::Access, text)
    }

    pub fn unreadable(&self, model: &Model, field: &str) -> Error {
        Error::value(match self.version() {
            Version::V16 | Version::V18 => format!("Invalid field '{field}' on model '{}'", model.name),
            Version::V19 => format!("Invalid field '{field}' on '{}'", model.name),
        })
    }

    /// One value as callers see it.
    pub fn cell(&self, model: &Model, id: i64, slot: usize, names: bool) -> Value {
        let Some(field) = model.fields.get(slot) else { return json!(false) };
        if field.hidden {
            return json!(false);
        }
        let value = self.db.at(model, id, slot);
        match (field.kind, value.as_ref()) {
            (Kind::Binary, Datum::Text(text)) if self.context.flag("bin_size", false) => {
                json!(files::human_size(files::decode(text).map_or(0, |content| content.len())))
            }
            (Kind::Properties(link, definition), value) => {
                self.properties(model, id, link, definition, &value.to_json(&field.kind))
            }
            (Kind::Many2one(other), Datum::Int(target)) if names => self.pair(other, *target),
            (Kind::One2many(other, _) | Kind::Many2many(other), Datum::Ids(ids)) => {
                json!(self.visible(other, ids))
            }
            (kind, value) => value.to_json(&kind),
        }
    }

    /// `[id, name]`.
    pub fn pair(&self, model: &str, id: i64) -> Value {
        match self.db.schema.get(model) {
            Some(model) if self.db.exists(model.name, id) => json!([id, display_name(self.db, model, id)]),
            _ => json!(false),
        }
    }

    /// The related records that are not archived, in their model's order.
    fn visible(&self, model: &str, ids: &[i64]) -> Vec<i64> {
        let Some(model) = self.db.schema.get(model).filter(|_| !ids.is_empty()) else { return Vec::new() };
        let active = model.slot("active").filter(|_| self.context.active_test());
        let is_active = |id: i64| active.is_none_or(|slot| self.db.at(model, id, slot).is_true());
        let shown = ids.iter().copied().filter(|id| self.db.exists(model.name, *id) && is_active(*id));
        in_default_order(self, model, shown.collect())
    }

    /// `fields_get`; no names and no attributes mean all.
    pub fn fields_get(&self, model: &Model, names: &[String], attributes: &[impl AsRef<str>]) -> Value {
        let wanted = model
            .fields
            .iter()
            .filter(|field| !field.forbidden)
            .filter(|field| names.is_empty() || names.iter().any(|name| *name == field.name));
        let described = wanted.map(|field| {
            let mut description = describe(self.version(), field);
            description.retain(|key, _| {
                attributes.is_empty() || attributes.iter().any(|asked| asked.as_ref() == key)
            });
            (field.name.to_string(), Value::Object(description))
        });
        Value::Object(described.collect())
    }
}

/// Worked out in a way that nothing is looked up by.
const UNSEARCHABLE: [&str; 4] = ["lst_price", "avatar_128", "access_url", "product_variant_id"];

fn describe(version: Version, field: &Field) -> Map<String, Value> {
    let sortable = field.kind.is_sortable() && !field.fleeting;
    let mut description = Map::new();
    let mut put = |key: &str, value: Value| description.insert(key.to_owned(), value);
    put("type", json!(field.kind.name()));
    put("name", json!(field.name));
    put("string", json!(field.label));
    put("required", json!(field.required));
    put("readonly", json!(field.readonly));
    put("store", json!(!field.fleeting && !field.inherited));
    put("depends", json!(field.depends));
    if let Some(related) = &field.related {
        put("related", json!(related));
    }
    let is_passed_over = version == Version::V16 && field.name == "display_name" && !sortable;
    put("searchable", json!(!is_passed_over && !UNSEARCHABLE.contains(&field.name.as_ref())));
    put("sortable", json!(sortable));
    if let Some(size) = field.size {
        put("size", json!(size));
    }
    if version >= Version::V18 {
        put("groupable", json!(sortable));
    }
    if let Some(help) = field.help {
        put("help", json!(help));
    }
    match field.kind {
        Kind::Many2one(other) | Kind::Many2many(other) => {
            put("relation", json!(other));
            put("domain", json!([]));
            put("context", json!({}));
        }
        Kind::One2many(other, inverse) => {
            put("relation", json!(other));
            put("relation_field", json!(inverse));
            put("domain", json!([]));
            put("context", json!({}));
        }
        Kind::Selection(options) => {
            put("selection", json!(options));
        }
        Kind::Many2oneReference(of) => {
            put("model_field", json!(of));
        }
        Kind::Binary => {
            put("attachment", json!(true));
        }
        Kind::Properties(link, definition) => {
            put("definition_record", json!(link));
            put("definition_record_field", json!(definition));
        }
        Kind::Float | Kind::Monetary | Kind::Integer => {
            put("aggregator", json!("sum"));
            match field.digits {
                _ if field.name == "expected_revenue" => put("currency_field", json!("company_currency")),
                _ if field.kind == Kind::Monetary => put("currency_field", json!("currency_id")),
                Some(digits) => put("digits", json!([16, digits])),
                None => None,
            };
        }
        _ => {}
    }
    description
}
