//! What a field is compared with, as Odoo takes it.

use std::iter::repeat_n;

use serde_json::{Value, json};

use super::domain::BY_TEXT;
use super::metadata::Field;
use super::value::odoo_datetime;
use crate::input::{integer_of, literal, number_of};

/// A condition as terms of a domain.
pub(super) fn terms(
    name: &str,
    field: &Field,
    operator: &str,
    value: &Value,
    has_words: bool,
) -> Result<Vec<Value>, String> {
    let operator = match (operator, value) {
        ("=", Value::Array(_)) => "in",
        ("!=", Value::Array(_)) => "not in",
        (operator, _) => operator,
    };
    let value = compared(field, operator, value, has_words)?;
    let leaf = |operator: &str, value: &Value| json!([name, operator, value]);
    let is_day = |value: &Value| field.kind == "datetime" && value.as_str().is_some_and(is_day);
    let is_many = matches!(field.kind.as_str(), "one2many" | "many2many");
    // To Odoo a day is a moment, its first one: nothing happened just then.
    let equals = |value: &Value| match is_day(value) {
        true => vec![json!("&"), leaf(">=", value), leaf("<=", value)],
        false => vec![leaf("=", value)],
    };
    // Of what is not on a day Odoo leaves out what is on none, before 19.
    let or_nothing = || vec![json!("|"), leaf("=", &json!(false))];
    let is_empty = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    Ok(match (operator, &value) {
        ("=", value) => equals(value),
        ("!=", value) if is_day(value) => [or_nothing(), vec![json!("!")], equals(value)].concat(),
        // Odoo before 19 looks for the names of many records one at a time only.
        ("in" | "not in", Value::Array(values))
            if values.iter().any(|value| is_day(value) || is_many && value.is_string()) =>
        {
            let takes_nothing =
                operator == "not in" && values.iter().any(is_day) && !values.iter().any(is_empty);
            let empty = if takes_nothing { or_nothing() } else { Vec::new() };
            let not = (operator == "not in").then(|| json!("!"));
            let or = repeat_n(json!("|"), values.len().saturating_sub(1));
            empty.into_iter().chain(not).chain(or).chain(values.iter().flat_map(equals)).collect()
        }
        (operator, value) => vec![leaf(operator, value)],
    })
}

fn is_day(text: &str) -> bool {
    text.parse::<chrono::NaiveDate>().is_ok()
}

/// Of a list Odoo looks for the name of each text in it: ids are sent as numbers, whatever they came as, also as answers
/// here have them.
fn with_ids(value: &Value) -> Result<Value, String> {
    match value {
        Value::Array(values) => values.iter().map(with_ids).collect(),
        Value::Object(named) => match named.get("id").and_then(integer_of) {
            Some(id) => Ok(json!(id)),
            None => Err("must compare with an id or a name".to_owned()),
        },
        value => Ok(integer_of(value).map_or_else(|| value.clone(), |id| json!(id))),
    }
}

pub(super) fn has_text(value: &Value) -> bool {
    match value {
        Value::String(_) => integer_of(value).is_none(),
        Value::Array(values) => values.iter().any(has_text),
        _ => false,
    }
}

