//! Properties: fields that users add to the records below another one, such as the leads of a team.

use serde_json::{Map, Value};

use crate::env::Env;
use crate::schema::{Kind, Model};

/// The values by name, whether they come so or with their definitions.
pub(crate) fn values(given: &Value) -> Option<Value> {
    match given {
        Value::Object(_) => Some(given.clone()),
        Value::Array(properties) => {
            let named = properties.iter().map(|property| {
                let name = property.get("name")?.as_str()?.to_owned();
                Some((name, property.get("value").cloned().unwrap_or(Value::Bool(false))))
            });
            named.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}

impl Env<'_> {
    /// The properties of a record: those its parent defines, each with the record's value.
    pub fn properties(&self, model: &Model, id: i64, link: &str, definition: &str, values: &Value) -> Value {
        let parent = model.field(link).and_then(|field| self.db.schema.get(field.kind.relation()?));
        let target = self.db.value(model, id, link).id();
        let Some((parent, target)) = parent.zip(target) else { return Value::Array(Vec::new()) };
        let defined = self.db.value(parent, target, definition).to_json(&Kind::PropertiesDefinition);
        let mut properties = defined.as_array().cloned().unwrap_or_default();
        for property in properties.iter_mut().filter_map(Value::as_object_mut) {
            let name = property.get("name").and_then(Value::as_str).unwrap_or_default();
            let own = values.get(name).or(property.get("default")).cloned();
            property.insert("value".to_owned(), own.unwrap_or(Value::Bool(false)));
        }
        Value::Array(properties)
    }
}
