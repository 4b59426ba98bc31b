//! Conditions: Odoo's domains, checked against the fields of the model before they are sent.

use std::pin::Pin;

use serde_json::{Value, json};

use super::error::RecordError;
use super::metadata::Field;
use super::value::odoo_datetime;
use super::view::{Seen, Target, View};
use super::words::plain;
use crate::access::models::Verb;
use crate::input::{FieldError, integer_of, number_of};

/// Conditions within conditions, at most.
const DEEPEST: usize = 8;
/// Before, a day has to be written as such.
const WORDS_SINCE: u32 = 19;
/// Compare with texts: of a record, with its name.
const BY_TEXT: [&str; 8] =
    ["like", "ilike", "not like", "not ilike", "=like", "=ilike", "not =like", "not =ilike"];
const OTHERS: [&str; 13] =
    ["=", "!=", "<", ">", "<=", ">=", "=?", "in", "not in", "child_of", "parent_of", "any", "not any"];

impl View {
    /// The domain as it is sent.
    pub(super) async fn domain(&self, model: &Seen, domain: &Value) -> Result<Value, RecordError> {
        let Some(domain) = parsed(domain) else {
            return Err(RecordError::argument(
                "domain",
                "must be a list such as [[\"name\", \"ilike\", \"azure\"]]",
            ));
        };
        let mut errors = Vec::new();
        let sent = self.conditions(model, &domain, "domain", 0, &mut errors).await?;
        match errors.is_empty() {
            true => Ok(sent),
            false => Err(RecordError::Invalid { errors, code: "invalid_domain" }),
        }
    }

    fn conditions<'a>(
        &'a self,
        model: &'a Seen,
        domain: &'a [Value],
        path: &'a str,
        depth: usize,
        errors: &'a mut Vec<FieldError>,
    ) -> Pin<Box<dyn Future<Output = Result<Value, RecordError>> + Send + 'a>> {
        Box::pin(async move {
            let mut sent = Vec::with_capacity(domain.len());
            // Conditions that operators still wait for.
            let mut open = 0_usize;
            for (number, term) in domain.iter().enumerate() {
                let path = format!("{path}[{number}]");
                let mut wrong = |message: String| errors.push(FieldError { path: path.clone(), message });
                match term {
                    Value::String(operator) => match operator.as_str() {
                        "&" | "|" => open = if open == 0 { 2 } else { open + 1 },
                        "!" => open = open.max(1),
                        _ => wrong("must be &, |, ! or a condition [field, operator, value]".to_owned()),
                    },
                    Value::Array(leaf) => {
                        open = open.saturating_sub(1);
                        match self.condition(model, leaf, &path, depth, errors).await? {
                            Ok(leaf) => {
                                sent.push(leaf);
                                continue;
                            }
                            Err(message) => errors.push(FieldError { path, message }),
                        }
                    }
                    _ => wrong("must be &, |, ! or a condition [field, operator, value]".to_owned()),
                }
                sent.push(term.clone());
            }
            if open > 0 {
                let message = "lacks a condition: & and | stand before two, ! before one".to_owned();
                errors.push(FieldError { path: path.to_owned(), message });
            }
            Ok(sent.into())
        })
    }

    async fn condition(
        &self,
        model: &Seen,
        leaf: &[Value],
        path: &str,
        depth: usize,
        errors: &mut Vec<FieldError>,
    ) -> Result<Result<Value, String>, RecordError> {
        let [field, operator, value] = leaf else {
            return Ok(Err("must have three parts, [field, operator, value]".to_owned()));
        };
        // Always true, or never.
        if field.is_number() {
            return Ok(Ok(json!([field, operator, value])));
        }
        let (Some(name), Some(operator)) = (field.as_str(), operator.as_str()) else {
            return Ok(Err("must be [field, operator, value], the first two texts".to_owned()));
        };
        if !BY_TEXT.contains(&operator) && !OTHERS.contains(&operator) {
            return Ok(Err(format!(
                "has an operator that is none of {}, {}",
                OTHERS.join(", "),
                BY_TEXT.join(", ")
            )));
        };
        let target = match self.path(model, name).await? {
            Ok(target) => target,
            Err(message) => return Ok(Err(message)),
        };
        if let Some(part) = target.first_not(Field::is_searchable) {
            return Ok(Err(format!("{part} is worked out when it is read, so nothing is found by it")));
        }
        let Target { field, closed, by_ids_only, .. } = target;
        if matches!(operator, "any" | "not any") {
            let (Some(relation), None) = (&field.relation, &closed) else {
                let why =
                    closed.map_or_else(|| format!("{name} points to no other model"), |it| it.to_string());
                return Ok(Err(why));
            };
            let Some(inner) = value.as_array().filter(|_| depth < DEEPEST) else {
                return Ok(Err(format!("{operator} takes a list of conditions, {DEEPEST} deep at most")));
            };
            let relation = self.see(relation, Verb::Read).await?;
            let path = format!("{path}[2]");
            let inner = self.conditions(&relation, inner, &path, depth + 1, errors).await?;
            return Ok(Ok(json!([name, operator, inner])));
        }
        // Elsewhere Odoo takes a text for the name of such a record.
        let points = field.relation.is_some() || name.rsplit('.').next() == Some("id");
        if matches!(operator, "child_of" | "parent_of") && !points {
            return Ok(Err(format!("{operator} goes with id, or with a field that points to records")));
        }
        if by_ids_only && (BY_TEXT.contains(&operator) || has_text(value)) {
            let why = closed.map(|closed| format!(": {closed}")).unwrap_or_default();
            return Ok(Err(format!("must compare {name} with ids, not with text{why}")));
        }
        // Since then there are words for days: today, -7d, =monday.
        let version = self.records.odoo.connection().await.map_err(|error| self.failed(error))?.version;
        let has_words = version.major >= WORDS_SINCE;
        Ok(compared(&field, operator, value, has_words).map(|value| json!([name, operator, value])))
    }
}

