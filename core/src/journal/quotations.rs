//! The log files of quotations, `2026-01-30_quot_<32 hex>.log`.

use std::fs;
use std::io;
use std::sync::{Arc, PoisonError};

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;

use super::record::{self, Record};
use super::{Inner, Journal, JournalError, blocking};
use crate::key::IdempotencyKey;
use crate::quotation::id::TrackingId;
use crate::quotation::status::QuotationStatus;
use crate::quotation::told::Told;

/// A quotation as the journal has it.
pub struct Logged {
    /// Its last state.
    pub status: Arc<Told>,
    /// Whether it was accepted for another Odoo than this process works on.
    pub other_odoo: bool,
}

/// What is still to be done.
#[derive(Debug, Default)]
pub struct Unfinished {
    /// In this Odoo, newest first.
    pub ids: Vec<TrackingId>,
    /// How many more wait for another one.
    pub elsewhere: usize,
}

impl Journal {
    /// The id of the quotation that a new key of the callers of this Odoo gets.
    pub fn tracking_id(&self, key: &IdempotencyKey) -> TrackingId {
        let reference = TrackingId::from_key(self.target().key_scope(), key);
        self.ids(&reference).into_iter().next().unwrap_or(reference)
    }

    /// The ids that the quotation with this reference may have here: the one that a new one gets; those it has if another
    /// window accepted it, whose folder this one took in; and the reference itself, as it was before ids were hidden.
    fn ids(&self, reference: &TrackingId) -> Vec<TrackingId> {
        let secrets = self.inner.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut ids = secrets.ids(reference);
        ids.push(reference.clone());
        ids
    }

    /// The id of the quotation with this reference: the one that has a log, else the one that a new one gets.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn id_of(&self, reference: &TrackingId) -> Result<TrackingId, JournalError> {
        let ids = self.ids(reference);
        let may_have_log = |id| self.inner.index.days_if_listed(id).is_none_or(|days| !days.is_empty());
        let found = if ids.iter().any(may_have_log) {
            let (inner, ids) = (Arc::clone(&self.inner), ids.clone());
            blocking(move || inner.with_log(ids).map_err(inner.failed("look for a log file"))).await?
        } else {
            None
        };
        let new = || ids.into_iter().next().unwrap_or_else(|| reference.clone());
        Ok(found.unwrap_or_else(new))
    }

    /// Writes the state of a quotation that is accepted with it; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses: as far as that lets it, the file then holds what it held before. Whoever is told that
    /// nothing was accepted may ask elsewhere, so the next start must not find it.
    pub async fn accept(&self, status: &QuotationStatus) -> Result<(), JournalError> {
        let (name, record) = self.record(status);
        self.save(name, move || record.to_json(), Inner::accept).await
    }

    /// Writes the state of a quotation; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses: the file then holds what it held before or, where only the sync of its folder failed,
    /// the new state.
    pub async fn write(&self, status: &QuotationStatus) -> Result<(), JournalError> {
        let (name, record) = self.record(status);
        self.save(name, move || record.to_json(), Inner::write).await
    }

    fn record(&self, status: &QuotationStatus) -> (String, Record) {
        let name = record::file_name(status.created_at.date(), &status.tracking_id);
        (name, Record::new(status, self.inner.target.name()))
    }

    /// The last state on disk of a quotation of any age.
    ///
    /// # Errors
    /// When the disk refuses, or a newer version wrote what this one does not understand. A file that cannot be read is
    /// set aside and reported as absent.
    pub async fn find(&self, id: &TrackingId) -> Result<Option<Logged>, JournalError> {
        if self.inner.index.days_if_listed(id).is_some_and(|days| days.is_empty()) {
            return Ok(None);
        }
        let (inner, id) = (Arc::clone(&self.inner), id.clone());
        blocking(move || inner.find(&id).map_err(inner.failed("read a log file"))).await
    }

    /// The quotations that are not finished or whose salesperson is still to be told, until `stop`; files that cannot be
    /// read are set aside.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn unfinished(&self, stop: CancellationToken) -> Result<Unfinished, JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.unfinished(&stop).map_err(inner.failed("read the log files"))).await
    }
}

impl Inner {
    fn days(&self, id: &TrackingId) -> io::Result<Vec<NaiveDate>> {
        self.index.days(id, |add| {
            for entry in fs::read_dir(self.folder.path())? {
                if let Some((day, id)) = entry?.file_name().to_str().and_then(record::parse_file_name) {
                    add(day, &id);
                }
            }
            Ok(())
        })
    }

    fn with_log(&self, ids: Vec<TrackingId>) -> io::Result<Option<TrackingId>> {
        for id in ids {
            for day in self.days(&id)? {
                match fs::symlink_metadata(self.path(&record::file_name(day, &id))) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    there => return there.map(|_| Some(id)),
                }
            }
        }
        Ok(None)
    }

    fn find(&self, id: &TrackingId) -> io::Result<Option<Logged>> {
        for day in self.days(id)? {
            if let Some(logged) = self.quotation(&record::file_name(day, id), id)? {
                return Ok(Some(logged));
            }
        }
        Ok(None)
    }

    fn quotation(&self, name: &str, id: &TrackingId) -> io::Result<Option<Logged>> {
        let Some(log) = self.log(name, ("tracking_id", id.as_str()))? else { return Ok(None) };
        let record = Record::read(log)?;
        let ours = self.is_ours(record.odoo());
        Ok(Some(record.logged(!ours)))
    }

    fn unfinished(&self, stop: &CancellationToken) -> io::Result<Unfinished> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let name = entry?.file_name();
            names.extend(name.to_str().and_then(record::parse_file_name));
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        let mut unfinished = Unfinished::default();
        // The process would wait for it at a stop.
        for (day, id) in names.into_iter().take_while(|_| !stop.is_cancelled()) {
            let name = record::file_name(day, &id);
            match self.quotation(&name, &id) {
                Ok(Some(logged)) if logged.status.is_unfinished() => {
                    if logged.other_odoo {
                        unfinished.elsewhere += 1;
                    } else {
                        unfinished.ids.push(id);
                    }
                }
                Ok(_) => {}
                // One that the disk refuses must not keep the others waiting.
                Err(error) => tracing::error!(file = name, %error, "log file cannot be read; passed over"),
            }
        }
        Ok(unfinished)
    }
}
