//! Why an operation was not done, in one form for all transports.

use std::borrow::Cow;
use std::time::Duration;

use crate::access::Permission;
use crate::access::models::Closed;
use crate::erp::{ErpError, StepError};
use crate::handoff::HandoffError;
use crate::journal::JournalError;
use crate::limits::Exceeded;
use crate::odoo::OdooError;
use crate::records::RecordError;
use crate::reports::ReportError;
use crate::tasks::SubmitError;

const NOT_ACCEPTED: &str = "the service cannot write its log files, so nothing was accepted; repeat later";

/// Why an operation was not done, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who can do something about it.
    pub kind: Kind,
    /// The stable name of the failure.
    pub code: Cow<'static, str>,
    /// For people and models.
    pub sentence: String,
}

/// Who can do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who calls: the request is not one that can be done.
    Invalid,
    /// Who calls: they may not have it done. What they lack, where that would help.
    Forbidden(Option<Permission>),
    /// Who calls: they have asked for too much, and may repeat it after this time.
    TooMany(Duration),
    /// Nobody waits for it any more.
    Cancelled,
    /// Nobody, for now: it may be repeated after this time. `None`: once the service is set up for it.
    Unavailable(Option<Duration>),
    /// Another service: Odoo or Twilio refused or failed.
    Upstream,
    /// Who wrote this service.
    Defect,
}

impl Refusal {
    /// A refusal of this kind.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, sentence: impl Into<String>) -> Self {
        Self { kind, code: code.into(), sentence: sentence.into() }
    }

    /// The caller lacks this.
    pub fn lacks(permission: Permission) -> Self {
        let sentence = format!(
            "this caller may not: it takes the permission {permission}, which its key or token lacks"
        );
        Self::new(Kind::Forbidden(Some(permission)), "forbidden", sentence)
    }

    /// The rules of the access file do not let it be done with these records.
    pub fn closed(closed: &Closed) -> Self {
        Self::new(Kind::Forbidden(None), "model_closed", closed.to_string())
    }

    /// A tool of its own for records of this model shows a field that the rules hide.
    pub fn hidden(model: &str, field: &str) -> Self {
        let sentence = format!(
            "this tool shows or finds by {field} of {model}, which the access file hides: use search_records and get_record"
        );
        Self::new(Kind::Forbidden(None), "model_closed", sentence)
    }

    /// Nobody waits for the answer.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "cancelled", "the call was cancelled")
    }

    /// A defect stopped it: what it made before that is not known.
    pub fn defect() -> Self {
        let sentence =
            "the service has a defect: tell its administrator, and look for what may have been made";
        Self::new(Kind::Defect, "internal_error", sentence)
    }

    /// The caller has more calls under way than Odoo answers in time.
    pub fn too_many_reads() -> Self {
        let sentence = "too many calls of this caller are waiting for Odoo: try again in a few seconds";
        Self::new(Kind::TooMany(Duration::from_secs(5)), "busy", sentence)
    }

    /// What changes something must be noted, and cannot be.
    pub fn not_audited() -> Self {
        let sentence = "the service cannot write its audit, without which it changes nothing (AUDIT_REQUIRED): repeat later";
        Self::new(Kind::Unavailable(Some(Duration::from_secs(5))), "audit_unavailable", sentence)
    }

    /// Another worker has written to it meanwhile, or its log files cannot be used: nothing is accepted that would not
    /// survive, and this is said.
    fn by_journal(error: &JournalError, unusable: &str) -> Self {
        let (seconds, sentence) = match error {
            JournalError::TakenOver => {
                (5, "another process goes on with it; ask for its status in a few seconds")
            }
            JournalError::InUse(_) | JournalError::Io { .. } => {
                tracing::error!(%error, "the journal cannot be used");
                (30, unusable)
            }
        };
        Self::new(Kind::Unavailable(Some(Duration::from_secs(seconds))), error.code(), sentence)
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        Self::new(Kind::TooMany(exceeded.retry_after()), "rate_limited", exceeded.to_string())
    }
}

