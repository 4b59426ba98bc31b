//! Why a record could not be read or changed, in one sentence that a model or a person can act on.

use super::Instance;
use crate::access::models::Closed;
use crate::input::FieldError;
use crate::odoo::OdooError;

/// A failure, told in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The rules do not open the model.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Odoo failed or refused.
    #[error("{}", said(.error, *.instance))]
    Odoo {
        /// How.
        error: OdooError,
        /// Which one.
        instance: Instance,
    },
    /// There is no such model.
    #[error("there is no model {model} that this service may read{}", or_rather(.nearest))]
    NoModel {
        /// What was asked for.
        model: String,
        /// What may be meant.
        nearest: Vec<String>,
    },
    /// There is no such record, or none of several.
    #[error(
        "there is no record of {model} with id {} that this service may read: look its id up with search_records",
        either(.ids)
    )]
    NotFound {
        /// Its model.
        model: String,
        /// Its id.
        ids: Vec<i64>,
    },
    /// The record is there, and holds no file.
    #[error("there is no file in {field} of record {id} of {model}: it is empty")]
    NoFile {
        /// The record's model.
        model: String,
        /// Its id.
        id: i64,
        /// Where a file would be.
        field: String,
    },
    /// Arguments that cannot be sent, each named.
    #[error("nothing was done; correct these and call again:{}", told(.errors))]
    Invalid {
        /// What is wrong with each.
        errors: Vec<FieldError>,
        /// The stable name of the failure.
        code: &'static str,
    },
    /// Odoo has something else now than what was asked for.
    #[error("{}Odoo does not have what was asked for {}. Now: {now}", because(.cause.as_ref()), .refused.join(", "))]
    NotTaken {
        /// The fields that are not as was asked.
        refused: Vec<String>,
        /// What is there now.
        now: String,
        /// Why, where the call itself failed.
        cause: Option<OdooError>,
    },
    /// The answer of a call that changes something was lost, and looking did not tell.
    #[error("{cause}, and nobody knows whether Odoo did it: {how}")]
    OutcomeUnknown {
        /// How to find out.
        how: String,
        /// What happened.
        cause: OdooError,
    },
    /// Of several records, none.
    #[error("nothing was done to any of these {of} records: {cause}")]
    NoneOf {
        /// How many.
        of: usize,
        /// Why.
        cause: Box<Self>,
    },
    /// One Odoo is read and another one written to.
    #[error(transparent)]
    TwoOdoos(#[from] TwoOdoos),
}

/// One Odoo is read and another one written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "two Odoos are configured, and this tool goes by the ids of ODOO_*, which nothing is written to: dev_update_sale, \
     dev_create_record and dev_update_record write to the one of DEV_ODOO_*, with its ids; the rest is done in Odoo itself"
)]
pub struct TwoOdoos;

impl TwoOdoos {
    /// The stable name of the failure.
    pub(crate) const CODE: &str = "two_odoos";
}

impl RecordError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed(_) => "model_closed",
            Self::Odoo { error, .. } => error.code(),
            Self::NoModel { .. } => "model_not_found",
            Self::NotFound { .. } | Self::NoFile { .. } => "not_found",
            Self::Invalid { code, .. } => code,
            Self::NotTaken { cause: None, .. } => "not_changed",
            Self::NotTaken { .. } | Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::NoneOf { cause, .. } => cause.code(),
            Self::TwoOdoos(_) => TwoOdoos::CODE,
        }
    }

    /// One argument that cannot be sent.
    pub(crate) fn argument(path: impl Into<String>, message: impl Into<String>) -> Self {
        let errors = vec![FieldError { path: path.into(), message: message.into() }];
        Self::Invalid { errors, code: "invalid_value" }
    }
}

impl Instance {
    /// What says where it is.
    fn address(self) -> &'static str {
        match self {
            Self::Odoo => "ODOO_URL",
            Self::DevOdoo => "DEV_ODOO_URL",
            Self::Tenant => "the address of this tenant's Odoo",
        }
    }

    /// What says who logs in.
    fn log_in(self) -> &'static str {
        match self {
            Self::Odoo => "ODOO_LOGIN and ODOO_API_KEY",
            Self::DevOdoo => "DEV_ODOO_LOGIN and DEV_ODOO_API_KEY",
            Self::Tenant => "the login and the API key of this tenant",
        }
    }
}

/// A failure of Odoo, and what to do about it.
pub(crate) fn said(error: &OdooError, instance: Instance) -> String {
    let cause = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}: {}", cause.trim_end_matches('.'), advice(error, instance))
}

fn advice(error: &OdooError, instance: Instance) -> String {
    let advice = match error {
        OdooError::Unreachable(_)
        | OdooError::TimedOut(_)
        | OdooError::Gateway(_)
        | OdooError::ConnectionLost(_) => {
            "try again in a minute; if it stays so, tell the user that Odoo is not available"
        }
        OdooError::TooLarge(_) => "ask for fewer records or fields",
        OdooError::Busy | OdooError::Overloaded(_) | OdooError::Conflict(_) => "try again in a few seconds",
        OdooError::AccessDenied(_) => {
            return format!("tell the user to check {}; repeating does not help", instance.log_in());
        }
        OdooError::AccessError(_) => {
            "tell the user that this service's Odoo user lacks that right; repeating does not help"
        }
        OdooError::Validation(_) => "put right what it names and try again",
        // It does not say which kind of refusal it is.
        OdooError::Unexplained(_) => {
            "put right what it names and try again; if it is a right that is missing, tell the user"
        }
        OdooError::MissingRecord(_) => "check the ids and try again",
        OdooError::Unknown(_) => "correct the name and try again",
        OdooError::Server(_) => "check the values; if they are right, tell the user what Odoo said",
        OdooError::Malformed(_) => {
            return format!("try again; if it stays so, tell the user to check {}", instance.address());
        }
    };
    advice.to_owned()
}

/// A line for each.
pub(crate) fn told(errors: &[FieldError]) -> String {
    errors.iter().map(|FieldError { path, message }| format!("\n- {path}: {message}")).collect()
}

fn either(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ")
}

fn or_rather(nearest: &[String]) -> String {
    match nearest.is_empty() {
        true => ": list_models finds one".to_owned(),
        false => format!("; there is {}", nearest.join(", ")),
    }
}

fn because(cause: Option<&OdooError>) -> String {
    cause.map(|cause| format!("{cause}. ")).unwrap_or_default()
}
