//! Why a quotation was not accepted.

use std::time::Duration;

use crate::journal::JournalError;

/// Why a quotation was not accepted. Nothing was kept of it.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too many unfinished quotations.
    #[error("{} quotations are waiting already; repeat in {} s", .capacity, .retry_after.as_secs())]
    QueueFull {
        /// The bound.
        capacity: usize,
        /// When there should be room.
        retry_after: Duration,
    },
    /// The caller has too many of them.
    #[error(
        "{} of the {} quotations that may wait are this caller's, as many as one may have; repeat in {} s",
        .capacity.div_ceil(2), .capacity, .retry_after.as_secs()
    )]
    QueueShare {
        /// The bound for all.
        capacity: usize,
        /// When there should be room.
        retry_after: Duration,
    },
    /// The key was used for another request.
    #[error("this idempotency key was used for another quotation: use a new key for a new quotation")]
    KeyReused,
    /// The key was used when the service worked on another Odoo.
    #[error(
        "this idempotency key was used for a quotation in another Odoo, before ODOO_URL or ODOO_DB changed: \
         use a new key, or give each Odoo a LOG_DIR of its own"
    )]
    OtherOdoo,
    /// It could not be made durable.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The process is stopping.
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
}

impl SubmitError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } | Self::QueueShare { .. } => "queue_full",
            Self::KeyReused | Self::OtherOdoo => "idempotency_key_reused",
            Self::Journal(error) => error.code(),
            Self::Stopping => "stopping",
        }
    }
}
