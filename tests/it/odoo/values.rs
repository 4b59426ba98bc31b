//! XML-RPC values as JSON, written apart from the client's own conversion.

use dxr::Value as Xml;
use serde_json::{Value, json};

pub fn json(value: &Xml) -> Value {
    match value {
        Xml::Integer(int) => json!(int),
        Xml::Long(int) => json!(int),
        Xml::Boolean(bool) => json!(bool),
        Xml::String(text) => json!(text),
        Xml::Double(float) => json!(float),
        Xml::Nil => Value::Null,
        Xml::Array(items) => items.iter().map(json).collect(),
        Xml::Struct(members) => members.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
        other => panic!("unexpected {other:?}"),
    }
}
