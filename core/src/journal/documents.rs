//! The log files as a store: one file per document, `2026-01-30_<id>.log`.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Inner, Journal, JournalError, LogName, file, not_understood};
use crate::store::{Changes, Content, Document, FIRST, Filter, Put, Revision, Store, Stored};

/// How a log is written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// As part of its acceptance: refused, nothing is left of it.
    Accept,
    /// Until the disk takes it.
    Save,
}

impl Store for Journal {
    type Error = JournalError;

    async fn accept<C: Content>(&self, document: &Document<C>, over: Revision) -> Result<Put, JournalError> {
        self.put(document, over, Way::Accept).await
    }

    async fn save<C: Content>(&self, document: &Document<C>, over: Revision) -> Result<Put, JournalError> {
        self.put(document, over, Way::Save).await
    }

    async fn load<C: Content>(&self, id: &str) -> Result<Option<Stored<C>>, JournalError> {
        if self.inner.index.days_if_listed(id).is_some_and(|days| days.is_empty()) {
            return Ok(None);
        }
        let id = id.to_owned();
        self.inner.blocking(move |inner| inner.load(&id).map_err(inner.failed("read a log file"))).await
    }

    async fn list<C: Content, T: Send + 'static>(
        &self,
        filter: Filter,
        stop: CancellationToken,
        pick: impl FnMut(Stored<C>) -> Option<T> + Send + 'static,
    ) -> Result<Vec<T>, JournalError> {
        let list = move |inner: &Arc<Inner>| {
            inner.list(filter, &stop, pick).map_err(inner.failed("read the log files"))
        };
        self.inner.blocking(list).await
    }

    async fn claim(&self, id: &str, worker: &str, lease: Duration) -> Result<bool, JournalError> {
        Ok(self.inner.claims.claim(id, worker, lease))
    }

    async fn release(&self, id: &str, worker: &str) -> Result<(), JournalError> {
        self.inner.claims.release(id, worker);
        Ok(())
    }

    fn changes(&self, id: &str) -> Changes {
        self.inner.changed.of(id)
    }

    async fn mark(&self, key: &str, id: &str, ttl: Duration) -> Result<String, JournalError> {
        Ok(self.inner.marks.mark(key, id, ttl))
    }
}

impl Journal {
    /// The first of these ids that there is a log of.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn first_of(&self, ids: &[String]) -> Result<Option<String>, JournalError> {
        let may_have_log =
            |id: &String| self.inner.index.days_if_listed(id).is_none_or(|days| !days.is_empty());
        if !ids.iter().any(may_have_log) {
            return Ok(None);
        }
        let ids = ids.to_owned();
        self.inner
            .blocking(move |inner| inner.first_of(ids).map_err(inner.failed("look for a log file")))
            .await
    }

    async fn put<C: Content>(
        &self,
        document: &Document<C>,
        over: Revision,
        way: Way,
    ) -> Result<Put, JournalError> {
        let document = document.clone();
        let put = move |inner: &Arc<Inner>| {
            let content = &document.content;
            let name = LogName::new(content.accepted_at().date(), content.id());
            let text = document.to_json(over + 1).map_err(io::Error::from);
            let written = text.and_then(|text| match way {
                Way::Accept => inner.accept(&name, &text, over),
                Way::Save => inner.save(&name, &text, over),
            });
            let put = match written {
                Ok(()) => Ok(Put::Done),
                Err(error) if is_other(&error) => Ok(Put::Changed),
                Err(error) => Err(inner.failed("write a log file")(error)),
            };
            inner.note(&name.file_name(), way, &put);
            put
        };
        self.inner.blocking(put).await
    }
}

/// Another revision stands there.
#[derive(Debug)]
struct OtherRevision;

impl fmt::Display for OtherRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another revision stands there")
    }
}

impl std::error::Error for OtherRevision {}

fn is_other(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|said| said.is::<OtherRevision>())
}

#[derive(Deserialize)]
struct Stamp {
    revision: Option<Revision>,
}

impl Inner {
    /// As far as the disk lets it, the file is as it was before when this fails: the next start must not find what was
    /// refused.
    fn accept(&self, name: &LogName, content: &[u8], over: Revision) -> io::Result<()> {
        let path = self.path(&name.file_name());
        let before = file::read(&path).ok();
        let written = self.write(name, content, Some(over));
        if written.is_ok() {
            self.unsettled().remove(&name.file_name());
        }
        written.inspect_err(|error| {
            // Where another revision stands, nothing was written: what is there is another's.
            if is_other(error) || file::read(&path).ok().as_deref() != Some(content) {
                return;
            }
            let taken_back = match &before {
                Some(before) => self.write(name, before, None),
                None => self.remove_if(&name.file_name(), |_| Ok(true)).and_then(|_| self.folder.sync()),
            };
            if let Err(error) = taken_back {
                let file = name.file_name();
                tracing::error!(file, %error, "what was refused is in the log: the next start takes it up");
            }
        })
    }

