//! A record made, exactly once for each key.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cells::Cells;
use super::context::Context;
use super::error::RecordError;
use super::keyed::{self, NotMade};
use super::reference::Reference;
use super::retry::retried;
use super::told::Fields;
use super::value::is_day;
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::external_id::keyed_external_name;
use crate::key::IdempotencyKey;
use crate::odoo::{OdooError, Record};

const UNSEEN: &str = "it was made; this service does not see it: the rules of Odoo keep it from its sight, or somebody deleted it";
const UNREAD: &str = "it was made; what it has could not be read: look at it with get_record";

/// A record to make.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// By Odoo's field names; lines as a list of objects
    #[garde(custom(some))]
    pub values: Map<String, Value>,
    /// Repeated: the same record
    #[garde(skip)]
    pub idempotency_key: Option<IdempotencyKey>,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

pub(super) fn some(values: &Map<String, Value>, _: &()) -> garde::Result {
    match values.is_empty() {
        true => Err(garde::Error::new("give at least one field")),
        false => Ok(()),
    }
}

/// A record that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeRecord {
    /// Id
    pub id: i64,
    /// It was there: this key had made it
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub existing: bool,
    /// What was given, as Odoo has it
    pub record: Fields,
    /// Fields that Odoo has otherwise than they were given
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
    /// Why nothing is told of it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl View {
    /// Makes a record.
    ///
    /// # Errors
    /// When the rules do not let it be made, a value does not fit, Odoo refuses, or nobody knows whether it was made.
    pub async fn create(&self, request: &NewRecord) -> Result<MadeRecord, RecordError> {
        let writer = self.records.writer()?;
        let names: Vec<&str> = request.values.keys().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Create, &names).await?;
        self.may_make_through(&seen, &request.values).await?;
        let given = request.idempotency_key.is_some();
        let key = request.idempotency_key.clone().unwrap_or_else(IdempotencyKey::random);
        let companies = request.context.allowed_company_ids.iter().map(Reference::to_string);
        let companies = match self.records.elsewhere() {
            Some(company) if request.context.allowed_company_ids.is_empty() => company.to_string(),
            _ => companies.collect::<Vec<_>>().join(","),
        };
        // What the caller wrote, whatever it stands for today.
        let written =
            [("model", request.model.clone()), ("values", sorted(&request.values)), ("companies", companies)];
        let name = keyed_external_name("record", &self.records.key_scope, &key, &written);
        if given {
            let known = keyed::made_before(writer, &name).await;
            if let Some(id) = known.map_err(|error| self.failed(error))? {
                return Ok(self.made(&seen, request, id, true, &Cells::default()).await);
            }
        }
        let mut cells = self.cells(&seen, &request.values).await?;
        let row = cells.cells.iter().map(|(column, cell)| (column.as_str(), cell.clone())).collect();
        let defaults = std::mem::take(&mut cells.defaults);
        match keyed::make(writer, &request.model, &name, row, defaults).await {
            Ok(id) => Ok(self.made(&seen, request, id, false, &cells).await),
            Err(NotMade::Refused(error)) => Err(self.failed_on(&request.model, error)),
            Err(NotMade::Unknown(cause)) => {
                let key = key.as_str();
                let how =
                    format!("repeat the call with idempotency_key \"{key}\", which makes nothing twice");
                Err(RecordError::OutcomeUnknown { how, cause })
            }
        }
    }

    /// It is made: that it cannot be read is no failure.
    async fn made(
        &self,
        seen: &Seen,
        request: &NewRecord,
        id: i64,
        existing: bool,
        cells: &Cells,
    ) -> MadeRecord {
        let mut names: Vec<String> = request.values.keys().cloned().collect();
        names.push("display_name".to_owned());
        let may_read = self.rules.allow(&seen.model, Verb::Read).is_ok();
        // A file is not read back.
        let read = without_files(seen, self.with_currencies(seen, &names));
        let read = match may_read {
            true => retried(|| self.records.writer.read_one(&seen.model, id, &read)).await,
            false => Ok(None),
        };
        let record = match read {
            Ok(Some(record)) => record,
            unread => {
                let note = match unread {
                    _ if !may_read => None,
                    Ok(_) | Err((OdooError::AccessError(_), _)) => Some(UNSEEN),
                    Err(_) => Some(UNREAD),
                };
                let note = note.map(str::to_owned);
                return MadeRecord { id, existing, record: Fields::new(), differs: Vec::new(), note };
            }
        };
        let nothing = Record::from(Map::new());
        let differs = cells.checked.iter().filter(|checked| {
            is_day(&checked.kind, request.values.get(&checked.field)) || !checked.is_in(&nothing, &record)
        });
        let differs = differs.map(|checked| checked.field.clone()).collect();
        MadeRecord { id, existing, record: self.told(seen, &names, record.into_map()), differs, note: None }
    }
}

fn without_files<'a>(seen: &Seen, mut names: Vec<&'a str>) -> Vec<&'a str> {
    let is_file =
        |name: &str| seen.field(name).is_none_or(|field| matches!(field.kind.as_str(), "binary" | "image"));
    names.retain(|name| !is_file(name));
    names
}

/// The same text for the same values, in whichever order they are written.
fn sorted(values: &Map<String, Value>) -> String {
    fn sort(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                names
                    .into_iter()
                    .map(|name| (name.clone(), fields.get(name).map(sort).unwrap_or_default()))
                    .collect()
            }
            Value::Array(items) => items.iter().map(sort).collect(),
            value => value.clone(),
        }
    }
    sort(&Value::Object(values.clone())).to_string()
}
