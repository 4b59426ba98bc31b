//! Whether records have changed, found out by few calls.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::{Value, json};

use super::View;
use super::context::archived_too;
use super::error::RecordError;
use super::search::RecordSearch;
use super::told::usual;
use crate::access::models::Verb;
use crate::odoo::SearchRead;

/// Says when a record was changed, to the second.
const WRITTEN: &str = "write_date";

/// What tells one state of a record from another.
pub type Mark = u64;

impl View {
    /// How these records are, in one call; those that are not there are left out. Beside the time of the last change it goes by
    /// what a list shows of them: of two changes in one second the second is seen, too.
    ///
    /// # Errors
    /// When the rules do not open the model, or Odoo fails.
    pub async fn marks(&self, model: &str, ids: &[i64]) -> Result<HashMap<i64, Mark>, RecordError> {
        let seen = self.see(model, Verb::Read).await?;
        let mut fields = usual(&seen);
        fields.retain(|name| seen.field(name).is_some_and(|field| field.store != Some(false)));
        fields.extend(seen.field(WRITTEN).map(|_| WRITTEN.to_owned()));
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let query = SearchRead { fields: &fields, ..SearchRead::default() };
        // Who is archived is not gone.
        let everything = archived_too(&self.records.odoo);
        let found = everything.search_read(model, json!([["id", "in", ids]]), &query).await;
        let found = found.map_err(|error| self.failed_on(model, error))?;
        let records = found.into_iter().map(crate::odoo::Record::into_map);
        Ok(records.filter_map(|record| Some((record.get("id")?.as_i64()?, mark(&record)))).collect())
    }

    /// How a list is: which records it shows, and how many there are.
    ///
    /// # Errors
    /// When the rules do not open the model, an argument does not fit it, or Odoo fails.
    pub async fn mark_of_list(&self, search: &RecordSearch) -> Result<Mark, RecordError> {
        Ok(mark(&self.search(search).await?))
    }
}

fn mark(state: &impl Serialize) -> Mark {
    let mut hasher = DefaultHasher::new();
    serde_json::to_value(state).unwrap_or(Value::Null).to_string().hash(&mut hasher);
    hasher.finish()
}
