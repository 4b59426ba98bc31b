//! An order confirmed or cancelled, once, and looked at before and afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::retry::retried;
use super::sales::MODEL;
use super::value::text;
use super::{Erp, ErpError, Named};
use crate::odoo::{Call, OdooError, Record};
use crate::rules;

/// What is told of an order that was moved on.
const TOLD: [&str; 6] = ["name", "state", "amount_untaxed", "amount_tax", "amount_total", "currency_id"];
/// Before, a locked order had a state of its own.
const LOCKED_SINCE: u32 = 17;

/// Which order.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleStep {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The customer orders.
    Confirm,
    /// Nothing comes of it.
    Cancel,
}

/// An order as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovedSale {
    /// Order
    pub id: i64,
    /// Number
    pub name: String,
    /// Before
    pub state_before: String,
    /// Now
    pub state: String,
    /// It was so before this call, which changed nothing
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already: bool,
    /// Without taxes
    pub amount_untaxed: Option<f64>,
    /// Taxes
    pub amount_tax: Option<f64>,
    /// With taxes
    pub amount_total: Option<f64>,
    /// ISO code
    pub currency: Option<String>,
}

/// Why an order is not where it was to be.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// From where it is there is no such way.
    #[error("{name} is {is} and was not {wanted}: {instead}")]
    Elsewhere {
        /// Its number.
        name: String,
        /// How it stands.
        is: &'static str,
        /// How it was to stand.
        wanted: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// Odoo wants something else first, or did not do it.
    #[error("{name} was not {wanted}, its state is {state}: {why}")]
    NotDone {
        /// Its number.
        name: String,
        /// How it was to stand.
        wanted: &'static str,
        /// Its state now.
        state: String,
        /// What Odoo says.
        why: String,
        /// How Odoo failed, where it did.
        cause: Option<OdooError>,
    },
    /// Its answer was lost, and it could not be looked at, or Odoo may still be working on it.
    #[error(
        "{cause}, and nobody knows whether order {id} was {wanted}: look at it with get_sale; the same call may be made \
         again, it looks first and does nothing twice"
    )]
    Unknown {
        /// The order.
        id: i64,
        /// How it was to stand.
        wanted: &'static str,
        /// What happened.
        cause: OdooError,
    },
}

impl StepError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Elsewhere { .. } => "wrong_state",
            Self::NotDone { cause: Some(cause), .. } => cause.code(),
            Self::NotDone { .. } => "not_done",
            Self::Unknown { .. } => "outcome_unknown",
        }
    }
}

impl Step {
    fn method(self) -> &'static str {
        match self {
            Self::Confirm => "action_confirm",
            Self::Cancel => "action_cancel",
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Confirm => "confirmed",
            Self::Cancel => "cancelled",
        }
    }

    fn is_done(self, state: &str) -> bool {
        match self {
            Self::Confirm => matches!(state, "sale" | "done"),
            Self::Cancel => state == "cancel",
        }
    }

    /// Why there is no way from here, whatever version is asked: some would go it all the same.
    fn barred(self, order: &Record) -> Result<Option<(&'static str, &'static str)>, OdooError> {
        let is_locked = order.bool("locked")? || order.text("state")? == Some("done");
        Ok(match self {
            Self::Confirm if order.text("state")? == Some("cancel") => {
                Some(("cancelled", "set it back to a quotation in Odoo first"))
            }
            Self::Cancel if is_locked => Some(("locked", "unlock it in Odoo first")),
            _ => None,
        })
    }
}