impl From<ErpError> for Refusal {
    fn from(error: ErpError) -> Self {
        let kind = match error {
            ErpError::Odoo { .. }
            | ErpError::NotTaken { .. }
            | ErpError::NotSeen { .. }
            | ErpError::OutcomeUnknown { .. }
            | ErpError::Step(StepError::NotDone { .. } | StepError::Unknown { .. }) => Kind::Upstream,
            ErpError::NotFound { .. }
            | ErpError::NotFoundInDevOdoo { .. }
            | ErpError::NoSalesperson
            | ErpError::NobodyCalled(_)
            | ErpError::Ambiguous { .. }
            | ErpError::TwoOdoos(_)
            | ErpError::Step(StepError::Elsewhere { .. })
            | ErpError::Values { .. } => Kind::Invalid,
        };
        Self::new(kind, error.code(), error.to_string())
    }
}

impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        match &error {
            RecordError::Closed(closed) => Self::closed(closed),
            error => Self::new(of_record(error), error.code(), error.to_string()),
        }
    }
}

fn of_record(error: &RecordError) -> Kind {
    match error {
        RecordError::Closed(_) => Kind::Forbidden(None),
        RecordError::Odoo { error, .. } => of_odoo(error),
        RecordError::NoneOf { cause, .. } => of_record(cause),
        RecordError::OutcomeUnknown { .. } | RecordError::NotTaken { .. } => Kind::Upstream,
        RecordError::NoModel { .. }
        | RecordError::NotFound { .. }
        | RecordError::NoFile { .. }
        | RecordError::Invalid { .. }
        | RecordError::TwoOdoos(_) => Kind::Invalid,
    }
}

impl From<ReportError> for Refusal {
    fn from(error: ReportError) -> Self {
        let kind = match error {
            ReportError::Odoo(error) => return error.into(),
            ReportError::Closed(closed) => return Self::closed(&closed),
            ReportError::Hidden { .. } | ReportError::ReadOnly => Kind::Forbidden(None),
            ReportError::Unknown { .. } | ReportError::NotFound { .. } => Kind::Invalid,
            ReportError::NoWay { .. } | ReportError::TooLarge { .. } => Kind::Upstream,
        };
        Self::new(kind, error.code(), error.to_string())
    }
}

/// Who can do something about what Odoo said: what it refuses, no repeat changes.
fn of_odoo(error: &OdooError) -> Kind {
    match error {
        OdooError::Validation(_) | OdooError::MissingRecord(_) | OdooError::Unknown(_) => Kind::Invalid,
        OdooError::AccessError(_) => Kind::Forbidden(None),
        _ => Kind::Upstream,
    }
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        let kind = match &error {
            SubmitError::QueueFull { retry_after, .. } | SubmitError::QueueShare { retry_after, .. } => {
                Kind::Unavailable(Some(*retry_after))
            }
            SubmitError::Stopping => Kind::Unavailable(Some(Duration::from_secs(5))),
            SubmitError::KeyReused | SubmitError::OtherOdoo => Kind::Invalid,
            SubmitError::Journal(cause) => return Self::by_journal(cause, NOT_ACCEPTED),
        };
        Self::new(kind, error.code(), error.to_string())
    }
}

impl From<HandoffError> for Refusal {
    fn from(error: HandoffError) -> Self {
        let kind = match &error {
            HandoffError::NotConfigured(_) => Kind::Unavailable(None),
            HandoffError::TooMany | HandoffError::TooManyOfOne => {
                Kind::Unavailable(Some(Duration::from_secs(60)))
            }
            HandoffError::Stopping => Kind::Unavailable(Some(Duration::from_secs(5))),
            HandoffError::KeyReused => Kind::Invalid,
            HandoffError::Failed { .. } => Kind::Upstream,
            HandoffError::Journal(cause) => return Self::by_journal(cause, NOT_ACCEPTED),
        };
        Self::new(kind, error.code().to_owned(), error.to_string())
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        Self::by_journal(&error, "the service cannot use its log files; repeat later")
    }
}
