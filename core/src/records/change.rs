//! Records changed and deleted, and looked at before and afterwards.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::checked::{Checked, Unfit};
use super::context::Context;
use super::create::some;
use super::error::RecordError;
use super::page::size;
use super::retry::retried;
use super::told::{Fields, all};
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::odoo::{OdooError, Record};
use crate::rules;

/// Of what was there before, for somebody to put it back.
const MOST_BEFORE: usize = 20_000;

/// What to change of records.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordUpdate {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// Id
    #[garde(custom(rules::record_id(1)))]
    pub record_id: i64,
    /// By Odoo's field names; null empties
    #[garde(custom(some))]
    pub values: Map<String, Value>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// A record after a change, as Odoo has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedRecord {
    /// Done
    pub ok: bool,
    /// Id
    pub id: i64,
    /// Fields
    pub changed: Vec<FieldChange>,
    /// Of these, what Odoo has otherwise than it was given: rounded, in another spelling
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
}

/// What became of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct FieldChange {
    /// Its name
    pub field: String,
    /// Before
    pub old: Option<Value>,
    /// Now
    pub new: Option<Value>,
}

/// Which record to delete.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordDeletion {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// Id
    #[garde(custom(rules::record_id(1)))]
    pub record_id: i64,
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

impl View {
    /// Changes a record, and looks at it afterwards.
    ///
    /// # Errors
    /// When the rules do not let it be changed, a value does not fit, Odoo refuses, or something is not as was asked.
    pub async fn update(&self, request: &RecordUpdate) -> Result<UpdatedRecord, RecordError> {
        let (id, writer) = (request.record_id, self.writer()?);
        let ids = [id];
        if request.values.is_empty() {
            return Err(RecordError::argument("values", "give at least one field"));
        }
        let names: Vec<&str> = request.values.keys().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Update, &names).await?;
        // What was there and what is now is told.
        self.rules.allow(&request.model, Verb::Read)?;
        self.may_write_through(&seen, &names).await?;
        let checked = self.checked(&seen, &request.values).await?;
        let read = || writer.read_one(&seen.model, id, &names);
        let before = read().await.map_err(|error| self.failed_on(&seen.model, error))?;
        let before = before.ok_or_else(|| self.not_found(&seen, id))?;
        let values: Map<String, Value> =
            checked.iter().map(|checked| (checked.field.clone(), checked.value.clone())).collect();
        let outcome = retried(|| writer.write(&seen.model, &ids, values.clone())).await;
        let lost = match outcome {
            Ok(()) => None,
            Err((error, false)) => return Err(self.failed_on(&seen.model, error)),
            Err((error, true)) => Some(error),
        };
        let unseen = |error: OdooError| RecordError::OutcomeUnknown {
            how:
                "look at the record with get_record; the same call may be made again, it sets the same values"
                    .to_owned(),
            cause: error,
        };
        let after = match retried(read).await {
            Ok(Some(after)) => after,
            Ok(None) => return Err(self.not_found(&seen, id)),
            Err((error, _)) => return Err(unseen(lost.unwrap_or(error))),
        };
        let differs: Vec<String> = checked
            .iter()
            .filter(|checked| !checked.is_in(&before, &after))
            .map(|checked| checked.field.clone())
            .collect();
        let changed = self.changes(&seen, &checked, before, after);
        // What is as it was before was not taken; what is neither was rounded, or written in another way.
        let is_still = |field: &&String| changed.iter().any(|it| it.field == **field && it.old == it.new);
        let refused: Vec<String> = differs.iter().filter(is_still).cloned().collect();
        match refused.is_empty() {
            // Its answer was lost, not what it did.
            true => Ok(UpdatedRecord { ok: true, id, changed, differs }),
            false => Err(RecordError::NotTaken { refused, now: in_words(&changed), cause: lost }),
        }
    }

    async fn checked(&self, seen: &Seen, values: &Map<String, Value>) -> Result<Vec<Checked>, RecordError> {
        let hidden = values.keys().filter(|name| seen.field(name).is_none());
        let errors: Vec<_> = hidden
            .map(|name| crate::input::FieldError {
                path: format!("values.{name}"),
                message: seen.unknown(name),
            })
            .collect();
        if !errors.is_empty() {
            return Err(RecordError::Invalid { errors, code: "unknown_field" });
        }
        let checked = self.records.checked(&seen.model, values, self, |_, _| None).await;
        checked.map_err(|unfit| match unfit {
            Unfit::Odoo(error) => self.failed_on(&seen.model, error),
            Unfit::Values { errors, code } => RecordError::Invalid { errors, code },
        })
    }

    fn changes(&self, seen: &Seen, checked: &[Checked], before: Record, after: Record) -> Vec<FieldChange> {
        let names: Vec<String> = checked.iter().map(|checked| checked.field.clone()).collect();
        let [mut old, mut new] = [before, after].map(|record| self.told(seen, &names, record.into_map()));
        let change = |field: String| FieldChange { old: old.remove(&field), new: new.remove(&field), field };
        names.into_iter().map(change).collect()
    }

    /// Deletes a record. What it was is told, as far as there is room for it.
    ///
    /// # Errors
    /// When the rules do not let it be deleted, it is not there, Odoo refuses, or nobody knows whether it is gone.
    pub async fn delete(&self, request: &RecordDeletion) -> Result<DeletedRecord, RecordError> {
        let (id, writer) = (request.record_id, self.writer()?);
        let ids = [id];
        let seen = self.see(&request.model, Verb::Delete).await?;
        let names = match self.rules.allow(&seen.model, Verb::Read) {
            Ok(()) => all(&seen),
            Err(_) => vec!["id".to_owned()],
        };
        let before = self.read_as(&seen, id, &names).await?;
        let before = bounded(before.ok_or_else(|| self.not_found(&seen, id))?);
        let (error, lost) = match retried(|| writer.unlink(&seen.model, &ids)).await {
            Ok(()) => return Ok(DeletedRecord { ok: true, id, before }),
            Err(failure) => failure,
        };
        // Archived ones are there, too.
        let everything = writer.with_context(&Map::from_iter([("active_test".to_owned(), json!(false))]));
        let there = retried(|| everything.search_count(&seen.model, json!([["id", "=", id]]))).await;
        match (there, lost) {
            (Ok(0), true) => Ok(DeletedRecord { ok: true, id, before }),
            (Ok(0), false) => Err(self.not_found(&seen, id)),
            (_, false) => Err(self.failed_on(&seen.model, error)),
            (_, true) => Err(RecordError::OutcomeUnknown {
                how: "look for the record with get_record; the same call may be made again".to_owned(),
                cause: error,
            }),
        }
    }
}

/// As much of a record as there is room for, its shortest values first.
fn bounded(record: Fields) -> Fields {
    let mut fields: Vec<(String, Value)> = record.into_iter().collect();
    fields.sort_by_key(|(_, value)| size(value));
    let mut left = MOST_BEFORE;
    let fits = |(name, value): &(String, Value)| {
        let bytes = name.len() + size(value);
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    fields.into_iter().take_while(fits).collect()
}

fn in_words(changes: &[FieldChange]) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "empty".to_owned(), Value::to_string);
    let change = |it: &FieldChange| match it.old == it.new {
        true => format!("{} is still {}", it.field, value(&it.new)),
        false => format!("{} was {} and is {}", it.field, value(&it.old), value(&it.new)),
    };
    changes.iter().map(change).collect::<Vec<_>>().join("; ")
}
