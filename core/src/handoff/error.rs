//! Why a handoff was not accepted, or not sent.

use super::id::HandoffId;
use crate::journal::JournalError;

/// A handoff that did not reach Twilio.
#[derive(Debug, thiserror::Error)]
pub enum HandoffError {
    /// These variables are missing.
    #[error("messages to salespeople are not configured: set {}", .0.join(", "))]
    NotConfigured(Vec<&'static str>),
    /// Too many are being sent.
    #[error("too many handoffs are waiting to be sent; repeat in a minute")]
    TooMany,
    /// The caller has too many of them.
    #[error(
        "half of the handoffs that may wait to be sent are this caller's, as many as one may have; repeat in a minute"
    )]
    TooManyOfOne,
    /// The key was used for another request.
    #[error("this idempotency key was used for another handoff: use a new key for a new handoff")]
    KeyReused,
    /// It could not be made durable; nothing was sent.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The process is stopping.
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
    /// It was not sent; a repeat tries again.
    #[error("{sentence} (handoff {id})")]
    Failed {
        /// Which.
        id: HandoffId,
        /// What to do about it.
        sentence: String,
        /// Stable name.
        code: String,
    },
}

impl HandoffError {
    /// The stable name of the failure.
    pub fn code(&self) -> &str {
        match self {
            Self::NotConfigured(_) => "not_configured",
            Self::TooMany | Self::TooManyOfOne => "queue_full",
            Self::KeyReused => "idempotency_key_reused",
            Self::Journal(error) => error.code(),
            Self::Stopping => "stopping",
            Self::Failed { code, .. } => code,
        }
    }
}
