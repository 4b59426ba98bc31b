//! Says once, not once for every log, that the disk refuses, and that it takes logs again.

use super::{JournalError, Way};
use crate::trouble::Trouble;

/// Whether the disk refuses.
#[derive(Default)]
pub(super) struct Refusal(Trouble);

impl Refusal {
    /// A log was written, or not. One that was not accepted is nobody's to write.
    pub fn note(&self, name: &str, way: Way, written: &Result<(), JournalError>) {
        match written {
            Err(error) if self.0.met(name, way == Way::Write) => {
                tracing::error!(file = name, %error, "log files cannot be written: what is made or sent is written when they can");
            }
            Ok(()) if self.0.passed(name) => tracing::info!("log files are written again"),
            _ => {}
        }
    }
}
