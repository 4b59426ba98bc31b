//! Records read by their ids.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::context::{Context, archived_too};
use super::error::RecordError;
use super::ids::{Ids, missing};
use super::page::{Single, readable, size};
use super::search::{bin_size, named};
use super::told::{Fields, all, usual};
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::odoo::{Odoo, OdooError, Record, SearchRead};

/// Of one record's texts and lists, where the record is longer than anybody reads at once.
const LONG_TEXT: usize = 2_000;
const LONG_LIST: usize = 200;
const LONG_RECORD: usize = 30_000;
/// Records that are read by their ids at once.
const MOST_READ: usize = 500;

/// Which record to read.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordRequest {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// Id
    #[serde(alias = "ids")]
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub record_id: Ids<MOST_READ>,
    /// None: all but files
    #[serde(default)]
    #[garde(length(max = 500))]
    pub fields: Vec<String>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// What was read of one record, or of several.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Read {
    /// Of the one that was asked for.
    One(Single<Fields>),
    /// Of several.
    Several(ReadRecords),
}

impl Read {
    /// Each record that was read.
    pub fn records(&self) -> &[Fields] {
        match self {
            Self::One(Single { record }) => std::slice::from_ref(record),
            Self::Several(ReadRecords { items, .. }) => items,
        }
    }
}

/// Several records, in the order that they were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReadRecords {
    /// Each
    pub items: Vec<Fields>,
    /// Ids of which there is no record that may be read
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<i64>,
    /// Ids of records for which there is no room here: ask for them by themselves
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<i64>,
}

impl View {
    /// One record whole, or what is asked for of several: of these a short choice, if nothing is said.
    ///
    /// # Errors
    /// When there is none that may be read, an argument does not fit, or Odoo fails.
    pub async fn read(&self, request: &RecordRequest) -> Result<Read, RecordError> {
        let asked: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Read, &asked).await?;
        let ids = request.record_id.all();
        let names = match (request.fields.is_empty(), ids) {
            (false, _) => named(&seen, &request.fields)?,
            (true, [_]) => all(&seen),
            (true, _) => usual(&seen),
        };
        if let [id] = ids {
            let record = self.read_with_lists(&seen, *id, &names).await?;
            let mut record = record.ok_or_else(|| self.not_found(&seen, ids))?;
            shorten(&mut record);
            return Ok(Read::One(Single { record }));
        }
        let mut items = self.read_as(&seen, ids, &names).await?;
        if items.is_empty() {
            return Err(self.not_found(&seen, ids));
        }
        let found: Vec<i64> = items.iter().filter_map(|record| record.get("id")?.as_i64()).collect();
        items.truncate(readable(&items));
        let more = found.iter().skip(items.len()).copied().collect();
        Ok(Read::Several(ReadRecords { items, missing: missing(ids, found.iter()), more }))
    }

    /// These fields of records as callers read them; those that are not there are left out.
    pub(super) async fn read_as(
        &self,
        seen: &Seen,
        ids: &[i64],
        names: &[String],
    ) -> Result<Vec<Fields>, RecordError> {
        let sized = self.records.odoo.with_context(&bin_size());
        let read = there(&sized, &seen.model, ids, &self.with_currencies(seen, names)).await;
        let records = read.map_err(|error| self.failed_on(&seen.model, error))?;
        Ok(records.into_iter().map(|record| self.told(seen, names, record.into_map())).collect())
    }

    pub(super) fn not_found(&self, seen: &Seen, ids: &[i64]) -> RecordError {
        RecordError::NotFound { model: seen.model.clone(), ids: ids.to_vec() }
    }
}

/// Those of these records that are there and may be read, in this order.
pub(super) async fn there(
    odoo: &Odoo,
    model: &str,
    ids: &[i64],
    fields: &[&str],
) -> Result<Vec<Record>, OdooError> {
    // Odoo gives back an id that is asked for alone, also where there is no such record.
    if fields.iter().all(|field| *field == "id") {
        return found(odoo, model, ids).await;
    }
    if let [id] = ids {
        return Ok(odoo.read_one(model, *id, fields).await?.into_iter().collect());
    }
    let read = odoo.read(model, ids, fields).await;
    let Err(error @ OdooError::AccessError(_)) = read else { return read };
    // One that may not be read has Odoo refuse them all.
    let found = found(odoo, model, ids).await?;
    let readable: Vec<i64> = found.iter().filter_map(|record| record.id().ok()).collect();
    match readable.len() == ids.len() {
        true => Err(error),
        false if readable.is_empty() => Ok(Vec::new()),
        false => odoo.read(model, &readable, fields).await,
    }
}

/// The ids of those that are there, in this order.
async fn found(odoo: &Odoo, model: &str, ids: &[i64]) -> Result<Vec<Record>, OdooError> {
    let query = SearchRead { fields: &["id"], ..SearchRead::default() };
    let mut found = archived_too(odoo).search_read(model, json!([["id", "in", ids]]), &query).await?;
    let place = |record: &Record| ids.iter().position(|id| record.id().ok() == Some(*id));
    found.sort_by_key(place);
    Ok(found)
}

/// Cuts the longest of a record that is longer than anybody reads at once, and says so.
fn shorten(record: &mut Fields) {
    if size(record) <= LONG_RECORD {
        return;
    }
    for value in record.values_mut() {
        match value {
            Value::String(text) if text.len() > LONG_TEXT => {
                let cut: String = text.chars().take(LONG_TEXT).collect();
                *text = format!("{cut}… [{} characters in all]", text.chars().count());
            }
            Value::Array(items) if items.len() > LONG_LIST => {
                let all = items.len();
                items.truncate(LONG_LIST);
                items.push(format!("… [{all} in all]").into());
            }
            _ => {}
        }
    }
}
