//! What the lists of a record point to, by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::join_all;
use serde_json::{Map, Value, json};

use super::error::RecordError;
use super::search::{bin_size, specified};
use super::told::Fields;
use super::view::{Seen, View};
use crate::odoo::{OdooError, Record};

/// So many of a list are told by name, the others by their ids alone.
const NAMED: usize = 20;

impl View {
    /// These fields of one record, if it is there; what its lists point to is told by name, as far as that is open. Where Odoo
    /// reads what is nested, that is one call; before 17, or where it lets some of it not be read, one more for each model.
    pub(super) async fn read_with_lists(
        &self,
        seen: &Seen,
        id: i64,
        names: &[String],
    ) -> Result<Option<Fields>, RecordError> {
        let fields = self.with_currencies(seen, names);
        let lists = self.open_lists(seen, &fields);
        if lists.is_empty() {
            return Ok(self.read_as(seen, &[id], names).await?.pop());
        }
        let odoo = self.records.odoo.with_context(&bin_size());
        let version = odoo.connection().await.map_err(|error| self.failed(error))?.version;
        let nested = match version.has_web_read() {
            true => {
                let wanted = fields.iter().map(|name| {
                    let wanted = match lists.contains_key(name) {
                        true => json!({ "fields": { "display_name": {} }, "limit": NAMED }),
                        false => seen.field(name).map_or(json!({}), specified),
                    };
                    ((*name).to_owned(), wanted)
                });
                match odoo.web_read(&seen.model, &[id], wanted.collect()).await {
                    Err(OdooError::AccessError(_)) => None,
                    Err(OdooError::MissingRecord(_)) => return Ok(None),
                    read => Some(read.map_err(|error| self.failed_on(&seen.model, error))?.pop()),
                }
            }
            false => None,
        };
        let record = match nested {
            Some(record) => record.map(Record::into_map),
            None => {
                let read = odoo.read_one(&seen.model, id, &fields).await;
                let mut record =
                    read.map_err(|error| self.failed_on(&seen.model, error))?.map(Record::into_map);
                if let Some(record) = &mut record {
                    self.name_lists(record, &lists).await;
                }
                record
            }
        };
        Ok(record.map(|record| self.told(seen, names, record)))
    }

    /// The fields that hold lists of records whose names may be told, and their models.
    fn open_lists<'a>(&self, seen: &'a Seen, fields: &[&'a str]) -> BTreeMap<&'a str, &'a str> {
        let list = |name: &&'a str| {
            let field = seen.field(name)?;
            let is_list = matches!(field.kind.as_str(), "one2many" | "many2many");
            let model = field.relation.as_deref().filter(|it| is_list && self.rules.names_are_open(it))?;
            Some((*name, model))
        };
        fields.iter().filter_map(list).collect()
    }

    /// Puts names beside the ids, where Odoo tells them: what it does not is no reason to tell nothing.
    async fn name_lists(&self, record: &mut Map<String, Value>, lists: &BTreeMap<&str, &str>) {
        let mut wanted: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for (field, model) in lists {
            let ids = record.get(*field).and_then(Value::as_array).into_iter().flatten();
            wanted.entry(model).or_default().extend(ids.take(NAMED).filter_map(Value::as_i64));
        }
        wanted.retain(|_, ids| !ids.is_empty());
        let named = wanted.into_iter().map(async |(model, ids)| {
            let ids: Vec<i64> = ids.into_iter().collect();
            let read = self.records.odoo.read(model, &ids, &["display_name"]).await.unwrap_or_default();
            let named =
                read.into_iter().filter_map(|one| Some((one.id().ok()?, Value::from(one.into_map()))));
            (model, named.collect::<HashMap<i64, Value>>())
        });
        let named: HashMap<&str, HashMap<i64, Value>> = join_all(named).await.into_iter().collect();
        for (field, model) in lists {
            let Some(Value::Array(ids)) = record.get_mut(*field) else { continue };
            for id in ids.iter_mut().take(NAMED) {
                let known = id.as_i64().and_then(|id| named.get(model)?.get(&id));
                *id = known.cloned().unwrap_or_else(|| id.take());
            }
        }
    }
}
