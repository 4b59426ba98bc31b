//! A record as Odoo returns it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::OdooError;

/// The fields of one record. Odoo writes `false` where a field is empty; here that is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Record(Map<String, Value>);

impl Record {
    /// The record's database id.
    pub fn id(&self) -> Result<i64, OdooError> {
        self.int("id")?.ok_or_else(|| self.wrong("id", "a record id"))
    }

    /// The value as Odoo sent it, unless the field is empty or was not read.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !matches!(value, Value::Null | Value::Bool(false)))
    }

    /// A text, selection, date or datetime field.
    pub fn text(&self, field: &str) -> Result<Option<&str>, OdooError> {
        self.typed(field, "a text", Value::as_str)
    }

    /// An integer field.
    pub fn int(&self, field: &str) -> Result<Option<i64>, OdooError> {
        self.typed(field, "an integer", Value::as_i64)
    }

    /// A float or monetary field.
    pub fn float(&self, field: &str) -> Result<Option<f64>, OdooError> {
        self.typed(field, "a number", Value::as_f64)
    }

    /// A boolean field; one that was not read is `false`.
    pub fn bool(&self, field: &str) -> Result<bool, OdooError> {
        Ok(self.typed(field, "a boolean", Value::as_bool)?.unwrap_or(false))
    }

    /// A many2one field: the id and name of the record it points to.
    pub fn many2one(&self, field: &str) -> Result<Option<(i64, &str)>, OdooError> {
        self.typed(field, "a record's id and name", id_and_name)
    }

    /// A one2many or many2many field: the ids of the records it points to.
    pub fn ids(&self, field: &str) -> Result<Vec<i64>, OdooError> {
        Ok(self.typed(field, "a list of record ids", id_list)?.unwrap_or_default())
    }

    /// The fields by name, as Odoo sent them.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The fields by name, as Odoo sent them.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    fn typed<'a, T>(
        &'a self,
        field: &str,
        expected: &str,
        convert: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, OdooError> {
        self.get(field).map(|value| convert(value).ok_or_else(|| self.wrong(field, expected))).transpose()
    }

    fn wrong(&self, field: &str, expected: &str) -> OdooError {
        OdooError::malformed(format!("field '{field}' is not {expected}"))
    }
}

impl From<Map<String, Value>> for Record {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl TryFrom<Value> for Record {
    type Error = OdooError;

    fn try_from(value: Value) -> Result<Self, OdooError> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(OdooError::malformed("a record is not an object")),
        }
    }
}

fn id_and_name(value: &Value) -> Option<(i64, &str)> {
    match value.as_array()?.as_slice() {
        [id, name] => Some((id.as_i64()?, name.as_str().unwrap_or_default())),
        _ => None,
    }
}

/// A list of integers, or nothing if it is anything else.
pub(crate) fn id_list(value: &Value) -> Option<Vec<i64>> {
    value.as_array()?.iter().map(Value::as_i64).collect()
}
