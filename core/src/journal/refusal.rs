//! Says once, not once for every log, that the disk refuses, and that it takes logs again.

use std::sync::PoisonError;

use tokio::time::Instant;

use super::{Inner, JournalError};
use crate::store::Put;

impl Inner {
    /// A log was written, or not.
    pub(super) fn note(&self, put: &Result<Put, JournalError>) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        match put {
            Err(error) => {
                if outage.met(Instant::now()) {
                    tracing::error!(%error, "log files cannot be written: what is made or sent is written when they can");
                }
            }
            Ok(_) => {
                if outage.ended(Instant::now()) {
                    tracing::info!("log files are written again");
                }
            }
        }
    }
}
