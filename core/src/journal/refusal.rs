//! Says once, not once for every log, that the disk refuses, and that it takes logs again.

use std::sync::atomic::{AtomicBool, Ordering};

use super::JournalError;

/// Whether the disk refuses.
#[derive(Default)]
pub(super) struct Refusal(AtomicBool);

impl Refusal {
    /// A log was written, or not.
    pub fn note(&self, written: &Result<(), JournalError>) {
        let refused = written.is_err();
        if self.0.swap(refused, Ordering::Relaxed) == refused {
            return;
        }
        match written {
            Err(error) => {
                tracing::error!(%error, "log files cannot be written: what is made or sent is written when they can");
            }
            Ok(()) => tracing::info!("log files are written again"),
        }
    }
}
