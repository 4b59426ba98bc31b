//! Records deleted, once they were looked at.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::change::{MOST_AT_ONCE, of_all};
use super::context::{Context, archived_too};
use super::error::RecordError;
use super::ids::{Ids, missing};
use super::page::size;
use super::retry::retried;
use super::told::{Fields, all};
use super::view::View;
use crate::access::models::Verb;

/// Of what was there before, for somebody to put it back.
const MOST_BEFORE: usize = 20_000;
/// What a record is called by is told before all else.
const NAME: &str = "display_name";

/// Which records to delete.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordDeletion {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// Id
    #[serde(alias = "ids")]
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub record_id: Ids<MOST_AT_ONCE>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// What became of one record, or of several.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Deleted {
    /// Of the one that was to be deleted.
    One(DeletedRecord),
    /// Of several.
    Several(DeletedRecords),
}

impl Deleted {
    /// Whether nothing is left to do.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::One(record) => record.ok,
            Self::Several(records) => records.ok,
        }
    }

    /// Each that is no more.
    pub fn ids(&self) -> Vec<i64> {
        match self {
            Self::One(record) => vec![record.id],
            Self::Several(records) => records.records.iter().map(|record| record.id).collect(),
        }
    }
}

/// A record that is no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeletedRecord {
    /// Done
    pub ok: bool,
    /// Id
    pub id: i64,
    /// What it was
    pub before: Fields,
}

/// Records that are no more: Odoo deletes all of them or none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeletedRecords {
    /// All of them are deleted
    pub ok: bool,
    /// Each
    pub records: Vec<DeletedRecord>,
    /// Were not there
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<i64>,
}

impl View {
    /// Deletes records, all of them or none. What they were is told, as far as there is room for it. Of several those are left
    /// out that are not there.
    ///
    /// # Errors
    /// When the rules do not let them be deleted, none is there, Odoo refuses, or nobody knows whether they are gone.
    pub async fn delete(&self, request: &RecordDeletion) -> Result<Deleted, RecordError> {
        let (asked, writer) = (request.record_id.all(), self.records.writer()?);
        let seen = self.see(&request.model, Verb::Delete).await?;
        let names = match self.rules.allow(&seen.model, Verb::Read) {
            Ok(()) => all(&seen),
            Err(_) => vec!["id".to_owned()],
        };
        let before = self.read_as(&seen, asked, &names).await?;
        let room = MOST_BEFORE.checked_div(before.len()).unwrap_or_default();
        let deleted = |before: Fields| {
            let id = before.get("id")?.as_i64()?;
            Some(DeletedRecord { ok: true, id, before: bounded(before, room) })
        };
        let records: Vec<DeletedRecord> = before.into_iter().filter_map(deleted).collect();
        let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
        if ids.is_empty() {
            return Err(self.not_found(&seen, asked));
        }
        let (error, lost) = match retried(|| writer.unlink(&seen.model, &ids)).await {
            Ok(()) => return Ok(told(asked, records)),
            Err(failure) => failure,
        };
        let everything = archived_too(writer);
        let left = retried(|| everything.search_count(&seen.model, json!([["id", "in", ids]]))).await;
        match (left, lost) {
            (Ok(0), true) => Ok(told(asked, records)),
            (Ok(0), false) => Err(self.not_found(&seen, asked)),
            (_, false) => Err(of_all(asked, self.failed_on(&seen.model, error))),
            (_, true) => Err(RecordError::OutcomeUnknown {
                how: "look for what is left with get_record; the same call may be made again".to_owned(),
                cause: error,
            }),
        }
    }
}

fn told(asked: &[i64], mut records: Vec<DeletedRecord>) -> Deleted {
    if let Some(record) = records.pop_if(|_| asked.len() == 1) {
        return Deleted::One(record);
    }
    let missing = missing(asked, records.iter().map(|record| &record.id));
    Deleted::Several(DeletedRecords { ok: missing.is_empty(), records, missing })
}

/// As much of a record as there is room for: its name, then its shortest values first.
fn bounded(record: Fields, mut room: usize) -> Fields {
    let mut fields: Vec<(String, Value)> = record.into_iter().collect();
    fields.sort_by_key(|(name, value)| (name != NAME, size(value)));
    let fits = |(name, value): &(String, Value)| {
        let bytes = name.len() + size(value);
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    };
    fields.into_iter().take_while(fits).collect()
}
