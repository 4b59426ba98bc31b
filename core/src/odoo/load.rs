//! Imports by external id: Odoo's `load`.

use serde_json::Value;

use super::{Call, Odoo, OdooError, classify, record::id_list};

impl Odoo {
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
        Some(Value::Bool(false)) => Err(classify::import(&messages(answer))),
        ids => ids.and_then(id_list).ok_or_else(|| OdooError::malformed("an import without ids")),
    }
}

fn messages(answer: &Value) -> String {
    let all = answer.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut texts: Vec<&str> = Vec::new();
    for text in all.iter().filter_map(|message| message.get("message")).filter_map(Value::as_str) {
        let text = text.trim();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.is_empty() {
        true => "Odoo refused the import without a reason".to_owned(),
        false => texts.join("\n"),
    }
}
