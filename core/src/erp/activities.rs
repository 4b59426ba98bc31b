//! What somebody has to do next, planned on a record, once.

use chrono::NaiveDate;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lookup::not_blank;
use super::new_orders::{Cell, New};
use super::reference::{Reference, USERS};
use super::retry::retried;
use super::value::{plain, text};
use super::{Erp, ErpError, Named};
use crate::html;
use crate::input::{FieldError, trimmed, trimmed_or_absent};
use crate::key::IdempotencyKey;
use crate::odoo::OdooError;
use crate::rules;

const MODEL: &str = "mail.activity";
const TYPE: &str = "mail.activity.type";
/// Every Odoo has it, whatever it is called there.
const TO_DO: &str = "mail.mail_activity_data_todo";
/// Only records that have this can have activities.
const OF_A_RECORD: &str = "activity_ids";
const TOLD: [&str; 7] =
    ["summary", "note", "date_deadline", "user_id", "activity_type_id", "res_model", "res_id"];

/// What is to be done, by whom and until when.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewActivity {
    /// Of the record: sale.order, crm.lead …
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(not_blank))]
    pub model: String,
    /// Record
    #[garde(custom(rules::record_id(1)))]
    pub record_id: i64,
    /// What to do
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(rules::name))]
    pub summary: String,
    /// Plain text
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::description)))]
    pub note: Option<String>,
    /// E.g. 2026-12-31; left out: today
    #[garde(inner(custom(day)))]
    pub due_date: Option<String>,
    /// Name or id of who does it; left out: this service's user
    #[serde(alias = "user_id")]
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub user: Option<Reference>,
    /// Name or id, e.g. Call; left out: to do
    #[serde(alias = "activity_type_id")]
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub activity_type: Option<Reference>,
    /// Repeated: the same activity
    #[garde(skip)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// An activity, as Odoo has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// Id
    pub id: i64,
    /// Of the record
    pub model: Option<String>,
    /// Record
    pub record_id: Option<i64>,
    /// What to do
    pub summary: Option<String>,
    /// More of it
    pub note: Option<String>,
    /// Until when
    pub due_date: Option<String>,
    /// Who
    pub user: Option<Named>,
    /// Kind
    pub activity_type: Option<Named>,
}

fn day(text: &str, _: &()) -> garde::Result {
    match text.trim().parse::<NaiveDate>() {
        Ok(_) => Ok(()),
        Err(_) => Err(garde::Error::new("must be a date such as 2026-12-31")),
    }
}

impl Erp {
    /// Plans an activity on a record, once for each key, and tells it as it is in Odoo.
    ///
    /// # Errors
    /// When the record is not there or can have none, Odoo refuses, or nobody knows whether it was made.
    pub async fn schedule_activity(&self, request: &NewActivity) -> Result<Activity, ErpError> {
        self.records.writer()?;
        self.check_record(&request.model, request.record_id).await?;
        let type_id = request.activity_type.as_ref();
        let columns = [
            ("res_id", Some(Cell::Text(request.record_id.to_string()))),
            ("summary", Some(Cell::Text(request.summary.clone()))),
            ("note", request.note.as_deref().map(html::from_text).map(Cell::Text)),
            ("date_deadline", request.due_date.as_deref().map(|day| Cell::Text(day.trim().to_owned()))),
            // From 19 on Odoo itself would give it to nobody.
            ("user_id/.id", Some(request.user.as_ref().map_or(Cell::Own, |user| Cell::Record(USERS, user)))),
            ("activity_type_id/.id", type_id.map(|kind| Cell::Record(TYPE, kind))),
            ("activity_type_id/id", type_id.is_none().then(|| Cell::Text(TO_DO.to_owned()))),
        ];
        // The column for the model takes an id that plain users may not read; its default takes the name.
        let new = New {
            model: MODEL,
            kind: "activity",
            key: request.idempotency_key.as_ref(),
            defaults: &[("default_res_model", &request.model)],
        };
        let id = self.make(new, columns).await.map_err(by_argument)?;
        // It is made: not to see it is no failure.
        let there = retried(|| self.records.writer.read_one(MODEL, id, &TOLD)).await.ok().flatten();
        let Some(there) = there else {
            return Ok(Activity {
                id,
                model: None,
                record_id: None,
                summary: None,
                note: None,
                due_date: None,
                user: None,
                activity_type: None,
            });
        };
        let told = || {
            Ok(Activity {
                id,
                model: text(&there, "res_model")?,
                record_id: there.int("res_id")?,
                summary: text(&there, "summary")?,
                note: plain(&there, "note")?,
                due_date: text(&there, "date_deadline")?,
                user: Named::of(&there, "user_id")?,
                activity_type: Named::of(&there, "activity_type_id")?,
            })
        };
        told().map_err(|error| self.failed(error))
    }

    /// Whether there is such a record, and one that can have activities.
    async fn check_record(&self, model: &str, id: i64) -> Result<(), ErpError> {
        let (fields, record) = tokio::join!(
            retried(|| self.records.fields(model)),
            retried(|| self.records.odoo.read_one(model, id, &["display_name"])),
        );
        let wrong = |path: &str, message: String| ErpError::Values {
            errors: vec![FieldError { path: path.to_owned(), message }],
            code: "invalid_value",
        };
        match fields {
            Err((OdooError::Unknown(_), _)) => {
                return Err(wrong("model", "there is no such model".to_owned()));
            }
            Err((error, _)) => return Err(self.failed(error)),
            Ok(fields) if !fields.contains_key(OF_A_RECORD) => {
                return Err(wrong("model", format!("records of {model} can have no activities")));
            }
            Ok(_) => {}
        }
        match record.map_err(|(error, _)| self.failed(error))? {
            Some(_) => Ok(()),
            None => Err(wrong(
                "record_id",
                format!("there is no record {id} of {model} that this service may read"),
            )),
        }
    }
}

/// Errors speak of what the caller gave, not of columns.
fn by_argument(error: ErpError) -> ErpError {
    let ErpError::Values { mut errors, code } = error else { return error };
    for error in &mut errors {
        error.path = error.path.trim_end_matches("_id").to_owned();
    }
    ErpError::Values { errors, code }
}
