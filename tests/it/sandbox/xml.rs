//! XML-RPC values as JSON, which tells their types apart as well.

use dxr::Value as Xml;
use serde_json::{Value, json};

pub fn to_json(value: &Xml) -> Value {
    match value {
        Xml::Integer(number) => json!(number),
        Xml::Long(number) => json!(number),
        Xml::Boolean(flag) => json!(flag),
        Xml::String(text) => json!(text),
        Xml::Double(number) => json!(number),
        Xml::Array(items) => items.iter().map(to_json).collect(),
        Xml::Struct(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), to_json(value))).collect())
        }
        Xml::Nil => Value::Null,
        other => panic!("Odoo sends no {other:?}"),
    }
}

pub fn from_json(value: &Value) -> Xml {
    match value {
        Value::Null => Xml::Nil,
        Value::Bool(flag) => Xml::Boolean(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Xml::Integer(whole.try_into().unwrap()),
            None => Xml::Double(number.as_f64().unwrap()),
        },
        Value::String(text) => Xml::String(text.clone()),
        Value::Array(items) => Xml::Array(items.iter().map(from_json).collect()),
        Value::Object(members) => {
            Xml::Struct(members.iter().map(|(key, value)| (key.clone(), from_json(value))).collect())
        }
    }
}
