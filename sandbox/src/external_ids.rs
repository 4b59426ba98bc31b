//! External ids: the rows of `ir.model.data`.

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
        let data = self.model("ir.model.data")?;
        self.as_system(|env| env.create(&data, &values, None)).map(drop)
    }

    /// Frees the external ids of a record that is gone.
    pub fn forget_external_ids(&mut self, model: &Model, id: i64) {
        let Some(data) = self.db.schema.get("ir.model.data").cloned() else { return };
        for row in self.db.pointing(&data, "res_id", id) {
            if self.db.value(&data, row, "model").as_str() == Some(model.name) {
                self.db.put(&data, row, None);
            }
        }
    }

    /// `check_object_reference`: the id only if a search finds the record.
    pub fn check_object_reference(&self, arguments: &Map<String, Value>) -> Result<Value, Error> {
        let text = |key: &str| arguments.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{}.{}", text("module"), text("xml_id"));
        let found = self.reference(&name).filter(|found| self.db.exists(&found.model, found.id));
        let Some(found) = found else {
            return Err(Error::value(format!("External ID not found in the system: {name}")));
        };
        let model = self.model(&found.model)?;
        let id = if self.finds(&model, found.id)? { json!(found.id) } else { json!(false) };
        Ok(json!([found.model, id]))
    }
}
