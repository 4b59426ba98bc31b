//! The classes of failure, the same on all three protocols.
//!
//! What leads to which: the class of Odoo's exception, which JSON-RPC and JSON-2 name and XML-RPC gives as the number of
//! a fault or in its text ([`odoo.exceptions`], [`werkzeug.exceptions`] for what JSON-2 answers itself, psycopg2's names
//! of [PostgreSQL's error codes]); the HTTP status of what no Odoo wrote ([RFC 9110]); and what befell the connection.
//!
//! [`odoo.exceptions`]: https://www.odoo.com/documentation/18.0/developer/reference/backend/orm.html#module-odoo.exceptions
//! [`werkzeug.exceptions`]: https://werkzeug.palletsprojects.com/en/stable/exceptions/
//! [PostgreSQL's error codes]: https://www.postgresql.org/docs/current/errcodes-appendix.html
//! [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-15

use std::time::Duration;

/// Why a call to Odoo failed. Carries Odoo's own words, bounded and without control characters, never a traceback, a
/// secret or the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OdooError {
    /// Nothing was sent: the connection was refused, the name or certificate is wrong, connecting took too long.
    ///
    /// Also a redirect (HTTP 3xx), which is not followed: it holds for every call.
    #[error("Odoo cannot be reached: {0}")]
    Unreachable(String),
    /// Nothing was sent: calls that go first left no place for this read.
    ///
    /// Only of a client made by [`Odoo::reading`](crate::Odoo::reading).
    #[error("this service is busy with other calls to Odoo")]
    Busy,
    /// No answer came in time.
    #[error("Odoo did not answer within {0:?}")]
    TimedOut(Duration),
    /// A server in front of Odoo answered instead of it; Odoo may have done the call, or still be working on it.
    ///
    /// HTTP 4xx or 5xx in another form than Odoo's own: 502 and 504 of a proxy, 413 for what it finds too large, 429, …
    #[error("a proxy answered HTTP {0} in place of Odoo{hint}", hint = hint(*.0))]
    Gateway(u16),
    /// The connection to Odoo was cut after the request was sent, or Odoo's own to its database was cut or not made.
    ///
    /// `OperationalError`, `InterfaceError`, `AdminShutdown`, `CrashShutdown` of psycopg2.
    #[error("the connection to Odoo or to its database was lost or not made: {0}")]
    ConnectionLost(String),
    /// Odoo or its database takes no work at the moment, as Odoo itself says; nothing was done.
    ///
    /// PostgreSQL's `TooManyConnections`, `CannotConnectNow`, `QueryCanceled`, `DiskFull`, `OutOfMemory`,
    /// `ReadOnlySqlTransaction`; `PoolError`; Odoo's 429 and 503.
    #[error("Odoo is overloaded or its database does not serve: {0}")]
    Overloaded(String),
    /// Another transaction was faster; the same call may be made again.
    ///
    /// `SerializationFailure`, `DeadlockDetected`, `LockNotAvailable`; Odoo's `LockError` and `ConcurrencyError`; an external
    /// id that was taken meanwhile.
    #[error("Odoo is busy with the same records: {0}")]
    Conflict(String),
    /// The login, password or API key was refused.
    ///
    /// `AccessDenied`, XML-RPC fault 3; `SessionExpiredException`; JSON-2's 401. `authenticate` says `false`.
    #[error("Odoo refused the login: {0}")]
    AccessDenied(String),
    /// The user may not do this.
    ///
    /// `AccessError`, XML-RPC fault 4; JSON-2's 403.
    #[error("Odoo does not allow this: {0}")]
    AccessError(String),
    /// Odoo refused the values or the action.
    ///
    /// `UserError`, `ValidationError`, `RedirectWarning`, XML-RPC fault 2; `ValueError` and the like of Python; what
    /// PostgreSQL's constraints refuse; messages of an import that name a field; JSON-2's 400 and 422.
    #[error("{0}")]
    Validation(String),
    /// An import failed for a reason that names no field: a lost race or a refusal, said in a language that cannot be
    /// relied on. Nothing was written; the same call may be made again, a bounded number of times.
    #[error("Odoo did not take the data: {0}")]
    Unexplained(String),
    /// A record or external id does not exist.
    ///
    /// `MissingError`; in XML-RPC fault 2 with the record in its last line.
    #[error("{0}")]
    MissingRecord(String),
    /// A model, field, method, argument, database or endpoint does not exist.
    ///
    /// `KeyError`, `NotFound`, JSON-2's 404, and the sentences for these that Odoo translates into no language.
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

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
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
