//! The log files of handoffs, `2026-01-30_sms_<epoch>_<8 hex>.log`.

use std::fs;
use std::io;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::id::HandoffId;
use super::record::HandoffRecord;
use crate::journal::{Inner, Journal, JournalError, LogName, blocking, not_understood};

impl Journal {
    /// Writes the state of a handoff that is accepted with it; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses, as [`Journal::accept`] does.
    pub async fn accept_handoff(&self, record: &HandoffRecord) -> Result<(), JournalError> {
        let (name, record) = (file_name(&record.handoff_id), record.clone());
        self.save(name, move || to_json(&record), Inner::accept).await
    }

    /// Writes the state of a handoff; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses, as [`Journal::write`] does.
    pub async fn write_handoff(&self, record: &HandoffRecord) -> Result<(), JournalError> {
        let (name, record) = (file_name(&record.handoff_id), record.clone());
        self.save(name, move || to_json(&record), Inner::write).await
    }

    /// The last state on disk of a handoff.
    ///
    /// # Errors
    /// When the disk refuses, or a newer version wrote what this one does not understand. A file that cannot be read is set aside and reported as absent.
    pub async fn handoff(&self, id: &HandoffId) -> Result<Option<HandoffRecord>, JournalError> {
        let (journal, id) = (self.clone(), id.clone());
        blocking(move || read(&journal, &id).map_err(journal.inner.failed("read a log file"))).await
    }

    /// The handoffs since then, and older ones that are not sent; files that cannot be understood are set aside.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn handoffs(&self, since: DateTime<Utc>) -> Result<Vec<HandoffRecord>, JournalError> {
        let journal = self.clone();
        blocking(move || since_then(&journal, since).map_err(journal.inner.failed("read the log files")))
            .await
    }
}

fn read(journal: &Journal, id: &HandoffId) -> io::Result<Option<HandoffRecord>> {
    let Some(log) = journal.inner.log(&file_name(id), ("handoff_id", id.as_str()))? else { return Ok(None) };
    let version = log.get("version").and_then(Value::as_u64).and_then(|version| version.try_into().ok());
    serde_json::from_value(log).map(Some).map_err(|_| not_understood(version))
}

fn since_then(journal: &Journal, since: DateTime<Utc>) -> io::Result<Vec<HandoffRecord>> {
    let wanted = |record: &HandoffRecord| record.handoff_id.at() >= since || !record.status.is_over();
    let mut records = Vec::new();
    for entry in fs::read_dir(journal.folder())? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(LogName::parse).and_then(|name| id(&name)) else { continue };
        match read(journal, &id) {
            Ok(record) => records.extend(record.filter(wanted)),
            // One that the disk refuses must not keep the others waiting.
            Err(error) => {
                tracing::error!(file = file_name(&id), %error, "log file cannot be read; passed over");
            }
        }
    }
    Ok(records)
}

fn to_json(record: &HandoffRecord) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(record)?;
    text.push(b'\n');
    Ok(text)
}

fn file_name(id: &HandoffId) -> String {
    LogName::new(id.date(), id.as_str()).file_name()
}

/// The handoff whose log is called so.
pub(super) fn id(name: &LogName) -> Option<HandoffId> {
    let id: HandoffId = name.id().parse().ok()?;
    (name.date() == id.date()).then_some(id)
}
