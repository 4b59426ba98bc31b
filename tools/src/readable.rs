//! Structured answers as lines that a model reads with fewer tokens than JSON.

use serde_json::{Map, Value};

/// One line per field; a list of objects as one line per element.
pub fn lines(answer: &Value) -> String {
    let Value::Object(fields) = answer else { return inline(answer) };
    let line = |(name, value): (&String, &Value)| match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let items: Vec<String> = items.iter().map(|item| format!("\n- {}", inline(item))).collect();
            format!("{name}:{}", items.concat())
        }
        Value::Object(inner) if named(inner).is_none() => lines(value),
        value => format!("{name}: {}", inline(value)),
    };
    fields.iter().filter(|field| !is_said_again(field, fields)).map(line).collect::<Vec<_>>().join("\n")
}

/// A record says its id itself.
fn is_said_again((name, value): &(&String, &Value), beside: &Map<String, Value>) -> bool {
    let records = beside.values().filter_map(Value::as_object).filter(|inner| named(inner).is_none());
    records.filter_map(|record| record.get(*name)).any(|said| said == *value)
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(fields) => named(fields).unwrap_or_else(|| {
            let field = |(name, value): (&String, &Value)| format!("{name} {}", inline(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// `Ana (7)`, `Quotation Sent (sent)`, `39540.0 USD`
fn named(fields: &Map<String, Value>) -> Option<String> {
    let mut pair = fields.iter();
    let (Some((one, value)), Some((other, more)), None) = (pair.next(), pair.next(), pair.next()) else {
        return None;
    };
    match (one.as_str(), other.as_str(), more.as_str()?) {
        ("id", "name", name) | ("value", "label", name) => Some(format!("{name} ({})", inline(value))),
        ("amount", "currency", currency) => Some(format!("{} {currency}", inline(value))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_without_json() {
        let answer = json!({
            "items": [{ "id": 7, "name": "S00007", "partner": { "id": 16, "name": "Almacenes Torres" }, "ids": [] }],
            "total": 9,
            "state": { "value": "sent", "label": "Quotation Sent" },
            "amount": { "amount": 9.5, "currency": "MXN" },
        });
        assert_eq!(
            lines(&answer),
            "items:\n- id 7, name S00007, partner Almacenes Torres (16), ids none\ntotal: 9\nstate: Quotation Sent (sent)\namount: 9.5 MXN"
        );
        assert_eq!(lines(&json!({ "items": [] })), "items: none");
        assert_eq!(lines(&json!({ "record": { "id": 7, "note": "x" } })), "id: 7\nnote: x");
    }
}
