//! Whether an answer has the shape of a recorded one: the same keys and types, whatever the values.

use serde_json::Value;

/// Every difference, each with the path to it.
pub fn differences(recorded: &Value, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(recorded, answer, "$", false, &mut found);
    found
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// `false` and an empty list say nothing of the type of a record's field.
fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Bool(false)) || value.as_array().is_some_and(Vec::is_empty)
}

fn compare(recorded: &Value, answer: &Value, path: &str, in_record: bool, found: &mut Vec<String>) {
    if in_record
        && (is_empty(recorded) || is_empty(answer))
        && recorded != &Value::Bool(true)
        && answer != &Value::Bool(true)
    {
        return;
    }
    match (recorded, answer) {
        (Value::Object(left), Value::Object(right)) => {
            let is_record = left.contains_key("id") && !left.contains_key("jsonrpc");
            for (key, value) in left {
                match right.get(key) {
                    Some(other) => compare(value, other, &format!("{path}.{key}"), is_record, found),
                    None => found.push(format!("{path}.{key}: missing")),
                }
            }
            found.extend(
                right
                    .keys()
                    .filter(|key| !left.contains_key(*key))
                    .map(|key| format!("{path}.{key}: not recorded")),
            );
        }
        (Value::Array(left), Value::Array(right)) => arrays(left, right, path, found),
        _ if kind(recorded) == kind(answer) => {}
        _ => found.push(format!("{path}: {} instead of {}: {answer}", kind(answer), kind(recorded))),
    }
}

fn arrays(left: &[Value], right: &[Value], path: &str, found: &mut Vec<String>) {
    if left.is_empty() != right.is_empty() {
        return found.push(format!("{path}: {} elements instead of {}", right.len(), left.len()));
    }
    let mixed = left.iter().any(|item| kind(item) != kind(&left[0]));
    if mixed && left.len() != right.len() {
        return found.push(format!("{path}: {} elements instead of {}", right.len(), left.len()));
    }
    for (index, item) in right.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let candidates = if mixed { &left[index..=index] } else { left };
        let mut tried: Vec<Vec<String>> = candidates
            .iter()
            .map(|candidate| {
                let mut differences = Vec::new();
                compare(candidate, item, &path, false, &mut differences);
                differences
            })
            .collect();
        tried.sort_by_key(Vec::len);
        found.extend(tried.into_iter().next().unwrap_or_default());
    }
}

#[test]
fn other_types_and_keys_are_told() {
    use serde_json::json;
    let recorded = json!({"ids": [1], "total": 1.0, "pair": [1, "a"]});
    assert!(differences(&recorded, &json!({"ids": [7, 8], "total": 2.0, "pair": [3, "b"]})).is_empty());
    for wrong in [
        json!({"ids": ["1"], "total": 1.0, "pair": [1, "a"]}),
        json!({"ids": [], "total": 1.0, "pair": [1, "a"]}),
        json!({"ids": false, "total": 1.0, "pair": [1, "a"]}),
        json!({"ids": [1], "total": 1, "pair": [1, "a"]}),
        json!({"ids": [1], "total": 1.0, "pair": ["a", 1]}),
        json!({"ids": [1], "total": 1.0}),
        json!({"ids": [1], "total": 1.0, "pair": [1, "a"], "more": 1}),
    ] {
        assert_eq!(differences(&recorded, &wrong).len().min(1), 1, "{wrong}");
    }
}
