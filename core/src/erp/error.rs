//! Why records could not be read or written, with what to do about it.

use super::Named;
use crate::odoo::OdooError;

/// More people of one name than anybody reads through.
const LISTED: usize = 20;

/// Under which names of the configuration an Odoo is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// `ODOO_*`
    Odoo,
    /// `DEV_ODOO_*`: written to, while another one is read
    DevOdoo,
}

impl Account {
    /// What the names of its variables begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Odoo => "ODOO_",
            Self::DevOdoo => "DEV_ODOO_",
        }
    }
}

/// A failure, told in one sentence that a model or a person can act on.
#[derive(Debug, thiserror::Error)]
pub enum ErpError {
    /// Odoo failed or refused.
    #[error("{}", said(.error, *.account))]
    Odoo {
        /// How.
        error: OdooError,
        /// Which one.
        account: Account,
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
    #[error("\"{name}\" may be {}: repeat with assigned_to set to the id of one", either(.candidates))]
    Ambiguous {
        /// The name.
        name: String,
        /// Who it may be.
        candidates: Vec<Named>,
    },
    /// This field is not changed by writing it.
    #[error("values.{field} cannot be changed with this tool: {instead}")]
    NotWritable {
        /// The field.
        field: String,
        /// What to do instead.
        instead: &'static str,
    },
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
        Self::Odoo { error, account: Account::Odoo }
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
            Self::NotWritable { .. } => "field_not_writable",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
        }
    }
}

fn said(error: &OdooError, account: Account) -> String {
    let cause = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}: {}", cause.trim_end_matches('.'), advice(error, account.prefix()))
}

fn advice(error: &OdooError, variables: &str) -> String {
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
            return format!(
                "tell the user to check {variables}LOGIN and {variables}API_KEY; repeating does not help"
            );
        }
        OdooError::AccessError(_) => {
            "tell the user that this service's Odoo user lacks that right; repeating does not help"
        }
        OdooError::Validation(_) | OdooError::Unexplained(_) => "correct the values and try again",
        OdooError::MissingRecord(_) => "check the ids and try again",
        OdooError::Unknown(_) => "correct the name of the field and try again",
        OdooError::Server(_) => "check the values; if they are right, tell the user what Odoo said",
        OdooError::Malformed(_) => {
            return format!("try again; if it stays so, tell the user to check {variables}URL");
        }
    };
    advice.to_owned()
}

fn either(candidates: &[Named]) -> String {
    let named = |user: &Named| format!("{} (id {})", user.name, user.id);
    let listed = candidates.iter().take(LISTED).map(named).collect::<Vec<_>>().join(", ");
    match candidates.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} or one of {more} more, which find_users lists"),
    }
}