fn is_day(text: &str) -> bool {
    text.parse::<chrono::NaiveDate>().is_ok()
}

/// Of a list Odoo looks for the name of each text in it: ids are sent as numbers, whatever they came as.
fn with_ids(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(with_ids).collect(),
        value => integer_of(value).map_or_else(|| value.clone(), |id| json!(id)),
    }
}

fn has_text(value: &Value) -> bool {
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
        return match value {
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
        "many2one" | "one2many" | "many2many" => with_ids(value),
        "integer" => match integer_of(value).map(i32::try_from) {
            Some(Ok(number)) => json!(number),
            // The records below these, by ids or by a name.
            _ if matches!(operator, "child_of" | "parent_of") => with_ids(value),
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
                Some(_) => value.clone(),
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
        "selection" if !field.selection.is_empty() => match value.as_str() {
            Some(text) => json!(option(field, text)?),
            None => value.clone(),
        },
        _ => value.clone(),
    })
}

/// A state that does not exist would find nothing, and nobody would know why.
fn option(field: &Field, text: &str) -> Result<String, String> {
    let by_key = field.selection.iter().find(|(key, _)| key == text);
    let by_label = || field.selection.iter().find(|(_, label)| plain(label) == plain(text));
    by_key.or_else(by_label).map(|(key, _)| key.clone()).ok_or_else(|| {
        let keys: Vec<&str> = field.selection.iter().map(|(key, _)| key.as_str()).collect();
        format!("must compare with one of {}", keys.join(", "))
    })
}

/// A list, or text that is one: as JSON, or as Python writes it.
fn parsed(domain: &Value) -> Option<Vec<Value>> {
    match domain {
        Value::Null => Some(Vec::new()),
        Value::Array(terms) => Some(terms.clone()),
        Value::String(text) if text.trim().is_empty() => Some(Vec::new()),
        Value::String(text) => {
            serde_json::from_str(text).or_else(|_| serde_json::from_str(&from_python(text))).ok()
        }
        _ => None,
    }
}

/// Python's literals as JSON's.
fn from_python(text: &str) -> String {
    let (mut json, mut word) = (String::new(), String::new());
    let mut characters = text.chars().peekable();
    let say = |word: &mut String, json: &mut String| {
        json.push_str(match word.as_str() {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            other => other,
        });
        word.clear();
    };
    while let Some(character) = characters.next() {
        if character.is_alphanumeric() || "_.+-".contains(character) {
            word.push(character);
            continue;
        }
        say(&mut word, &mut json);
        match character {
            '(' => json.push('['),
            ')' | ']' => {
                // A tuple of one has a comma, and lists may end in one.
                if json.trim_end().ends_with(',') {
                    json.truncate(json.trim_end().len().saturating_sub(1));
                }
                json.push(']');
            }
            quote @ ('\'' | '"') => {
                let mut text = String::new();
                while let Some(character) = characters.next() {
                    match character {
                        '\\' => text.extend(characters.next()),
                        end if end == quote => break,
                        other => text.push(other),
                    }
                }
                json.push_str(&Value::from(text).to_string());
            }
            other => json.push(other),
        }
    }
    say(&mut word, &mut json);
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_json_and_as_python() {
        let wanted = json!([["is_company", "=", true], "|", ["name", "ilike", "d'Or"], ["id", "in", [1, 2]]]);
        for text in [
            wanted.to_string(),
            "[('is_company', '=', True), '|', ('name', 'ilike', \"d'Or\"), ('id', 'in', (1, 2,))]".to_owned(),
        ] {
            assert_eq!(parsed(&json!(text)), wanted.as_array().cloned(), "{text}");
        }
        for text in ["[('a', '=', 1", "name = 3", "{}"] {
            assert_eq!(parsed(&json!(text)), None, "{text}");
        }
        assert_eq!(parsed(&json!("")), Some(Vec::new()));
    }

    /// Odoo looks for the name of each text, by fields that may be hidden.
    #[test]
    fn digits_are_ids_or_text_that_rules_see() {
        let of = |kind: &str| Field { kind: kind.to_owned(), ..Field::default() };
        for (kind, operator) in [("many2one", "="), ("many2one", "child_of"), ("integer", "parent_of")] {
            let sent = compared(&of(kind), operator, &json!(["2051", 7]), false);
            assert_eq!(sent, Ok(json!([2051, 7])), "{kind} {operator}");
        }
        for text in ["0551", "+52", "Torres", "1 2"] {
            assert!(has_text(&json!(text)) && has_text(&json!([7, text])), "{text}");
        }
        assert!(!has_text(&json!(["2051", 7])));
    }
}
