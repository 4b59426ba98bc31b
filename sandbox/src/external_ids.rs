//! External ids: the rows of `ir.model.data`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::env::Env;
use crate::error::Error;
use crate::schema::Model;
use crate::store::Key;

/// What an external id stands for.
pub(crate) struct Reference {
    pub row: i64,
    pub model: String,
    pub id: i64,
    pub noupdate: bool,
}

impl Env<'_> {
    /// What an external id `module.name` stands for, whether or not the record still exists.
    pub fn reference(&self, name: &str) -> Option<Reference> {
        let data = self.db.schema.get("ir.model.data")?;
        let key = Key::Text(name.into());
        let row = *self.db.indexed(data, data.slot("complete_name")?, key)?.first()?;
        Some(Reference {
            row,
            model: self.db.value(data, row, "model").as_str()?.to_owned(),
            id: self.db.value(data, row, "res_id").id()?,
            noupdate: self.db.value(data, row, "noupdate").is_true(),
        })
    }

    /// Gives a record an external id.
    pub fn name_record(&mut self, name: &str, model: &Model, id: i64, noupdate: bool) -> Result<(), Error> {
        let (module, local) = name.split_once('.').unwrap_or(("", name));
        let values = json!({
            "module": module, "name": local, "model": model.name, "res_id": id, "noupdate": noupdate,
        });
        let values = values.as_object().cloned().unwrap_or_default();
        self.db.cached_ids.remove(name);
        let data = self.model("ir.model.data")?;
        self.as_system(|env| env.create(&data, &values, None)).map(drop)
    }

    /// The rows of a record's external ids, the oldest first, with name and whether it may not be updated.
    pub fn external_ids_of(&self, model: &Model, id: i64) -> Vec<(i64, String, bool)> {
        let Some(data) = self.db.schema.get("ir.model.data") else { return Vec::new() };
        let rows = self.db.pointing(data, "res_id", id).into_iter();
        let mine = rows.filter(|row| self.db.value(data, *row, "model").as_str() == Some(model.name));
        mine.map(|row| {
            let name = self.db.value(data, row, "complete_name").as_str().unwrap_or_default().to_owned();
            (row, name, self.db.value(data, row, "noupdate").is_true())
        })
        .collect()
    }

    /// Frees the external ids of a record that is gone.
    pub fn forget_external_ids(&mut self, model: &Model, id: i64) {
        let Some(data) = self.db.schema.get("ir.model.data").cloned() else { return };
        for (row, ..) in self.external_ids_of(model, id) {
            self.db.put(&data, row, None);
        }
    }

    /// `get_metadata`: who made and changed records, when, and their external ids.
    pub fn get_metadata(&self, model: &Arc<Model>, ids: &[i64]) -> Result<Value, Error> {
        let fields = ["create_uid", "create_date", "write_uid", "write_date"].map(str::to_owned);
        let mut records = self.read(model, ids, &fields, true)?;
        for record in records.iter_mut().filter_map(Value::as_object_mut) {
            let id = record.get("id").and_then(Value::as_i64).unwrap_or_default();
            let names = self.external_ids_of(model, id);
            let first = names.first();
            record.insert("xmlid".to_owned(), first.map_or(json!(false), |(_, name, _)| json!(name)));
            record.insert("noupdate".to_owned(), json!(first.is_some_and(|(.., noupdate)| *noupdate)));
            let all = names.iter().map(|(_, name, noupdate)| json!({"xmlid": name, "noupdate": noupdate}));
            record.insert("xmlids".to_owned(), all.collect());
        }
        Ok(Value::Array(records))
    }

    /// `check_object_reference`: the id only if a search finds the record, which may be gone or hidden.
    pub fn check_object_reference(&self, arguments: &Map<String, Value>) -> Result<Value, Error> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{}.{}", text("module"), text("xml_id"));
        let Some(found) = self.reference(&name) else {
            return match self.db.cached_ids.get(&name) {
                Some(model) => Ok(json!([model, false])),
                None => Err(Error::value(format!("External ID not found in the system: {name}"))),
            };
        };
        let model = self.model(&found.model)?;
        let id = if self.finds(&model, found.id)? { json!(found.id) } else { json!(false) };
        Ok(json!([found.model, id]))
    }

    /// Loses the record behind an external id and what hangs on it; the cache goes on knowing the ids.
    pub fn lose(&mut self, name: &str) -> Result<(), Error> {
        let data = self.model("ir.model.data")?;
        let Some(found) = self.reference(name) else { return Ok(()) };
        let model = self.model(&found.model)?;
        self.remove(&model, found.id)?;
        for row in self.db.all(&data).collect::<Vec<_>>() {
            let text = |field: &str| self.db.value(&data, row, field).as_str().unwrap_or_default().to_owned();
            let (name, of) = (text("complete_name"), text("model"));
            let id = self.db.value(&data, row, "res_id").id().unwrap_or_default();
            if !self.db.exists(&of, id) {
                self.db.put(&data, row, None);
                self.db.cached_ids.insert(name, of);
            }
        }
        Ok(())
    }
}
