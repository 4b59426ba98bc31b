//! Lists and objects that come as text: many models write arguments so.

use mcp_odoo_core::input::literal;
use serde_json::Value;

use super::Object;

/// What a method is called with may be any text.
const AS_IT_IS: &str = "args";

/// The arguments, with lists and objects as such where the schema wants them.
pub(crate) fn unfolded(mut arguments: Object, input: &Object) -> Object {
    for (name, schema) in input.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = arguments.get_mut(name)
            && let Some(meant) = meant(name, value, schema)
        {
            *value = meant;
        }
    }
    arguments
}

/// Nothing where it is as it should be, or could be meant in several ways.
fn meant(name: &str, value: &Value, schema: &Value) -> Option<Value> {
    match (kind(schema)?, value) {
        ("object", Value::String(text)) => literal(text).filter(Value::is_object),
        ("array", Value::String(text)) => match (literal(text), kind(schema.get("items")?)?) {
            (Some(list @ Value::Array(_)), _) => Some(list),
            (None, "string") if name != AS_IT_IS => names(text),
            (Some(Value::Number(id)), "integer") => Some(Value::from(vec![id])),
            (None, "integer") => text.split(',').map(|id| id.trim().parse::<i64>().ok()).collect(),
            _ => None,
        },
        ("array", Value::Number(id)) if kind(schema.get("items")?)? == "integer" => {
            Some(Value::from(vec![id.clone()]))
        }
        _ => None,
    }
}

fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

/// Names of fields between commas, or sums of them.
fn names(text: &str) -> Option<Value> {
    let is_name = |name: &&str| {
        let name = name.replace("(*)", "");
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:()".contains(c))
    };
    text.split(',').map(str::trim).map(|name| Some(name).filter(is_name)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_taken_for_the_list_or_object_that_it_is() {
        let schema = json!({ "properties": {
            "fields": { "type": "array", "items": { "type": "string" } },
            "ids": { "type": "array", "items": { "type": "integer" } },
            "args": { "type": "array", "items": { "type": "string" } },
            "products": { "type": "array", "items": { "type": "object" } },
            "values": { "type": "object" },
            "q": { "type": "string" },
        } });
        let taken = |name: &str, value: Value| {
            let mut arguments = Object::new();
            arguments.insert(name.to_owned(), value);
            unfolded(arguments, schema.as_object().unwrap()).remove(name).unwrap()
        };
        for (name, given, meant) in [
            ("fields", json!("name, partner_id.email"), json!(["name", "partner_id.email"])),
            ("fields", json!("name"), json!(["name"])),
            ("fields", json!("amount:sum, sum(amount)"), json!(["amount:sum", "sum(amount)"])),
            ("fields", json!("count(*), sum(amount)"), json!(["count(*)", "sum(amount)"])),
            ("fields", json!("['name', \"state\"]"), json!(["name", "state"])),
            ("ids", json!("7, 8"), json!([7, 8])),
            ("ids", json!(" 7 "), json!([7])),
            ("ids", json!(7), json!([7])),
            ("ids", json!("[7]"), json!([7])),
            ("args", json!("[[7], {\"a\": 1}]"), json!([[7], { "a": 1 }])),
            ("products", json!("[{\"product\": \"A\"}]"), json!([{ "product": "A" }])),
            ("values", json!("{'name': 'A', 'active': True}"), json!({ "name": "A", "active": true })),
        ] {
            assert_eq!(taken(name, given.clone()), meant, "{name} {given}");
        }
        for (name, given) in [
            ("fields", json!("*")),
            ("fields", json!("name,")),
            ("fields", json!(["a,b"])),
            ("ids", json!("S00007")),
            ("args", json!("a,b")),
            ("args", json!("7")),
            ("values", json!("[1]")),
            ("q", json!("[1]")),
        ] {
            assert_eq!(taken(name, given.clone()), given, "{name} {given}");
        }
    }
}
