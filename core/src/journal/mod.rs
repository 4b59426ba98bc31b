//! The memory of the process on disk: one JSON log file per quotation and per handoff, always whole.
//!
//! A file is written beside its place, synced, renamed into place, and the folder synced, which many writers share. What was
//! acknowledged is therefore on disk, and a crash leaves either the old state or the new one.

mod folder;
mod handoffs;
mod record;
mod unfinished;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{NaiveDate, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use self::folder::Folder;
pub(crate) use self::unfinished::folder as unfinished_folder;

use self::record::Record;
use crate::quotation::id::TrackingId;
use crate::quotation::status::QuotationStatus;
use crate::quotation::target::Target;
use crate::quotation::told::Told;

const LOCK: &str = ".lock";

/// The folder of log files, held by one process at a time.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

/// A quotation as the journal has it.
pub struct Logged {
    /// Its last state.
    pub status: Arc<Told>,
    /// Whether it was accepted for another Odoo than this process works on.
    pub other_odoo: bool,
}

struct Inner {
    folder: Folder,
    target: Target,
    /// The day of the oldest log; nothing is looked for before it.
    oldest: OnceLock<NaiveDate>,
    /// Keeps the folder to this process; the system frees it, whatever ends the process.
    lock: File,
    /// Held while a file takes its place or is removed.
    replacing: Mutex<()>,
    listener: OnceLock<Listener>,
}

/// Is told the name of every file that was written.
type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works with this folder.
    #[error(
        "LOG_DIR {0} is in use by another mcp-odoo process: stop it or give this one a folder of its own"
    )]
    InUse(PathBuf),
    /// The disk refused.
    #[error("cannot {action} in LOG_DIR {folder}: {said}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        folder: PathBuf,
        /// What the system said.
        said: io::Error,
    },
}

impl Journal {
    /// Opens the folder, making it where it is missing, for quotations in this Odoo.
    ///
    /// # Errors
    /// When the folder cannot be made, read or written, or another process holds it.
    pub fn open(folder: &Path, target: Target) -> Result<Self, JournalError> {
        let failed = |action| move |said| JournalError::Io { action, folder: folder.to_owned(), said };
        create_private(folder).map_err(failed("make the folder"))?;
        let lock = private_file(&folder.join(LOCK)).map_err(failed("make the lock file"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(JournalError::InUse(folder.to_owned())),
            Err(fs::TryLockError::Error(said)) => return Err(failed("lock the folder")(said)),
        }
        unfinished::clear(folder).map_err(failed("list the files"))?;
        let (replacing, listener) = (Mutex::default(), OnceLock::new());
        let folder = Folder::open(folder.to_owned()).map_err(failed("open the folder"))?;
        let inner = Inner { folder, target, oldest: OnceLock::new(), lock, replacing, listener };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The Odoo that quotations are made in.
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        self.inner.folder.path()
    }

    /// From now on this is told the name of every file that was written; it must not block. Only the first counts.
    pub fn on_write(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        let _ = self.inner.listener.set(Box::new(listener));
    }

    /// Removes a file if it may go, as it is now: nothing is written meanwhile. Blocks.
    ///
    /// # Errors
    /// When the disk refuses, or what `may_go` says.
    pub fn remove_if(&self, name: &str, may_go: impl FnOnce(&Path) -> io::Result<bool>) -> io::Result<bool> {
        self.inner.remove_if(name, may_go)
    }

    /// Gives the folder free for another process. Nothing may be written after this.
    pub fn release(&self) {
        // What cannot be given free now is free when the last handle is gone.
        let _ = self.inner.lock.unlock();
    }

    /// Writes the state of a quotation that is accepted with it; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses: as far as that lets it, the file then holds what it held before. Whoever is told that
    /// nothing was accepted may ask elsewhere, so the next start must not find it.
    pub async fn accept(&self, status: &QuotationStatus) -> Result<(), JournalError> {
        self.save(self.record(status), Inner::accept).await
    }

    /// Writes the state of a quotation; it is durable when this returns.
    ///
    /// # Errors
    /// When the disk refuses: the file then holds what it held before or, where only the sync of its folder failed,
    /// the new state.
    pub async fn write(&self, status: &QuotationStatus) -> Result<(), JournalError> {
        self.save(self.record(status), Inner::write).await
    }

    fn record(&self, status: &QuotationStatus) -> (String, Record) {
        let name = record::file_name(status.created_at.date(), &status.tracking_id);
        (name, Record::new(status, self.inner.target.name()))
    }

    /// Writes a file of this name and content, in this way.
    async fn save<R: Send + 'static>(
        &self,
        (name, record): (String, R),
        way: fn(&Inner, &str, &R) -> io::Result<()>,
    ) -> Result<(), JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || way(&inner, &name, &record).map_err(inner.failed("write a log file"))).await
    }

    /// The last state on disk of a quotation of any age.
    ///
    /// # Errors
    /// When the disk refuses. A file that cannot be understood is set aside and reported as absent.
    pub async fn find(&self, id: &TrackingId) -> Result<Option<Logged>, JournalError> {
        let (inner, id) = (Arc::clone(&self.inner), id.clone());
        blocking(move || inner.find(&id).map_err(inner.failed("read a log file"))).await
    }

    /// The quotations of this Odoo that are not finished or whose salesperson is still to be told, newest first, until
    /// `stop`; files that cannot be understood are set aside.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn unfinished(&self, stop: CancellationToken) -> Result<Vec<TrackingId>, JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.unfinished(&stop).map_err(inner.failed("read the log files"))).await
    }
}

