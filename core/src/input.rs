//! From JSON to a value that keeps its rules, with every bad field named at once.

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// More than anybody reads; it bounds the work on a hostile body.
const MAX_ERRORS: usize = 50;

/// Up to here every whole number has a floating form of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// One bad field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct FieldError {
    /// Where it is, e.g. `products[3].qty`; empty for the body as a whole.
    #[schema(example = "products[0].qty")]
    pub path: String,
    /// What it must be.
    #[schema(example = "must be a number greater than 0")]
    pub message: String,
}

/// To JSON Schema `2.0` is an integer, and clients whose numbers are all floating send it so.
pub fn whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT);
            if let Some(whole) = whole.filter(|_| number.is_f64()) {
                *number = (whole as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Reads a value whose shape serde knows and whose rules garde knows.
///
/// serde stops at the first field of a wrong type. To name them all, each bad value is noted, taken
/// out and the rest is read again; what is then missing has been named already.
pub fn parse<T>(mut json: Value) -> Result<T, Vec<FieldError>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let mut errors: Vec<FieldError> = Vec::new();
    require_objects(&mut json, &mut errors);
    let value = loop {
        match serde_path_to_error::deserialize::<_, T>(&json) {
            Ok(value) => break Some(value),
            Err(error) => {
                let taken_out = take_out(&mut json, error.path());
                let path = error.path().to_string();
                let path = if path == "." { String::new() } else { path };
                let message = in_json_terms(&error.into_inner().to_string());
                let path = missing(&path, &message).unwrap_or(path);
                if !errors.iter().any(|known| known.path == path) {
                    errors.push(FieldError { path, message });
                }
                if !taken_out || errors.len() >= MAX_ERRORS {
                    break None;
                }
            }
        }
    };
    if let Some(Err(report)) = value.as_ref().map(Validate::validate) {
        for (path, error) in report.iter() {
            let path = path.to_string();
            if errors.len() < MAX_ERRORS && !errors.iter().any(|known| covers(&known.path, &path)) {
                errors.push(FieldError { path, message: error.message().to_owned() });
            }
        }
    }
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(errors),
    }
}

/// serde takes a list of values where an object belongs. No field here is a list of lists, so a list at
/// the top or within a list stands where an object belongs.
fn require_objects(json: &mut Value, errors: &mut Vec<FieldError>) {
    let mut refuse = |value: &mut Value, path: String| {
        errors.push(FieldError { path, message: "invalid type: sequence, expected an object".to_owned() });
        *value = Value::Object(serde_json::Map::new());
    };
    if json.is_array() {
        return refuse(json, String::new());
    }
    for (name, field) in json.as_object_mut().into_iter().flatten() {
        let elements = field.as_array_mut().into_iter().flatten().enumerate();
        for (index, element) in elements.filter(|(_, element)| element.is_array()).take(MAX_ERRORS) {
            refuse(element, format!("{name}[{index}]"));
        }
    }
}

/// serde speaks of Rust's types.
fn in_json_terms(message: &str) -> String {
    let terms = [
        ("expected f64", "expected a number"),
        ("expected i64", "expected an integer"),
        ("expected u32", "expected an integer, 1 or more"),
    ];
    let message = terms.iter().fold(message.to_owned(), |message, (rust, json)| message.replace(rust, json));
    match message.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => message,
    }
}

/// The path of the field that serde misses in the object at this path.
fn missing(object: &str, message: &str) -> Option<String> {
    let field = message.strip_prefix("missing field `")?.strip_suffix('`')?;
    Some(if object.is_empty() { field.to_owned() } else { format!("{object}.{field}") })
}

/// Whether an error at `known` explains one at `path`: the same place, or one inside it.
fn covers(known: &str, path: &str) -> bool {
    path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Removes the value at the path: a field goes, an element becomes an empty object so that the
/// positions of the others stay. False when nothing was there to remove.
fn take_out(json: &mut Value, path: &serde_path_to_error::Path) -> bool {
    use serde_path_to_error::Segment;
    let segments: Vec<&Segment> = path.iter().collect();
    let Some((last, parents)) = segments.split_last() else { return false };
    let mut parent = json;
    for segment in parents {
        let inner = match segment {
            Segment::Map { key } => parent.get_mut(key.as_str()),
            Segment::Seq { index } => parent.get_mut(index),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        let Some(inner) = inner else { return false };
        parent = inner;
    }
    match last {
        Segment::Map { key } => parent.as_object_mut().is_some_and(|map| map.remove(key.as_str()).is_some()),
        Segment::Seq { index } => match parent.get_mut(index) {
            Some(element) if !element.is_object() => {
                *element = Value::Object(serde_json::Map::new());
                true
            }
            _ => false,
        },
        Segment::Enum { .. } | Segment::Unknown => false,
    }
}

/// A text without the blanks around it.
pub(crate) fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|text| text.trim().to_owned())
}

/// A blank text is none.
pub(crate) fn trimmed_or_absent<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
}
