//! Records changed, and looked at before and afterwards.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::checked::{Checked, Unfit};
use super::context::Context;
use super::create::some;
use super::error::RecordError;
use super::ids::{Ids, missing};
use super::page::readable;
use super::read::there;
use super::retry::retried;
use super::value::is_day;
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::input::FieldError;
use crate::odoo::{OdooError, Record};

/// Records that are changed or deleted at once.
pub(super) const MOST_AT_ONCE: usize = 100;
/// Of what several records are now, where it is not what was asked for.
const MOST_SAID: usize = 10_000;
/// A rule of Odoo hides a colleague's order from who gave it to them.
const UNSEEN: &str = "Odoo has taken the change; since then this service does not see the record: the change took it out of \
                      its sight, or somebody deleted it. What it has now is not known";

/// What to change of records.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordUpdate {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// Id
    #[serde(alias = "ids")]
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub record_id: Ids<MOST_AT_ONCE>,
    /// By Odoo's field names; null empties
    #[garde(custom(some))]
    pub values: Map<String, Value>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

/// What became of one record, or of several.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Updated {
    /// Of the one that was to be changed.
    One(UpdatedRecord),
    /// Of several.
    Several(UpdatedRecords),
}

impl Updated {
    /// Whether nothing is left to do.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::One(record) => record.ok,
            Self::Several(records) => records.ok,
        }
    }

    /// Each that was changed.
    pub fn ids(&self) -> Vec<i64> {
        match self {
            Self::One(record) => vec![record.id],
            Self::Several(UpdatedRecords { records, more, .. }) => {
                records.iter().map(|record| record.id).chain(more.iter().copied()).collect()
            }
        }
    }
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
    /// Of these, what Odoo has otherwise than it was given: rounded, in another spelling, a day as its noon
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// Why nothing is told of now
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Several records after the same change, which Odoo makes to all of them or to none.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UpdatedRecords {
    /// All of them are changed
    pub ok: bool,
    /// Each
    pub records: Vec<UpdatedRecord>,
    /// Changed as well, without room here for what they were
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<i64>,
    /// Not there, so not changed
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<i64>,
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

impl View {
    /// Changes records, all of them or none, and looks at them afterwards. Of several those are left out that are not there.
    ///
    /// # Errors
    /// When the rules do not let them be changed, a value does not fit, Odoo refuses, or something is not as was asked.
    pub async fn update(&self, request: &RecordUpdate) -> Result<Updated, RecordError> {
        let (asked, writer) = (request.record_id.all(), self.records.writer()?);
        if request.values.is_empty() {
            return Err(RecordError::argument("values", "give at least one field"));
        }
        let names: Vec<&str> = request.values.keys().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Update, &names).await?;
        // What was there and what is now is told.
        self.rules.allow(&request.model, Verb::Read)?;
        self.may_write_through(&seen, &names).await?;
        let checked = self.checked(&seen, &request.values).await?;
        let given: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let read = self.with_currencies(&seen, &given);
        let found = there(writer, &seen.model, asked, &read).await;
        let before = by_id(found.map_err(|error| self.failed_on(&seen.model, error))?);
        let ids: Vec<i64> = before.iter().map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return Err(self.not_found(&seen, asked));
        }
        let values: Map<String, Value> =
            checked.iter().map(|checked| (checked.field.clone(), checked.value.clone())).collect();
        let lost = match retried(|| writer.write(&seen.model, &ids, values.clone())).await {
            Ok(()) => None,
            Err((error, false)) => return Err(of_all(asked, self.failed_on(&seen.model, error))),
            Err((error, true)) => Some(error),
        };
        let after = match retried(|| there(writer, &seen.model, &ids, &read)).await {
            Ok(after) => by_id(after),
            // They are there, and are seen no more.
            Err((OdooError::AccessError(_), _)) => Vec::new(),
            Err((error, _)) => {
                let how = match lost {
                    Some(_) => {
                        "look at what is there with get_record; the same call may be made again, it sets the same values"
                    }
                    None => {
                        "Odoo has taken the change; what is there now could not be read: look at it with get_record"
                    }
                };
                return Err(RecordError::OutcomeUnknown {
                    how: how.to_owned(),
                    cause: lost.unwrap_or(error),
                });
            }
        };
        let (mut records, mut refused) = (Vec::new(), Vec::new());
        for (id, before) in before {
            let Some((_, after)) = after.iter().find(|(other, _)| *other == id) else {
                if let Some(cause) = lost {
                    let how = format!(
                        "this service does not see record {id} any more, so the change may have taken it out of its \
                         sight: ask somebody who sees it in Odoo"
                    );
                    return Err(RecordError::OutcomeUnknown { how, cause });
                }
                let changed = self.changes(&seen, &checked, before, Record::from(Map::new()));
                records.push(UpdatedRecord {
                    ok: true,
                    id,
                    changed,
                    differs: Vec::new(),
                    note: Some(UNSEEN.to_owned()),
                });
                continue;
            };
            let (record, not_taken) =
                self.compared(&seen, request, &checked, (id, before, after.clone()), lost.is_some());
            refused.extend(not_taken.into_iter().map(|field| match asked {
                [_] => field,
                _ => format!("{field} of {id}"),
            }));
            records.push(record);
        }
        // Its answer was lost, not what it did.
        if refused.is_empty() {
            return Ok(told(asked, records));
        }
        Err(RecordError::NotTaken { refused, now: all_in_words(&records), cause: lost })
    }

    /// A record after the change beside what it was, and the fields that did not take it.
    fn compared(
        &self,
        seen: &Seen,
        request: &RecordUpdate,
        checked: &[Checked],
        (id, before, after): (i64, Record, Record),
        is_lost: bool,
    ) -> (UpdatedRecord, Vec<String>) {
        let otherwise: Vec<&Checked> = checked.iter().filter(|it| !it.is_in(&before, &after)).collect();
        let mut differs: Vec<String> = otherwise.iter().map(|it| it.field.clone()).collect();
        let not_rounded: Vec<_> =
            otherwise.into_iter().filter(|it| !it.is_rounded(&before, &after, is_lost)).collect();
        let changed = self.changes(seen, checked, before, after);
        // What is as it was before was not taken; what is neither was rounded, or written in another way. Where Odoo's answer
        // is lost, it may also be somebody else's.
        let is_still =
            |field: &str| is_lost || changed.iter().any(|it| it.field == field && it.old == it.new);
        let refused = not_rounded.iter().map(|it| it.field.clone()).filter(|field| is_still(field)).collect();
        let days = checked.iter().filter(|it| is_day(&it.kind, request.values.get(&it.field)));
        differs.extend(days.map(|it| it.field.clone()));
        (UpdatedRecord { ok: true, id, changed, differs, note: None }, refused)
    }

    async fn checked(&self, seen: &Seen, values: &Map<String, Value>) -> Result<Vec<Checked>, RecordError> {
        let hidden = values.keys().filter(|name| seen.field(name).is_none());
        let errors: Vec<_> = hidden
            .map(|name| FieldError { path: format!("values.{name}"), message: seen.unknown(name) })
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
}

