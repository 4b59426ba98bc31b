//! Schemas that strict clients take: nothing referenced, nothing nullable, nothing untyped.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// What a tool takes.
pub fn input<T: JsonSchema>() -> JsonObject {
    plain::<T>(SchemaSettings::draft2020_12())
}

/// What a tool answers, once [`crate::reply::structured`] has left out what is empty. Objects inside are told
/// by the names of their fields: every connected model reads all of this with every question.
pub fn output<T: JsonSchema>() -> JsonObject {
    let mut schema = plain::<T>(SchemaSettings::draft2020_12().for_serialize());
    // Answers are ours: nobody has to be told what must be there.
    schema.remove("required");
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten() {
        outline(property);
        property
            .as_object_mut()
            .into_iter()
            .for_each(|property| drop(property.remove("additionalProperties")));
    }
    schema
}

fn plain<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    normalise(&mut schema);
    match schema {
        Value::Object(mut schema) => {
            schema.remove("description");
            schema.entry("properties").or_insert_with(|| json!({}));
            schema
        }
        _ => JsonObject::new(),
    }
}

/// Names the fields of an object, or of the objects of a list, in its description.
fn outline(schema: &mut Value) {
    let Some(fields) = names(schema) else { return };
    let Value::Object(schema) = schema else { return };
    schema.retain(|keyword, _| matches!(keyword.as_str(), "type" | "description" | "items"));
    if schema.contains_key("items") {
        schema.insert("items".to_owned(), json!({ "type": "object" }));
    }
    let said = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    schema.insert("description".to_owned(), format!("{said}: {fields}").into());
}

/// `id, name, partner, lines {id, qty}`, or nothing for what is no object and no list of objects. An object in
/// an object is a record's id and name, as the server's instructions say.
fn names(schema: &Value) -> Option<String> {
    let properties = schema.get("items").unwrap_or(schema).get("properties")?.as_object()?;
    let name = |(name, property): (&String, &Value)| match property.get("items").and_then(names) {
        Some(inner) => format!("{name} {{{inner}}}"),
        None => name.clone(),
    };
    Some(properties.iter().map(name).collect::<Vec<_>>().join(", "))
}

fn normalise(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    one_of_texts(fields);
    fields.remove("title");
    if let Some(Value::String(said)) = fields.get_mut("description") {
        *said = said.trim_end_matches('.').replace('`', "");
    }
    // Rust's number types; JSON's are enough, and a number out of bounds is told by its error.
    fields.remove("format");
    fields.remove("minimum");
    // Nothing, what `required` says already, or a number that stands for nothing, as its description says.
    if fields.get("default").is_some_and(says_nothing) {
        fields.remove("default");
    }
    // 1.0 is 1.
    if let Some(default) = fields.get_mut("default")
        && let Some(whole) = default.as_f64().filter(|number| number.fract() == 0.0)
    {
        *default = json!(whole as i64);
    }
    // `additionalProperties: true` is what its absence means.
    if fields.get("additionalProperties") == Some(&Value::Bool(true)) {
        fields.remove("additionalProperties");
    }
    if let Some(items) = fields.get_mut("items") {
        normalise(items);
        items.as_object_mut().into_iter().for_each(|items| drop(items.remove("description")));
    }
    fields.get_mut("additionalProperties").into_iter().for_each(normalise);
    let Some(Value::Object(properties)) = fields.get_mut("properties") else { return };
    let mut optional = Vec::new();
    for (name, property) in properties.iter_mut() {
        if take_null(property) {
            optional.push(name.clone());
        }
        normalise(property);
    }
    if let Some(Value::Array(required)) = fields.get_mut("required") {
        required.retain(|name| !optional.iter().any(|optional| name == optional));
        if required.is_empty() {
            fields.remove("required");
        }
    }
}

fn says_nothing(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_f64().is_some_and(|number| number <= 0.0),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) => false,
    }
}

/// Texts that are described one by one, as a plain enumeration.
fn one_of_texts(fields: &mut JsonObject) {
    let Some(Value::Array(variants)) = fields.get("oneOf") else { return };
    let texts: Option<Vec<Value>> = variants.iter().map(|variant| variant.get("const").cloned()).collect();
    if let Some(texts) = texts {
        fields.remove("oneOf");
        fields.insert("type".to_owned(), json!("string"));
        fields.insert("enum".to_owned(), texts.into());
    }
}

/// Turns a schema that also takes null into one that does not; tells whether it was one.
fn take_null(schema: &mut Value) -> bool {
    let Value::Object(fields) = schema else { return false };
    if let Some(Value::Array(variants)) = fields.get("anyOf")
        && let [Value::Object(only), null] = variants.as_slice()
        && null.get("type") == Some(&json!("null"))
    {
        let only = only.clone();
        fields.remove("anyOf");
        // The property's own description says more than its type's.
        for (keyword, value) in only {
            fields.entry(keyword).or_insert(value);
        }
        return true;
    }
    let Some(Value::Array(types)) = fields.get_mut("type") else { return false };
    types.retain(|kind| kind != "null");
    if let [only] = types.as_slice() {
        let only = only.clone();
        fields.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    true
}
