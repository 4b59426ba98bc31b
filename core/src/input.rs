//! From JSON to a value that keeps its rules, with every bad field named at once.

mod lenient;
mod literal;

use garde::Validate;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};
use utoipa::ToSchema;

use self::lenient::{Lenient, Notes};
pub use self::literal::literal;

/// More than anybody reads; it bounds the work on a hostile body.
const MAX_ERRORS: usize = 50;

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

/// A value is read again when one of its types refuses it by a rule of its own, or a field is missing for the first
/// time; so often at most.
const MAX_READINGS: usize = 16;

/// Reads a value whose shape serde knows and whose rules garde knows.
///
/// A number may come as text that is exactly one, a text as number, and true and false as text: many callers have
/// nothing else.
pub fn parse<T>(json: Value) -> Result<T, Vec<FieldError>>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    let notes = Notes::default();
    let read = || match T::deserialize(Lenient::new(&json, &notes)) {
        Ok(value) => Some(value),
        Err(stop) => {
            notes.stop_at_the_whole(&stop);
            None
        }
    };
    let mut value = read();
    for _ in 1..MAX_READINGS {
        if value.is_some() || !notes.learn() {
            break;
        }
        value = read();
    }
    let mut errors = notes.errors();
    if let Some(Err(report)) = value.as_ref().map(Validate::validate) {
        for (path, error) in report.iter() {
            let path = path.to_string();
            if errors.len() < MAX_ERRORS && !errors.iter().any(|known| covers(&known.path, &path)) {
                let message = error.message();
                // What a value must be says nothing about one that is not there.
                let message = match message.split_once("; ") {
                    _ if !message.starts_with("must ") || is_given(&json, &path) => message.to_owned(),
                    Some((_, instead)) => format!("missing; {instead}"),
                    None => "missing".to_owned(),
                };
                errors.push(FieldError { path, message });
            }
        }
    }
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        None if errors.is_empty() => {
            Err(vec![FieldError { path: String::new(), message: "cannot be read".to_owned() }])
        }
        _ => Err(errors),
    }
}

/// Whether an error at `known` explains one at `path`: the same place, or one inside it.
fn covers(known: &str, path: &str) -> bool {
    known.is_empty()
        || path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Whether there is anything at a path such as `products[3].qty`.
fn is_given(json: &Value, path: &str) -> bool {
    let mut there = Some(json);
    for step in path.split(['.', '[']).map(|step| step.trim_end_matches(']')) {
        there = match there {
            Some(Value::Array(items)) => step.parse().ok().and_then(|index: usize| items.get(index)),
            value => value.and_then(|value| value.get(step)),
        };
    }
    there.is_some_and(|value| !value.is_null())
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

/// A number, or a text that is exactly one.
pub(crate) fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text.trim()).ok(),
        _ => None,
    }
}

/// A whole number, or a text that is one without a decimal point: `1.000` is a thousand to some.
pub(crate) fn integer_of(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole(number),
        value => number_of(value)?.as_i64(),
    }
}

/// To JSON Schema `2.0` is an integer, and clients whose numbers are all floating send it so.
fn whole(number: &Number) -> Option<i64> {
    /// Up to here every whole number has a floating form of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let floating = || number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT);
    number.as_i64().or_else(|| floating().map(|number| number as i64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[garde(range(min = 1))]
        id: i64,
        #[garde(skip)]
        phone: String,
        #[serde(default)]
        #[garde(skip)]
        price: Option<f64>,
        #[serde(default)]
        #[garde(skip)]
        sent: bool,
        #[serde(default)]
        #[garde(dive)]
        lines: Vec<Line>,
    }

    #[derive(Debug, PartialEq, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[garde(skip)]
        product: u32,
        #[garde(range(min = 0.0))]
        qty: f64,
        #[serde(default)]
        #[garde(skip)]
        key: Option<Key>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(try_from = "String")]
    struct Key(String);

    impl TryFrom<String> for Key {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text.is_empty() { Err("is no key") } else { Ok(Self(text)) }
        }
    }

    fn errors(json: Value) -> Vec<String> {
        let errors = parse::<Order>(json).unwrap_err();
        errors.into_iter().map(|FieldError { path, message }| format!("{path}: {message}")).collect()
    }

    #[test]
    fn numbers_come_as_text_and_texts_as_numbers() {
        let order: Order = parse(json!({
            "id": "3", "phone": 3_312_345_678_u64, "price": " 12.5 ", "sent": "True", "lines": [{ "product": 1.0, "qty": "2" }],
        }))
        .unwrap();
        let line = Line { product: 1, qty: 2.0, key: None };
        let expected =
            Order { id: 3, phone: "3312345678".to_owned(), price: Some(12.5), sent: true, lines: vec![line] };
        assert_eq!(order, expected);
        for bad in [
            json!("abc"),
            json!("3.0"),
            json!("3,0"),
            json!("+3"),
            json!("1e2"),
            json!(""),
            json!(true),
            json!(3.5),
        ] {
            let said = errors(json!({ "id": bad, "phone": "1" }));
            assert_eq!(said.len(), 1, "{said:?}");
            assert!(said[0].starts_with("id: expected an integer, not "), "{said:?}");
        }
        for bad in [json!("12,5"), json!("NaN"), json!("Infinity"), json!("1_000"), json!([1])] {
            let said = errors(json!({ "id": 1, "phone": "1", "price": bad }));
            assert!(said[0].starts_with("price: expected a number, not "), "{said:?}");
        }
        let said = errors(json!({ "id": 1, "phone": true, "sent": "yes" }));
        assert_eq!(
            said,
            ["phone: expected a string, not true or false", "sent: expected true or false, not a text"]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let said = errors(json!({
            "id": 0, "colour": 1,
            "lines": [{ "product": "x", "qty": -1, "key": "" }, 7, { "qty": 1 }, { "product": 2 }, [1, 2]],
        }));
        let mut paths: Vec<&str> = said.iter().map(|said| said.split(": ").next().unwrap()).collect();
        paths.sort_unstable();
        let expected = [
            "colour",
            "id",
            "lines[0].key",
            "lines[0].product",
            "lines[0].qty",
            "lines[1]",
            "lines[2].product",
            "lines[3].qty",
            "lines[4]",
            "phone",
        ];
        assert_eq!(paths, expected, "{said:?}");
        for missing in ["phone", "lines[2].product", "lines[3].qty"] {
            assert!(said.contains(&format!("{missing}: missing")), "{said:?}");
        }
        assert_eq!(errors(json!([])), [": expected an object, not a list"]);
    }

    /// However much is wrong, the whole is read a few times at most.
    #[test]
    fn a_body_of_bad_fields_is_not_read_for_each() {
        use std::cell::Cell;
        thread_local!(static READ: Cell<usize> = const { Cell::new(0) });
        #[derive(Debug, Deserialize, Validate)]
        struct Counted {
            #[garde(skip)]
            #[serde(deserialize_with = "counted")]
            _number: i64,
        }
        fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
            READ.set(READ.get() + 1);
            i64::deserialize(deserializer)
        }
        #[derive(Debug, Deserialize, Validate)]
        struct Many {
            #[garde(dive)]
            items: Vec<Counted>,
        }
        let items: Vec<Value> =
            (0..1000).map(|n| json!({ "_number": if n % 2 == 0 { json!("x") } else { json!(n) } })).collect();
        let errors = parse::<Many>(json!({ "items": items })).unwrap_err();
        assert_eq!((errors.len(), READ.get()), (MAX_ERRORS, 1000));
    }
}