/// What Odoo refuses of several records, it has not done to any of them.
pub(super) fn of_all(asked: &[i64], cause: RecordError) -> RecordError {
    match asked {
        [_] => cause,
        asked => RecordError::NoneOf { of: asked.len(), cause: Box::new(cause) },
    }
}

fn by_id(records: Vec<Record>) -> Vec<(i64, Record)> {
    records.into_iter().filter_map(|record| Some((record.id().ok()?, record))).collect()
}

fn told(asked: &[i64], mut records: Vec<UpdatedRecord>) -> Updated {
    if let Some(record) = records.pop_if(|_| asked.len() == 1) {
        return Updated::One(record);
    }
    let changed: Vec<i64> = records.iter().map(|record| record.id).collect();
    records.truncate(readable(&records));
    let more = changed.iter().skip(records.len()).copied().collect();
    let missing = missing(asked, changed.iter());
    Updated::Several(UpdatedRecords { ok: missing.is_empty(), records, more, missing })
}

fn all_in_words(records: &[UpdatedRecord]) -> String {
    let now = |it: &UpdatedRecord| it.note.clone().unwrap_or_else(|| in_words(&it.changed));
    let mut words = match records {
        [only] => return now(only),
        all => all.iter().map(|it| format!("{}: {}", it.id, now(it))).collect::<Vec<_>>().join("; "),
    };
    if words.len() > MOST_SAID {
        words.truncate(words.floor_char_boundary(MOST_SAID));
        words.push_str("… look at the rest with get_record");
    }
    words
}

fn in_words(changes: &[FieldChange]) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "empty".to_owned(), Value::to_string);
    let change = |it: &FieldChange| match it.old == it.new {
        true => format!("{} is still {}", it.field, value(&it.new)),
        false => format!("{} was {} and is {}", it.field, value(&it.old), value(&it.new)),
    };
    changes.iter().map(change).collect::<Vec<_>>().join("; ")
}
