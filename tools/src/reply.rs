//! The results of tools: structured for programs, a short text for models, advice on failure.

use std::fmt::Display;

use mcp_odoo_core::input::FieldError;
use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::Value;

use crate::readable;

/// How an answer reads beside its structured form.
#[derive(Clone, Copy)]
pub enum Text {
    /// As lines for a reader.
    Lines,
    /// As JSON, which ChatGPT reads `search` and `fetch` from.
    Json,
}

/// An answer.
pub fn success(answer: &impl Serialize, text: Text) -> CallToolResult {
    let Some(structured) = structured(answer) else {
        return failed(&"the answer has no JSON form", "internal_error");
    };
    let text = match text {
        Text::Lines => readable::lines(&structured),
        Text::Json => structured.to_string(),
    };
    with(structured, text)
}

/// An answer with a text of its own.
pub fn with(structured: Value, text: String) -> CallToolResult {
    let mut result = CallToolResult::structured(structured);
    result.content = vec![ContentBlock::text(text)];
    result
}

/// A failure: what to do about it, and its stable code.
pub fn failed(sentence: &impl Display, code: &str) -> CallToolResult {
    let sentence = sentence.to_string();
    CallToolResult::error(vec![ContentBlock::text(format!("{} ({code})", sentence.trim_end_matches('.')))])
}

/// Arguments that break rules, each named.
pub fn invalid(errors: &[FieldError]) -> CallToolResult {
    let mut text = "Correct the arguments and call again (invalid_arguments):".to_owned();
    for FieldError { path, message } in errors {
        let path = if path.is_empty() { "arguments" } else { path };
        text.push_str(&format!("\n- {path}: {message}"));
    }
    CallToolResult::error(vec![ContentBlock::text(text)])
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