impl Erp {
    /// Confirms or cancels an order and tells how it is then. What is so already is left as it is.
    ///
    /// # Errors
    /// When there is no way from where the order is, Odoo refuses, or nobody knows what became of it.
    pub async fn move_sale(&self, step: Step, request: &SaleStep) -> Result<MovedSale, ErpError> {
        let id = request.sale_id;
        self.records.writer()?;
        let before = retried(|| self.standing(id)).await.map_err(|(error, _)| self.failed(error))?;
        let before = before.ok_or_else(|| self.no_sale(id))?;
        let state_before = state(&before);
        if step.is_done(&state_before) {
            let told = told(id, &before, state_before.clone(), true);
            return told.map_err(|error| self.failed(error));
        }
        let barred = step.barred(&before).map_err(|error| self.failed(error))?;
        if let Some((is, instead)) = barred {
            let (name, wanted) = (number(&before), step.wanted());
            return Err(StepError::Elsewhere { name, is, wanted, instead }.into());
        }
        let (answer, may_run) = self.act(step, id).await;
        let unknown = |cause| StepError::Unknown { id, wanted: step.wanted(), cause };
        let after = match retried(|| self.standing(id)).await {
            Ok(Some(after)) => after,
            Ok(None) => return Err(self.no_sale(id)),
            Err((error, _)) => return Err(unknown(answer.err().unwrap_or(error)).into()),
        };
        let now = state(&after);
        if step.is_done(&now) {
            return told(id, &after, state_before, false).map_err(|error| self.failed(error));
        }
        let (why, cause) = match answer {
            Err(cause) if may_run => return Err(unknown(cause).into()),
            Err(OdooError::Validation(said)) => {
                (format!("Odoo says: {said}"), Some(OdooError::Validation(said)))
            }
            Err(cause) => (self.failed(cause.clone()).to_string(), Some(cause)),
            Ok(true) => {
                let page = self.records.writer.record_url(MODEL, id);
                (format!("Odoo asks a person something first; open {page}"), None)
            }
            Ok(false) => ("Odoo answered as if it had done it; look at the order in Odoo".to_owned(), None),
        };
        Err(StepError::NotDone { name: number(&after), wanted: step.wanted(), state: now, why, cause }.into())
    }

    /// Has it done; `true` where Odoo opens a dialog instead. With it: whether a call may still be under way in Odoo.
    async fn act(&self, step: Step, id: i64) -> (Result<bool, OdooError>, bool) {
        let (again, may_run) = (AtomicBool::new(false), AtomicBool::new(false));
        let act = || async {
            if again.swap(true, Ordering::Relaxed) {
                // What was done by a call whose answer was lost is not done once more.
                let now = self.standing(id).await?;
                if now.is_none_or(|order| step.is_done(&state(&order))) {
                    return Ok(false);
                }
            }
            // Odoo 16 to 18 ask by a dialog whether the customer is to be told, and do nothing without this.
            let call = Call::new(MODEL, step.method()).on(&[id]);
            let call = call.kwarg("context", json!({ "disable_cancel_warning": true }));
            let answer = self.records.writer.call(call).await;
            if let Err(error) = &answer {
                // After an exception of its own Odoo has come to an end with it, one way or the other.
                let ended = matches!(error, OdooError::Server(_));
                may_run.fetch_or(error.outcome_unknown() && !ended, Ordering::Relaxed);
            }
            Ok(answer?.get("type").is_some())
        };
        let answer = retried(act).await.map_err(|(error, _)| error);
        (answer, may_run.into_inner())
    }

    async fn standing(&self, id: i64) -> Result<Option<Record>, OdooError> {
        let has_lock = self.records.writer.connection().await?.version.major >= LOCKED_SINCE;
        let fields = [TOLD.as_slice(), if has_lock { &["locked"] } else { &[] }].concat();
        self.records.writer.read_one(MODEL, id, &fields).await
    }
}

fn state(order: &Record) -> String {
    order.text("state").ok().flatten().unwrap_or_default().to_owned()
}

fn number(order: &Record) -> String {
    order.text("name").ok().flatten().unwrap_or_default().to_owned()
}

fn told(id: i64, order: &Record, state_before: String, already: bool) -> Result<MovedSale, OdooError> {
    Ok(MovedSale {
        id,
        name: text(order, "name")?.unwrap_or_default(),
        state_before,
        state: state(order),
        already,
        amount_untaxed: order.float("amount_untaxed")?,
        amount_tax: order.float("amount_tax")?,
        amount_total: order.float("amount_total")?,
        currency: Named::of(order, "currency_id")?.map(|currency| currency.name),
    })
}