    /// The file holds what it held before when this fails or, where only the sync of its folder failed, the new state.
    fn save(&self, name: &LogName, content: &[u8], over: Revision) -> io::Result<()> {
        let written = self.write(name, content, Some(over));
        match &written {
            Ok(()) => self.unsettled().remove(&name.file_name()),
            Err(error) if is_other(error) => None,
            Err(_) => self.unsettled().insert(name.file_name(), over + 1),
        };
        written
    }

    fn write(&self, name: &LogName, content: &[u8], over: Option<Revision>) -> io::Result<()> {
        let file = name.file_name();
        self.folder.put_if(&file, content, || {
            let alone = self.replace()?;
            if over.is_none_or(|over| self.stands(&file, over)) {
                Ok(alone)
            } else {
                Err(io::Error::other(OtherRevision))
            }
        })?;
        self.written(name);
        Ok(())
    }

    /// Whether this revision stands in a file, as far as it can be read: what somebody removed is written again.
    fn stands(&self, file: &str, over: Revision) -> bool {
        let Ok(content) = file::read(&self.path(file)) else { return true };
        let Ok(Stamp { revision }) = serde_json::from_slice(&content) else { return true };
        let revision = revision.unwrap_or(FIRST);
        revision == over || (revision == over + 1 && self.unsettled().get(file) == Some(&revision))
    }

    fn unsettled(&self) -> MutexGuard<'_, HashMap<String, Revision>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn days(&self, id: &str) -> io::Result<Vec<NaiveDate>> {
        self.index.days(id, |add| {
            for entry in fs::read_dir(self.folder.path())? {
                if let Some(name) = entry?.file_name().to_str().and_then(LogName::parse) {
                    add(name.date(), name.id());
                }
            }
            Ok(())
        })
    }

    fn first_of(&self, ids: Vec<String>) -> io::Result<Option<String>> {
        for id in ids {
            for day in self.days(&id)? {
                match fs::symlink_metadata(self.path(&LogName::new(day, &id).file_name())) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    there => return there.map(|_| Some(id)),
                }
            }
        }
        Ok(None)
    }

    fn load<C: Content>(&self, id: &str) -> io::Result<Option<Stored<C>>> {
        for day in self.days(id)? {
            if C::may_be(id, day)
                && let Some(stored) = self.read(&LogName::new(day, id))?
            {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    fn read<C: Content>(&self, name: &LogName) -> io::Result<Option<Stored<C>>> {
        let Some(log) = self.log(&name.file_name(), (C::ID, name.id()))? else { return Ok(None) };
        let version = log.get("version").and_then(Value::as_u64).and_then(|version| version.try_into().ok());
        let (document, revision) = Document::read(log).map_err(|_| not_understood(version))?;
        Ok(Some(Stored { document, revision }))
    }

    fn list<C: Content, T>(
        &self,
        filter: Filter,
        stop: &CancellationToken,
        mut pick: impl FnMut(Stored<C>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().and_then(LogName::parse) else { continue };
            // What was accepted since was written since.
            let modified = || entry.metadata().and_then(|file| file.modified()).ok();
            let is_old = |since: DateTime<Utc>| {
                name.date() < since.date_naive()
                    || modified().is_some_and(|at| DateTime::<Utc>::from(at) < since)
            };
            if filter.unfinished || !filter.since.is_some_and(is_old) {
                names.push(name);
            }
        }
        names.retain(|name| C::may_be(name.id(), name.date()));
        names.sort_unstable_by(|a, b| b.cmp(a));
        let mut picked = Vec::new();
        // The process would wait for it at a stop.
        for name in names.into_iter().take_while(|_| !stop.is_cancelled()) {
            match self.read(&name) {
                Ok(stored) => picked.extend(
                    stored.filter(|stored| filter.takes(&stored.document.content)).and_then(&mut pick),
                ),
                // One that the disk refuses must not keep the others waiting.
                Err(error) => {
                    tracing::error!(file = name.file_name(), %error, "log file cannot be read; passed over");
                }
            }
        }
        Ok(picked)
    }
}
