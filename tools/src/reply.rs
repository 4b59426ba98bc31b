//! What a model is told: structured for programs, a short text for reading, advice on failure.

use mcp_odoo_core::input::FieldError;
use mcp_odoo_core::refusal::Refusal;
use serde::Serialize;
use serde_json::Value;

use crate::operation::Text;
use crate::readable;
use crate::shortened::shortened;

/// The code of arguments that break rules.
pub const INVALID: &str = "invalid_arguments";

/// The answer of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// For programs.
    pub structured: Option<Value>,
    /// For reading.
    pub text: String,
    /// Why it was not done, if it was not.
    pub failure: Option<Failure>,
    /// What goes with it.
    pub file: Option<File>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// What was sent breaks rules, each named.
    Invalid(Vec<FieldError>),
    /// It was refused, or failed.
    Refused(Refusal),
}

/// A file, for the client or its user.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Names it.
    pub uri: String,
    /// MIME type
    pub content_type: &'static str,
    /// Its bytes; text where the type says so.
    pub content: Vec<u8>,
}

impl Reply {
    /// An answer, as text of this kind.
    pub fn of(answer: &impl Serialize, text: Text) -> Self {
        match structured(answer).map(shortened) {
            Some(structured) => {
                let text = match text {
                    Text::Lines => readable::lines(&structured),
                    Text::Json => structured.to_string(),
                };
                Self { structured: Some(structured), text, failure: None, file: None }
            }
            None => Self::refused(Refusal::defect()),
        }
    }

    /// Why it was not done: what to do about it, and its stable code.
    pub fn refused(refusal: Refusal) -> Self {
        let text = format!("{} ({})", refusal.sentence.trim_end_matches('.'), refusal.code);
        Self { structured: None, text, failure: Some(Failure::Refused(refusal)), file: None }
    }

    /// Arguments that break rules, each named.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let mut text = format!("Correct the arguments and call again ({INVALID}):");
        for FieldError { path, message } in &errors {
            let path = if path.is_empty() { "arguments" } else { path };
            text.push_str(&format!("\n- {path}: {message}"));
        }
        Self { structured: None, text, failure: Some(Failure::Invalid(errors)), file: None }
    }
}

/// The structured form: what is empty is absent, as the schemas say.
pub fn structured(answer: &impl Serialize) -> Option<Value> {
    let mut value = serde_json::to_value(answer).ok()?;
    without_nulls(&mut value);
    Some(value)
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
