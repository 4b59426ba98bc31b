//! Says once, not once for every log, that the disk refuses, and that it takes logs again.

use super::documents::Way;
use super::{Inner, JournalError};
use crate::store::Put;

impl Inner {
    /// A log was written, or not. One that was not accepted is nobody's to write.
    pub(super) fn note(&self, file: &str, way: Way, put: &Result<Put, JournalError>) {
        match put {
            Err(error) if self.trouble.met(file, way == Way::Save) => {
                tracing::error!(file, %error, "log files cannot be written: what is made or sent is written when they can");
            }
            Ok(_) if self.trouble.passed(file) => tracing::info!("log files are written again"),
            _ => {}
        }
    }
}
