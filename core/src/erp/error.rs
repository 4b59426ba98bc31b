//! Why records could not be read or written, with what to do about it.

use serde_json::Value;

use super::{Named, StepError, UpdatedSale};
use crate::input::FieldError;
use crate::odoo::OdooError;
use crate::records::error::{said, told};
use crate::records::reference::listed;
use crate::records::{Instance, TwoOdoos};

/// A failure, told in one sentence that a model or a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    /// Odoo failed or refused.
    #[error("{}", said(.error, *.instance))]
    Odoo {
        /// How.
        error: OdooError,
        /// Which one.
        instance: Instance,
    },
    /// There is no such record.
    #[error("there is no {what} with id {id} in Odoo that this service may read: look its id up with {find}")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// Its id.
        id: i64,
        /// What finds one.
        find: &'static str,
    },
    /// There is no such record in the Odoo that is written to, which is another one than is read.
    #[error(
        "there is no {what} with id {id} in the Odoo of DEV_ODOO_* that this service may read: use an id that a \
         dev_ tool gave; list_, find_, get_ and search give ids of another Odoo"
    )]
    NotFoundInDevOdoo {
        /// What was asked for.
        what: &'static str,
        /// Its id.
        id: i64,
    },
    /// Nobody can be given an opportunity.
    #[error("there is no salesperson in Odoo: tell the user to add members to a sales team")]
    NoSalesperson,
    /// No user has this name.
    #[error("no user is called \"{0}\": look the name up with find_users")]
    NobodyCalled(String),
    /// Several users have this name.
    #[error("\"{name}\" may be {}: repeat with {argument} set to the id of one", either(.candidates))]
    Ambiguous {
        /// The name.
        name: String,
        /// Who it may be.
        candidates: Vec<Named>,
        /// What takes the id.
        argument: &'static str,
    },
    /// Values that cannot be sent, each named.
    #[error("nothing was changed; correct these and call again:{}", told(.errors))]
    Values {
        /// What is wrong with each.
        errors: Vec<FieldError>,
        /// The stable name of the failure.
        code: &'static str,
    },
    /// Odoo has something else now than what was asked for.
    #[error("{}", not_taken(.refused, .told, .cause.as_ref()))]
    NotTaken {
        /// The fields and lines that are not as was asked.
        refused: Vec<String>,
        /// The order as it is now.
        told: Box<UpdatedSale>,
        /// Why, where the call itself failed.
        cause: Option<OdooError>,
    },
    /// The order could not be looked at after it was written.
    #[error(
        "{cause}, and nobody knows whether order {id} was changed: look at it with dev_read_sale; the same call may \
         be made again, it sets the same values"
    )]
    NotSeen {
        /// The order.
        id: i64,
        /// What happened.
        cause: OdooError,
    },
    /// One Odoo is read and another one written to.
    #[error(transparent)]
    TwoOdoos(#[from] TwoOdoos),
    /// An order was not confirmed or cancelled.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The answer of a call that makes a record was lost.
    #[error(
        "{cause}, and nobody knows whether Odoo did it: repeat the call with idempotency_key \"{key}\", \
         which makes nothing twice"
    )]
    OutcomeUnknown {
        /// What makes the repeat safe.
        key: String,
        /// What happened.
        cause: OdooError,
    },
}

impl From<OdooError> for ErpError {
    fn from(error: OdooError) -> Self {
        Self::Odoo { error, instance: Instance::Odoo }
    }
}

impl ErpError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Odoo { error, .. } => error.code(),
            Self::NotFound { .. } | Self::NotFoundInDevOdoo { .. } => "not_found",
            Self::NoSalesperson => "no_salesperson",
            Self::NobodyCalled(_) => "user_not_found",
            Self::Ambiguous { .. } => "ambiguous_name",
            Self::Values { code, .. } => code,
            Self::TwoOdoos(_) => TwoOdoos::CODE,
            Self::Step(error) => error.code(),
            Self::NotTaken { cause: None, .. } => "not_changed",
            Self::NotTaken { .. } | Self::NotSeen { .. } | Self::OutcomeUnknown { .. } => "outcome_unknown",
        }
    }
}

fn either(candidates: &[Named]) -> String {
    let listed = listed(candidates);
    if listed.ends_with(" more") { format!("{listed}, which find_users lists") } else { listed }
}

fn not_taken(refused: &[String], now: &UpdatedSale, cause: Option<&OdooError>) -> String {
    let value = |value: &Option<Value>| match value {
        None => "empty".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let fields = now.changed.iter().map(|change| {
        let (old, new) = (value(&change.old), value(&change.new));
        if old == new {
            format!("\n- {} is still {new}", change.field)
        } else {
            format!("\n- {} was {old} and is {new}", change.field)
        }
    });
    let number = |number: Option<f64>| number.map_or("none".to_owned(), |number| number.to_string());
    let lines = now.lines.iter().map(|line| match line.removed {
        true => format!("\n- line {} is not there", line.line_id),
        false => {
            let less = line.discount.map(|percent| format!(" less {percent} %")).unwrap_or_default();
            format!("\n- line {} is {} at {}{less}", line.line_id, number(line.qty), number(line.price))
        }
    });
    let now_there: String = fields.chain(lines).collect();
    let why = cause.map(|cause| format!("{cause}. ")).unwrap_or_default();
    format!(
        "{why}Odoo does not have what was asked for {}. Now in {}:{now_there}",
        refused.join(", "),
        now.name
    )
}
