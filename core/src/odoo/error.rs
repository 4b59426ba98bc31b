//! The classes of failure, the same on all three protocols.

use std::time::Duration;

/// Why a call to Odoo failed. Carries Odoo's own words, bounded and without control characters, never a traceback, a
/// secret or the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OdooError {
    /// Nothing was sent: the connection was refused, the name or certificate is wrong, connecting took too long.
    #[error("Odoo cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing was sent: calls that go first left no place for this read.
    #[error("this service is busy with other calls to Odoo")]
    Busy,
    /// No answer came in time.
    #[error("Odoo did not answer within {0:?}")]
    TimedOut(Duration),
    /// A server in front of Odoo answered instead of it; Odoo may have done the call, or still be working on it.
    #[error("a proxy answered HTTP {0} in place of Odoo{hint}", hint = hint(*.0))]
    Gateway(u16),
    /// The connection to Odoo was cut after the request was sent, or Odoo's own to its database was cut or not made.
    #[error("the connection to Odoo or to its database was lost or not made: {0}")]
    ConnectionLost(String),
    /// Odoo or its database takes no work at the moment, as Odoo itself says; nothing was done.
    #[error("Odoo is overloaded or its database does not serve: {0}")]
    Overloaded(String),
    /// Another transaction was faster; the same call may be made again.
    #[error("Odoo is busy with the same records: {0}")]
    Conflict(String),
    /// The login, password or API key was refused.
    #[error("Odoo refused the login: {0}")]
    AccessDenied(String),
    /// The user may not do this.
    #[error("Odoo does not allow this: {0}")]
    AccessError(String),
    /// Odoo refused the values or the action.
    #[error("{0}")]
    Validation(String),
    /// An import failed for a reason that names no field: a lost race or a refusal, said in a language that cannot be
    /// relied on. Nothing was written; the same call may be made again, a bounded number of times.
    #[error("Odoo did not take the data: {0}")]
    Unexplained(String),
    /// A record or external id does not exist.
    #[error("{0}")]
    MissingRecord(String),
    /// A model, field, method, argument, database or endpoint does not exist.
    #[error("Odoo does not know a name: {0}")]
    Unknown(String),
    /// Any other exception inside Odoo. Its hooks run after the commit, too.
    #[error("Odoo failed: {0}")]
    Server(String),
    /// The answer is larger than this many MiB. It was not read to its end.
    #[error("Odoo's answer is larger than {0} MiB")]
    TooLarge(u32),
    /// The answer is not what the protocol promises.
    #[error("Odoo's answer makes no sense: {0}")]
    Malformed(String),
}

impl OdooError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Busy
            | Self::TimedOut(_)
            | Self::Gateway(_)
            | Self::ConnectionLost(_)
            | Self::Overloaded(_)
            | Self::Conflict(_)
            | Self::Unexplained(_)
            | Self::TooLarge(_)
            | Self::Malformed(_) => true,
            Self::AccessDenied(_)
            | Self::AccessError(_)
            | Self::Validation(_)
            | Self::MissingRecord(_)
            | Self::Unknown(_)
            | Self::Server(_) => false,
        }
    }

    /// Whether Odoo may have done what was asked all the same.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::TimedOut(_)
            | Self::Gateway(_)
            | Self::ConnectionLost(_)
            | Self::Server(_)
            | Self::TooLarge(_)
            | Self::Malformed(_) => true,
            Self::Unreachable(_)
            | Self::Busy
            | Self::Overloaded(_)
            | Self::Conflict(_)
            | Self::AccessDenied(_)
            | Self::AccessError(_)
            | Self::Validation(_)
            | Self::Unexplained(_)
            | Self::MissingRecord(_)
            | Self::Unknown(_) => false,
        }
    }

    /// The stable code of this class, for clients to branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "odoo_unreachable",
            Self::Busy => "busy",
            Self::TimedOut(_) => "odoo_timeout",
            Self::Gateway(_) => "odoo_gateway_error",
            Self::ConnectionLost(_) => "odoo_connection_lost",
            Self::Overloaded(_) => "odoo_overloaded",
            Self::Conflict(_) => "odoo_conflict",
            Self::AccessDenied(_) => "odoo_access_denied",
            Self::AccessError(_) => "odoo_access_error",
            Self::Validation(_) => "odoo_validation_error",
            Self::Unexplained(_) => "odoo_unexplained_import",
            Self::MissingRecord(_) => "odoo_missing_record",
            Self::Unknown(_) => "odoo_unknown_name",
            Self::Server(_) => "odoo_server_error",
            Self::TooLarge(_) => "odoo_answer_too_large",
            Self::Malformed(_) => "odoo_malformed_answer",
        }
    }

    pub(super) fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed(what.into())
    }
}

/// What a status that did not come from Odoo lets one look at.
fn hint(status: u16) -> &'static str {
    match status {
        401 | 407 => ": it wants a log-in of its own",
        403 => ": it forbids this address to this service",
        404 | 405 | 410 | 501 => {
            ": the address or the database may be wrong, or this protocol is closed there (JSON-2 needs an API key)"
        }
        413 => ": it takes no requests of this size",
        429 | 503 => ": it takes no work at the moment",
        _ => "",
    }
}
