//! Values between JSON and XML-RPC.

use dxr::Value as Xml;
use serde_json::{Map, Value};

use crate::OdooError;

pub(super) fn from_json(value: &Value) -> Result<Xml, OdooError> {
    Ok(match value {
        Value::Null => Xml::Nil,
        Value::Bool(bool) => Xml::Boolean(*bool),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => i32::try_from(int).map_or(Xml::Long(int), Xml::Integer),
            (None, Some(float)) if !number.is_u64() => Xml::Double(float),
            _ => return Err(OdooError::Validation(format!("{number} is too large for XML-RPC"))),
        },
        Value::String(text) => Xml::String(writable(text)),
        Value::Array(items) => Xml::Array(items.iter().map(from_json).collect::<Result<_, _>>()?),
        Value::Object(members) => Xml::Struct(
            members
                .iter()
                .map(|(name, value)| Ok((writable(name), from_json(value)?)))
                .collect::<Result<_, OdooError>>()?,
        ),
    })
}

pub(super) fn to_json(value: Xml) -> Result<Value, OdooError> {
    Ok(match value {
        Xml::Nil => Value::Null,
        Xml::Boolean(bool) => bool.into(),
        Xml::Integer(int) => int.into(),
        Xml::Long(int) => int.into(),
        Xml::Double(float) => float.into(),
        Xml::String(text) => text.into(),
        Xml::DateTime(at) => format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
        .into(),
        Xml::Array(items) => Value::Array(items.into_iter().map(to_json).collect::<Result<_, _>>()?),
        Xml::Struct(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| Ok((name, to_json(value)?)))
                .collect::<Result<Map<_, _>, OdooError>>()?,
        ),
        Xml::Base64(_) | _ => return Err(OdooError::malformed("a value of a type Odoo does not use")),
    })
}

/// XML has no way to write most control characters, not even escaped; they carry no meaning in Odoo's texts.
fn writable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)).collect()
}