/// A value as Odoo compares it by: the forms that callers write it in are many. What it cannot be is said here; the database
/// says it in its own language, and of a yes that is none Odoo makes one.
fn compared(field: &Field, operator: &str, value: &Value, has_words: bool) -> Result<Value, String> {
    if BY_TEXT.contains(&operator) {
        return match value {
            Value::String(_) => Ok(value.clone()),
            Value::Number(number) => Ok(json!(number.to_string())),
            Value::Bool(false) => Ok(value.clone()),
            _ => Err(format!("{operator} takes a text")),
        };
    }
    if let "in" | "not in" = operator {
        let of = |value| compared(field, "=", value, has_words);
        let listed = value.as_str().filter(|text| text.trim_start().starts_with(['[', '(']));
        return match listed.and_then(literal).as_ref().unwrap_or(value) {
            Value::Array(values) => values.iter().map(of).collect(),
            one => Ok(json!([of(one)?])),
        };
    }
    // Empty.
    if matches!(value, Value::Null | Value::Bool(false)) {
        return Ok(value.clone());
    }
    Ok(match field.kind.as_str() {
        // Odoo compares text with the names of records, and a number in it with nothing.
        "many2one" | "one2many" | "many2many" => with_ids(value)?,
        "integer" => match integer_of(value).map(i32::try_from) {
            Some(Ok(number)) => json!(number),
            // The records below these, by ids or by a name.
            _ if matches!(operator, "child_of" | "parent_of") => with_ids(value)?,
            _ => return Err("must compare with an integer of 32 bits such as 3".to_owned()),
        },
        "float" | "monetary" => match number_of(value) {
            Some(number) => Value::Number(number),
            None => return Err("must compare with a number such as 12.5".to_owned()),
        },
        "boolean" => match (value, value.as_str().map(str::to_lowercase).as_deref()) {
            (Value::Bool(_), _) => value.clone(),
            (_, Some("true")) => json!(true),
            (_, Some("false")) => json!(false),
            _ => return Err("must compare with true or false".to_owned()),
        },
        "date" | "datetime" => match value.as_str().map(str::trim) {
            // A day alone stays one: Odoo takes its beginning.
            Some(text) if is_day(text) => json!(text),
            Some(text) => match odoo_datetime(text) {
                Some(time) if field.kind == "datetime" => json!(time),
                // The day as it is written.
                Some(time) => json!(text.get(..10).filter(|day| is_day(day)).unwrap_or(&time)),
                None if has_words => value.clone(),
                None => {
                    let message =
                        "must compare with a day such as 2026-12-31 or a time such as 2026-12-31T10:00:00Z";
                    return Err(message.to_owned());
                }
            },
            None => return Err("must compare with a text such as 2026-12-31".to_owned()),
        },
        "char"
            if field
                .size
                .is_some_and(|size| value.as_str().is_some_and(|text| text.chars().count() > size)) =>
        {
            let size = field.size.unwrap_or_default();
            return Err(format!("must compare with at most {size} characters: there are no more in it"));
        }
        "selection" if !field.selection.is_empty() => {
            json!(field.option(value).map_err(|options| format!("must compare with {options}"))?)
        }
        "char" | "text" | "html" if value.is_array() || value.is_object() => {
            return Err("must compare with a text".to_owned());
        }
        _ => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str) -> Field {
        Field { kind: kind.to_owned(), ..Field::default() }
    }

    /// Odoo looks for the name of each text, by fields that may be hidden.
    #[test]
    fn digits_are_ids_or_text_that_rules_see() {
        for (kind, operator) in [("many2one", "="), ("many2one", "child_of"), ("integer", "parent_of")] {
            let sent = compared(&of(kind), operator, &json!(["2051", 7]), false);
            assert_eq!(sent, Ok(json!([2051, 7])), "{kind} {operator}");
        }
        for text in ["0551", "+52", "Torres", "1 2"] {
            assert!(has_text(&json!(text)) && has_text(&json!([7, text])), "{text}");
        }
        assert!(!has_text(&json!(["2051", 7])));
    }

    #[test]
    fn a_condition_may_be_several_in_odoo() {
        let said =
            |kind, operator, value| Value::from(terms("f", &of(kind), operator, &value, false).unwrap());
        let day = json!("2026-12-31");
        let on_it = [json!("&"), json!(["f", ">=", day]), json!(["f", "<=", day])];
        assert_eq!(said("datetime", "=", day.clone()), json!(on_it));
        assert_eq!(
            said("datetime", "in", json!([day, false])),
            json!(["|", on_it[0], on_it[1], on_it[2], ["f", "=", false]])
        );
        let not_on_it = json!(["|", ["f", "=", false], "!", on_it[0], on_it[1], on_it[2]]);
        assert_eq!(said("datetime", "!=", day.clone()), not_on_it);
        assert_eq!(said("datetime", "not in", json!([day])), not_on_it);
        assert_eq!(
            said("datetime", "not in", json!([false, day])),
            json!(["!", "|", ["f", "=", false], on_it[0], on_it[1], on_it[2]])
        );
        assert_eq!(said("datetime", ">=", day.clone()), json!([["f", ">=", day]]));
        assert_eq!(said("date", "=", day.clone()), json!([["f", "=", day]]));
        assert_eq!(said("date", "<=", json!("2026-12-31T23:59:59-06:00")), json!([["f", "<=", day]]));
        assert_eq!(
            said("many2many", "not in", json!(["A", "7"])),
            json!(["!", "|", ["f", "=", "A"], ["f", "=", 7]])
        );
        assert_eq!(said("many2many", "=", json!(["7"])), json!([["f", "in", [7]]]));
        assert_eq!(said("many2one", "!=", json!({ "id": 7, "name": "A" })), json!([["f", "!=", 7]]));
        assert_eq!(said("integer", "in", json!("(1, '3',)")), json!([["f", "in", [1, 3]]]));
        for (kind, value) in
            [("many2one", json!({ "name": "A" })), ("char", json!({ "a": 1 })), ("char", json!([["a"]]))]
        {
            assert!(terms("f", &of(kind), "=", &value, false).is_err(), "{kind} {value}");
        }
    }
}
