//! The log files of handoffs, `2026-01-30_sms_<epoch>_<8 hex>.log`.

use std::fs;
use std::io;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::record::SUFFIX;
use super::{Inner, Journal, JournalError, blocking};
use crate::handoff::id::HandoffId;
use crate::handoff::record::HandoffRecord;

impl Journal {
    /// Writes the state of a handoff that is accepted with it; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses, as [`Journal::accept`] does.
    pub async fn accept_handoff(&self, record: &HandoffRecord) -> Result<(), JournalError> {
        self.save((file_name(&record.handoff_id), record.clone()), Inner::accept).await
    }

    /// Writes the state of a handoff; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses, as [`Journal::write`] does.
    pub async fn write_handoff(&self, record: &HandoffRecord) -> Result<(), JournalError> {
        self.save((file_name(&record.handoff_id), record.clone()), Inner::write).await
    }

    /// The last state on disk of a handoff.
    ///
    /// # Errors
    /// When the disk refuses. A file that cannot be understood is set aside and reported as absent.
    pub async fn handoff(&self, id: &HandoffId) -> Result<Option<HandoffRecord>, JournalError> {
        let (inner, name) = (Arc::clone(&self.inner), file_name(id));
        blocking(move || inner.handoff(&name).map_err(inner.failed("read a log file"))).await
    }

    /// The handoffs since then, and older ones that are not sent; files that cannot be understood are set aside.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn handoffs(&self, since: DateTime<Utc>) -> Result<Vec<HandoffRecord>, JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.handoffs(since).map_err(inner.failed("read the log files"))).await
    }
}

impl Inner {
    fn handoff(&self, name: &str) -> io::Result<Option<HandoffRecord>> {
        match fs::read(self.folder.path().join(name)) {
            Ok(bytes) => self.parse(name, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn handoffs(&self, since: DateTime<Utc>) -> io::Result<Vec<HandoffRecord>> {
        let wanted = |record: &HandoffRecord| record.handoff_id.at() >= since || !record.status.is_over();
        let mut records = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let name = entry?.file_name();
            let Some(name) = name.to_str().filter(|name| parse_file_name(name).is_some()) else { continue };
            match self.handoff(name) {
                Ok(record) => records.extend(record.filter(wanted)),
                // One that the disk refuses must not keep the others waiting.
                Err(error) => tracing::error!(file = name, %error, "log file cannot be read; passed over"),
            }
        }
        Ok(records)
    }
}

fn file_name(id: &HandoffId) -> String {
    format!("{}_{id}{SUFFIX}", id.date())
}

/// The id in a file's name; `None` for files that are not logs of handoffs.
fn parse_file_name(name: &str) -> Option<HandoffId> {
    let (date, id) = name.strip_suffix(SUFFIX)?.split_once('_')?;
    let id: HandoffId = id.parse().ok()?;
    (date == id.date().to_string()).then_some(id)
}
