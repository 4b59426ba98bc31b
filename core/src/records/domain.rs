//! Conditions: Odoo's domains, checked against the fields of the model before they are sent.

use std::pin::Pin;

use serde_json::{Value, json};

use super::compared::{has_text, terms};
use super::error::RecordError;
use super::metadata::Field;
use super::view::{DATE_PARTS, Seen, Target, View};
use crate::access::models::Verb;
use crate::input::{FieldError, literal};

/// Conditions within conditions, at most.
const DEEPEST: usize = 8;
/// Before, a day has to be written as such.
const WORDS_SINCE: u32 = 19;
/// Before, a date has no parts.
const DATE_PARTS_SINCE: u32 = 18;
/// Compare with texts: of a record, with its name.
pub(super) const BY_TEXT: [&str; 8] =
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
                            Ok(terms) => {
                                sent.extend(terms);
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

    /// The terms that say it in Odoo.
    async fn condition(
        &self,
        model: &Seen,
        leaf: &[Value],
        path: &str,
        depth: usize,
        errors: &mut Vec<FieldError>,
    ) -> Result<Result<Vec<Value>, String>, RecordError> {
        let [field, operator, value] = leaf else {
            return Ok(Err("must have three parts, [field, operator, value]".to_owned()));
        };
        // Always true, or never.
        if field.is_number() {
            return Ok(Ok(vec![json!([field, operator, value])]));
        }
        let (Some(name), Some(written)) = (field.as_str(), operator.as_str()) else {
            return Ok(Err("must be [field, operator, value], the first two texts".to_owned()));
        };
        let Some(operator) = operator_of(written) else {
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
            return Ok(Ok(vec![json!([name, operator, inner])]));
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
        let is_part =
            field.kind.is_empty() && name.rsplit('.').next().is_some_and(|part| DATE_PARTS.contains(&part));
        if is_part && version.major < DATE_PARTS_SINCE {
            return Ok(Err(
                "this Odoo compares no parts of dates: compare the whole with days, by >= and <=".to_owned(),
            ));
        }
        let has_words = version.major >= WORDS_SINCE;
        Ok(terms(name, &field, operator, value, has_words))
    }
}

/// A list, or text that is one: as JSON, or as Python writes it. One condition alone is taken for a list of it.
fn parsed(domain: &Value) -> Option<Vec<Value>> {
    let terms = match domain {
        Value::Null => Vec::new(),
        Value::Array(terms) => terms.clone(),
        Value::String(text) if text.trim().is_empty() => Vec::new(),
        Value::String(text) => match literal(text)? {
            Value::Array(terms) => terms,
            _ => return None,
        },
        _ => return None,
    };
    match terms.as_slice() {
        [Value::String(field), Value::String(operator), _]
            if !["&", "|", "!"].contains(&field.as_str()) && operator_of(operator).is_some() =>
        {
            Some(vec![terms.into()])
        }
        _ => Some(terms),
    }
}

/// An operator as Odoo writes it.
fn operator_of(written: &str) -> Option<&'static str> {
    let plain = |operator: &str| operator.trim().to_lowercase().replace('_', " ");
    let written = match plain(written).as_str() {
        "==" => "=".to_owned(),
        "<>" => "!=".to_owned(),
        other => other.to_owned(),
    };
    BY_TEXT.iter().chain(&OTHERS).find(|known| plain(known) == written).copied()
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
        assert_eq!(parsed(&json!("('a', '=', 1)")), Some(vec![json!(["a", "=", 1])]));
        assert_eq!(parsed(&json!(["|", "!", ["a", "=", 1]])).map(|terms| terms.len()), Some(3));
    }

    #[test]
    fn operators_are_written_in_many_ways() {
        for (written, meant) in
            [("==", "="), ("<>", "!="), ("ILIKE", "ilike"), ("not_in", "not in"), ("child of", "child_of")]
        {
            assert_eq!(operator_of(written), Some(meant), "{written}");
        }
        assert_eq!(operator_of("contains"), None);
    }
}
