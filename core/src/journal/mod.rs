//! The memory of the process on disk: one JSON log file per quotation and per handoff, always whole.
//!
//! A file is written beside its place, synced, renamed into place, and the folder synced, which many writers share. What was
//! acknowledged is therefore on disk, and a crash leaves either the old state or the new one.

mod adopt;
mod file;
mod folder;
mod identity;
mod index;
mod lock;
mod name;
mod quotations;
mod record;
mod refusal;
mod secret;
mod unfinished;

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use serde_json::Value;

pub use self::adopt::WINDOW;
pub use self::file::read as read_file;
pub use self::name::LogName;
pub use self::quotations::{Logged, Unfinished};
pub(crate) use self::record::VERSION;
pub use self::unfinished::folder as unfinished_folder;

use self::folder::Folder;
use self::identity::Identities;
use self::index::Index;
use self::lock::Lock;
use self::refusal::Refusal;
use self::secret::Secrets;
use crate::quotation::target::Target;

/// The folder of log files, held by one process at a time.
#[derive(Clone)]
pub struct Journal {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    folder: Folder,
    target: Target,
    identities: Identities,
    index: Index,
    lock: Lock,
    secrets: RwLock<Secrets>,
    /// Held while a file takes its place or is removed.
    replacing: Mutex<()>,
    refusal: Refusal,
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
        let lock = take(folder)?;
        unfinished::clear(folder).map_err(failed("list the files"))?;
        let folder = Folder::open(folder.to_owned()).map_err(failed("open the folder"))?;
        let secrets = Secrets::open(&folder).map_err(failed("keep a secret"))?;
        let inner = Inner {
            identities: Identities::open(folder.path()),
            folder,
            target,
            index: Index::default(),
            lock,
            secrets: RwLock::new(secrets),
            replacing: Mutex::default(),
            refusal: Refusal::default(),
            listener: OnceLock::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Tries whether a folder can be opened; nothing but the lock file is made in it.
    ///
    /// # Errors
    /// When another process holds it, or the disk refuses.
    pub fn try_folder(folder: &Path) -> Result<(), JournalError> {
        take(folder).map(drop)
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
        self.inner.lock.release();
    }

    /// Writes a file of this name and content, in this way.
    pub(crate) async fn save(
        &self,
        name: String,
        content: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static,
        way: fn(&Inner, &str, &[u8]) -> io::Result<()>,
    ) -> Result<(), JournalError> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let content = content().map_err(io::Error::from);
            let written = content.and_then(|content| way(&inner, &name, &content));
            let written = written.map_err(inner.failed("write a log file"));
            inner.refusal.note(&written);
            written
        })
        .await
    }
}

impl Inner {
    pub(crate) fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> JournalError {
        let folder = self.folder.path().to_owned();
        move |said| JournalError::Io { action, folder, said }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn accept(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let before = file::read(&path).ok();
        self.write(name, content).inspect_err(|_| {
            let unchanged = file::read(&path).ok() == before;
            let taken_back = match &before {
                _ if unchanged => Ok(()),
                Some(before) => self.write(name, before),
                None => self.remove_if(name, |_| Ok(true)).and_then(|_| self.folder.sync()),
            };
            if let Err(error) = taken_back {
                tracing::error!(file = name, %error, "what was refused is in the log: the next start takes it up");
            }
        })
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.folder.put_if(name, content, || self.replace())?;
        self.written(name);
        Ok(())
    }

    fn written(&self, name: &str) {
        if let Some((day, id)) = record::parse_file_name(name) {
            self.index.add(day, &id);
        }
        if let Some(listener) = self.listener.get() {
            listener(name);
        }
    }

    /// Waits until files may be replaced, which only who holds the folder may do.
    fn replace(&self) -> io::Result<MutexGuard<'_, ()>> {
        let alone = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.lock.hold()? {
            tracing::warn!("LOG_DIR was made anew while it was in use: what was in it is gone");
            let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
            secrets.save(&self.folder)?;
        }
        Ok(alone)
    }

    fn remove_if(&self, name: &str, may_go: impl FnOnce(&Path) -> io::Result<bool>) -> io::Result<bool> {
        let file = self.path(name);
        let _alone = self.replace()?;
        let goes = may_go(&file)?;
        if goes {
            fs::remove_file(file)?;
        }
        Ok(goes)
    }

    /// What stands in the log of this name; `None` where there is none, or none that names what the name does: that is
    /// set aside with its content, out of the way.
    pub(crate) fn log(&self, name: &str, (key, id): (&str, &str)) -> io::Result<Option<Value>> {
        let content = match file::read(&self.path(name)) {
            Err(error) => match error.kind() {
                ErrorKind::NotFound => return Ok(None),
                ErrorKind::InvalidData => return self.set_aside(name, &error.to_string()),
                _ => return Err(error),
            },
            Ok(content) => content,
        };
        match serde_json::from_slice::<Value>(&content) {
            Ok(log) if log.get(key).and_then(Value::as_str) == Some(id) => Ok(Some(log)),
            Ok(_) => self.set_aside(name, "its content is not what its name says"),
            // Only the place: the message itself may quote what a customer typed.
            Err(error) => {
                self.set_aside(name, &format!("no JSON, line {} column {}", error.line(), error.column()))
            }
        }
    }

    fn set_aside<T>(&self, name: &str, because: &str) -> io::Result<Option<T>> {
        match fs::rename(self.path(name), self.path(&format!("{name}.corrupt"))) {
            // Another reader was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            renamed => renamed?,
        }
        tracing::warn!(file = name, because, "log file cannot be read; set aside as .corrupt");
        Ok(None)
    }
}

/// Makes the folder where it is missing, and holds it.
fn take(folder: &Path) -> Result<Lock, JournalError> {
    let failed = |action| move |said| JournalError::Io { action, folder: folder.to_owned(), said };
    create_private(folder).map_err(failed("make the folder"))?;
    Lock::take(folder).map_err(|error| match error {
        fs::TryLockError::WouldBlock => JournalError::InUse(folder.to_owned()),
        fs::TryLockError::Error(said) => failed("lock the folder")(said),
    })
}

/// A log that names what it should and cannot be read all the same: it stays where it is.
pub(crate) fn not_understood(log: Option<u32>) -> io::Error {
    let said = match log {
        Some(version) if version > VERSION => {
            "written by a newer version of mcp-odoo, and not understood by this one"
        }
        _ => "a log whose fields are not understood",
    };
    io::Error::other(said)
}

pub(crate) async fn blocking<T: Send + 'static>(
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

/// Makes a folder that is its owner's alone, with those above it.
///
/// # Errors
/// When the disk refuses.
#[cfg(unix)]
pub fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a folder, with those above it.
///
/// # Errors
/// When the disk refuses.
#[cfg(not(unix))]
pub fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::quotation::id::{ExternalIds, TrackingId};
    use crate::quotation::status::{QuotationStatus, State};
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
        assert!(journal.unfinished(CancellationToken::new()).await.unwrap().ids.is_empty());

        journal.inner.folder.refuses.store(false, Ordering::Relaxed);
        journal.accept(&again).await.unwrap();
        assert_eq!(journal.unfinished(CancellationToken::new()).await.unwrap().ids, [again.tracking_id]);
    }
}
