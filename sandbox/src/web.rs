//! The nested reads of the web client: `web_read`, `web_search_read` and `web_save`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::Env;
use crate::error::Error;
use crate::matching::display_name;
use crate::methods::Bound;
use crate::schema::{Kind, Model};
use crate::search::Page;

type Specification = Map<String, Value>;

impl Env<'_> {
    /// The fields a specification names, those of related records nested.
    pub fn web_read(
        &self,
        model: &Arc<Model>,
        ids: &[i64],
        specification: &Specification,
    ) -> Result<Vec<Value>, Error> {
        let names: Vec<String> = specification.keys().cloned().collect();
        if names.iter().all(|name| name == "id") {
            return Ok(ids.iter().map(|id| json!({"id": id})).collect());
        }
        let mut records = self.read(model, ids, &names, false)?;
        for (name, wanted) in specification {
            let (Some(field), Some(wanted)) = (model.field(name), wanted.as_object()) else { continue };
            let Some(other) = field.kind.relation().and_then(|other| self.db.schema.get(other)) else {
                continue;
            };
            for value in records.iter_mut().filter_map(|record| record.get_mut(name)) {
                *value = match field.kind {
                    Kind::Many2one(_) => self.web_many2one(other, value, wanted)?,
                    _ => self.web_lines(other, value, wanted)?,
                };
            }
        }
        Ok(records)
    }

    /// The name is told even of a record that may not be read.
    fn web_many2one(
        &self,
        model: &Arc<Model>,
        value: &Value,
        wanted: &Specification,
    ) -> Result<Value, Error> {
        let (Some(id), Some(fields)) = (value.as_i64(), fields(wanted)) else { return Ok(value.clone()) };
        let mut more = fields.clone();
        let named = more.remove("display_name").is_some();
        let mut record = self.web_read(model, &[id], &more)?.pop().unwrap_or(json!(false));
        if let (true, Some(members)) = (named, record.as_object_mut()) {
            members.insert("display_name".to_owned(), json!(display_name(self.db, model, id)));
        }
        Ok(record)
    }

    /// Lines beyond the limit are told by their ids only.
    fn web_lines(&self, model: &Arc<Model>, value: &Value, wanted: &Specification) -> Result<Value, Error> {
        let mut ids = crate::python::ids(value);
        if let Some(order) = wanted.get("order").and_then(Value::as_str).filter(|order| !order.is_empty()) {
            let page = Page { order: Some(order.to_owned()), ..Page::default() };
            ids = self.search(model, &json!([["id", "in", ids]]), &page)?;
        }
        let Some(fields) = fields(wanted) else { return Ok(json!(ids)) };
        let limit = wanted.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let (told, others) = ids.split_at(limit.map_or(ids.len(), |limit| limit.min(ids.len())));
        let mut records = self.web_read(model, told, fields)?;
        records.extend(others.iter().map(|id| json!({"id": id})));
        Ok(Value::Array(records))
    }

    /// `{length, records}`; the length is counted only if there may be more.
    pub fn web_search_read(&self, model: &Arc<Model>, bound: &Bound, page: &Page) -> Result<Value, Error> {
        let domain = bound.get("domain");
        let ids = self.search(model, domain, page)?;
        let records = match self.version() {
            // Fields, not nested.
            Version::V16 => self.read(model, &ids, &bound.names("fields"), true)?,
            _ => self.web_read(model, &ids, &specification(bound))?,
        };
        let read = page.offset + ids.len();
        let length = match bound.count("count_limit") {
            _ if page.limit != Some(ids.len()) => read,
            Some(limit) if limit <= read => read,
            limit => self.count(model, domain)?.min(limit.unwrap_or(usize::MAX)),
        };
        let length = if ids.is_empty() { 0 } else { length };
        Ok(json!({"length": length, "records": records}))
    }

    /// Creates without ids, else writes; then reads.
    pub fn web_save(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        let values = bound.get("vals").as_object().cloned().unwrap_or_default();
        let ids = if bound.ids.is_empty() {
            vec![self.create(model, &values, None)?]
        } else {
            self.write(model, &bound.ids, &values)?;
            bound.ids.clone()
        };
        let next = bound.get("next_id").as_i64();
        self.web_read(model, &next.map_or(ids, |id| vec![id]), &specification(bound)).map(Value::Array)
    }
}

/// The specification a call carries.
pub(crate) fn specification(bound: &Bound) -> Specification {
    bound.get("specification").as_object().cloned().unwrap_or_default()
}

fn fields(wanted: &Specification) -> Option<&Specification> {
    wanted.get("fields").and_then(Value::as_object)
}
