//! Imports by external id: Odoo's `load`.

use serde_json::{Map, Value, json};

use crate::{Call, Odoo, OdooError, classify, record::id_list};

impl Odoo {
    /// Imports rows that each have an external id: what has none yet is made, what exists is left alone.
    ///
    /// So the same call may be made again whatever became of the first. `context` is added to the call's.
    pub async fn load_once(
        &self,
        model: &str,
        fields: &[&str],
        rows: Vec<Vec<String>>,
        mut context: Map<String, Value>,
    ) -> Result<Vec<i64>, OdooError> {
        // With the first two, Odoo's `load` marks what it makes and never writes again what is marked so.
        // The last lets it see a record that was archived since.
        context.insert("mode".to_owned(), json!("update"));
        context.insert("noupdate".to_owned(), json!(true));
        context.insert("active_test".to_owned(), json!(false));
        self.load(model, fields, rows, context.into()).await
    }

    /// Imports rows of text, each column a field path such as `id`, `partner_id/id` or `order_line/product_id/.id`.
    ///
    /// Returns the ids of the records, made or already there. What Odoo finds wrong is an error, and nothing is written.
    pub async fn load(
        &self,
        model: &str,
        fields: &[&str],
        rows: Vec<Vec<String>>,
        context: Value,
    ) -> Result<Vec<i64>, OdooError> {
        let mut call = Call::new(model, "load").arg("fields", fields).arg("data", rows);
        if context.as_object().is_some_and(|context| !context.is_empty()) {
            call = call.kwarg("context", context);
        }
        loaded(&self.call(call).await?)
    }
}

fn loaded(answer: &Value) -> Result<Vec<i64>, OdooError> {
    match answer.get("ids") {
        Some(Value::Bool(false)) => Err(refused(answer)),
        ids => ids.and_then(id_list).ok_or_else(|| OdooError::malformed("an import without ids")),
    }
}

/// What is wrong with a value names its field, in every language, and some exceptions come with their class. The rest may
/// be a lost race as well as a refusal: there is no word in it that could be relied on.
fn refused(answer: &Value) -> OdooError {
    let all = answer.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let errors = all.iter().filter(|message| message.get("type").is_none_or(|kind| kind != "warning"));
    let (mut texts, mut located): (Vec<&str>, _) = (Vec::new(), false);
    for error in errors {
        located |= error.get("field").is_some_and(Value::is_string);
        let text = error.get("message").and_then(Value::as_str).map(str::trim);
        texts.extend(text.filter(|text| !texts.contains(text)));
    }
    if !located && let Some(error) = texts.iter().find_map(|text| raised(text)) {
        return error;
    }
    let said = match texts.is_empty() {
        true => "Odoo gave no reason".to_owned(),
        false => classify::said(&texts.join("\n")),
    };
    if located { OdooError::Validation(said) } else { OdooError::Unexplained(said) }
}

/// What an exception means that Odoo's import did not expect: `… <class 'ValueError'>: could not convert …`.
fn raised(text: &str) -> Option<OdooError> {
    let (class, said) = text.split_once("<class '")?.1.split_once("'>: ")?;
    let error = classify::exception(class, said);
    matches!(
        error,
        OdooError::Conflict(_)
            | OdooError::AccessError(_)
            | OdooError::Validation(_)
            | OdooError::MissingRecord(_)
            | OdooError::Unknown(_)
    )
    .then_some(error)
}