impl Inner {
    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> JournalError {
        let folder = self.folder.path().to_owned();
        move |said| JournalError::Io { action, folder, said }
    }

    fn accept(&self, name: &str, record: &impl Serialize) -> io::Result<()> {
        let path = self.folder.path().join(name);
        let before = fs::read(&path).ok();
        self.write(name, record).inspect_err(|_| {
            let unchanged = fs::read(&path).ok() == before;
            let taken_back = match &before {
                _ if unchanged => Ok(()),
                Some(before) => self.put(name, before),
                None => self.remove_if(name, |_| Ok(true)).and_then(|_| self.folder.sync()),
            };
            if let Err(error) = taken_back {
                tracing::error!(file = name, %error, "what was refused is in the log: the next start takes it up");
            }
        })
    }

    fn write(&self, name: &str, record: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(record)?;
        text.push(b'\n');
        self.put(name, &text)
    }

    fn put(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let mut file = unfinished::file(self.folder.path())?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        {
            let _alone = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
            file.persist(self.folder.path().join(name)).map_err(|error| error.error)?;
        }
        self.folder.sync()?;
        if let Some(listener) = self.listener.get() {
            listener(name);
        }
        Ok(())
    }

    fn remove_if(&self, name: &str, may_go: impl FnOnce(&Path) -> io::Result<bool>) -> io::Result<bool> {
        let file = self.folder.path().join(name);
        let _alone = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let goes = may_go(&file)?;
        if goes {
            fs::remove_file(file)?;
        }
        Ok(goes)
    }

    fn find(&self, id: &TrackingId) -> io::Result<Option<Logged>> {
        // A day more: another clock may have named the file.
        let newest = Utc::now().date_naive().succ_opt();
        let (days, oldest) = (std::iter::successors(newest, NaiveDate::pred_opt), self.oldest()?);
        for day in days.take_while(|day| *day >= oldest) {
            let name = record::file_name(day, id);
            match fs::read(self.folder.path().join(&name)) {
                Ok(bytes) => return self.understand(&name, &bytes),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The day of the oldest log. Found once, when it is first needed: a start must not wait for a full folder.
    fn oldest(&self) -> io::Result<NaiveDate> {
        if let Some(oldest) = self.oldest.get() {
            return Ok(*oldest);
        }
        let mut oldest = Utc::now().date_naive();
        for entry in fs::read_dir(self.folder.path())? {
            let name = entry?.file_name();
            let date = name.to_str().and_then(record::parse_file_name).map(|(date, _)| date);
            oldest = date.map_or(oldest, |date| date.min(oldest));
        }
        Ok(*self.oldest.get_or_init(|| oldest))
    }

    fn unfinished(&self, stop: &CancellationToken) -> io::Result<Vec<TrackingId>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            let name = entry?.file_name();
            names.extend(
                name.to_str().filter(|name| record::parse_file_name(name).is_some()).map(str::to_owned),
            );
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        let mut unfinished = Vec::new();
        // The process would wait for it at a stop.
        for name in names.into_iter().take_while(|_| !stop.is_cancelled()) {
            let read =
                fs::read(self.folder.path().join(&name)).and_then(|bytes| self.understand(&name, &bytes));
            match read {
                Ok(logged) => {
                    let ours = logged.filter(|logged| !logged.other_odoo && logged.status.is_unfinished());
                    unfinished.extend(ours.map(|logged| logged.status.tracking_id.clone()));
                }
                // One that the disk refuses must not keep the others waiting.
                Err(error) => tracing::error!(file = name, %error, "log file cannot be read; passed over"),
            }
        }
        Ok(unfinished)
    }

    fn understand(&self, name: &str, bytes: &[u8]) -> io::Result<Option<Logged>> {
        Ok(self.parse::<Record>(name, bytes)?.map(|record| record.logged(self.target.name())))
    }

    /// Reads a log; one that cannot be read keeps its content under another name, out of the way.
    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> io::Result<Option<T>> {
        match serde_json::from_slice(bytes) {
            Ok(record) => Ok(Some(record)),
            Err(error) => {
                match fs::rename(
                    self.folder.path().join(name),
                    self.folder.path().join(format!("{name}.corrupt")),
                ) {
                    // Another reader was faster.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    renamed => renamed?,
                }
                // Only the place: the message itself may quote what a customer typed.
                let (line, column) = (error.line(), error.column());
                tracing::warn!(file = name, line, column, "log file cannot be read; set aside as .corrupt");
                Ok(None)
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is being dropped cancels blocking work.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(unix)]
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use serde_json::json;

    use super::*;
    use crate::quotation::id::ExternalIds;
    use crate::quotation::status::State;
    use crate::timestamp::Timestamp;

    fn queued() -> QuotationStatus {
        let request = json!({
            "partner_name": "Torres", "contact_name": "Luis", "email": "luis@torres.mx", "phone": "3312345678",
            "lead_name": "Robot",
        });
        let request = serde_json::from_value(request).unwrap();
        let id = TrackingId::random();
        QuotationStatus::queued(id.clone(), ExternalIds::new(&id, &request), request, Timestamp::now())
    }

    /// Whoever is refused may ask for another one elsewhere: the next start must not make this one, too.
    #[tokio::test]
    async fn what_the_folder_did_not_keep_was_not_accepted() {
        let folder = tempfile::TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let new = queued();
        let failed = QuotationStatus { status: State::Failed, ..queued() };
        journal.write(&failed).await.unwrap();

        journal.inner.folder.refuses.store(true, Ordering::Relaxed);
        assert!(journal.accept(&new).await.is_err());
        let again = QuotationStatus { status: State::Queued, ..failed.clone() };
        assert!(journal.accept(&again).await.is_err());
        assert!(journal.find(&new.tracking_id).await.unwrap().is_none());
        let found = journal.find(&failed.tracking_id).await.unwrap().unwrap();
        assert_eq!(found.status.status, State::Failed);
        assert!(journal.unfinished(CancellationToken::new()).await.unwrap().is_empty());

        journal.inner.folder.refuses.store(false, Ordering::Relaxed);
        journal.accept(&again).await.unwrap();
        assert_eq!(journal.unfinished(CancellationToken::new()).await.unwrap(), [again.tracking_id]);
    }
}
