//! The memory of the process on disk: one JSON log file per quotation and per handoff, always whole.
//!
//! A file is written beside its place, synced, renamed into place, and the folder synced, which many writers share. What was
//! acknowledged is therefore on disk, and a crash leaves either the old state or the new one.

mod adopt;
mod claims;
mod documents;
mod file;
mod folder;
mod half_written;
mod identity;
mod index;
mod lock;
mod marks;
mod name;
mod refusal;
mod secret;
mod target;

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use serde_json::Value;
use tokio::sync::Semaphore;

pub use self::adopt::WINDOW;
pub(crate) use self::file::open as open_file;
pub use self::file::read as read_file;
pub use self::half_written::folder as half_written_folder;
pub(crate) use self::half_written::{create_below, file as half_written_file};
pub use self::name::LogName;
pub use self::secret::Secret;
pub use self::target::Target;

use self::claims::Claims;
use self::folder::Folder;
use self::identity::Identities;
use self::index::Index;
use self::lock::Lock;
use self::marks::Marks;
use self::secret::Secrets;
use crate::store::{Changed, Revision, VERSION};
use crate::trouble::Trouble;

/// The folder of log files, held by one process at a time.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    folder: Folder,
    target: Target,
    identities: Identities,
    index: Index,
    lock: Lock,
    secrets: RwLock<Secrets>,
    /// Held while a file takes its place or is removed.
    replacing: Mutex<()>,
    /// What may stand in a file after a failed write of it, by its name.
    unsettled: Mutex<HashMap<String, Revision>>,
    /// Of the disk.
    trouble: Trouble,
    changed: Changed,
    claims: Claims,
    marks: Marks,
    listener: OnceLock<Listener>,
    /// Of those who read and write at once: the threads for that are all journals'.
    places: Semaphore,
}

/// Threads that one journal has at once, at most.
const PLACES: usize = 64;

/// Is told the name of every file that was written.
type Listener = Box<dyn Fn(&LogName) + Send + Sync>;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process works with this folder.
    #[error(
        "LOG_DIR {0} is in use by another mcp-odoo process: stop it or give this one a folder of its own"
    )]
    InUse(PathBuf),
    /// Another worker has written the document meanwhile: the work on it is that one's.
    #[error("another process goes on with it")]
    TakenOver,
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

impl JournalError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TakenOver => "taken_over",
            Self::InUse(_) | Self::Io { .. } => "journal_unavailable",
        }
    }
}

impl Journal {
    /// Opens the folder, making it where it is missing, for quotations in this Odoo.
    ///
    /// # Errors
    /// When the folder cannot be made, read or written, or another process holds it.
    pub fn open(folder: &Path, target: Target) -> Result<Self, JournalError> {
        let failed = |action| move |said| JournalError::Io { action, folder: folder.to_owned(), said };
        let lock = take(folder)?;
        half_written::clear(folder).map_err(failed("list the files"))?;
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
            unsettled: Mutex::default(),
            trouble: Trouble::default(),
            changed: Changed::default(),
            claims: Claims::default(),
            marks: Marks::default(),
            listener: OnceLock::new(),
            places: Semaphore::new(PLACES),
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
    pub fn on_write(&self, listener: impl Fn(&LogName) + Send + Sync + 'static) {
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

    /// What hides the ids that follow from keys: the folder's own secret, then those of the folders it has taken in.
    pub fn secrets(&self) -> Vec<Secret> {
        let secrets = self.inner.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.all().copied().collect()
    }
}

impl Inner {
    /// Does this where it may block, when it is its turn.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Self>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let _place = self.places.acquire().await;
        let inner = Arc::clone(self);
        blocking(move || work(&inner)).await
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> JournalError {
        let folder = self.folder.path().to_owned();
        move |said| JournalError::Io { action, folder, said }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn written(&self, name: &LogName) {
        self.index.add(name.date(), name.id());
        self.changed.tell(name.id());
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
    fn log(&self, name: &str, (key, id): (&str, &str)) -> io::Result<Option<Value>> {
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
fn not_understood(log: Option<u32>) -> io::Error {
    let said = match log {
        Some(version) if version > VERSION => {
            "written by a newer version of mcp-odoo, and not understood by this one"
        }
        _ => "a log whose fields are not understood",
    };
    io::Error::other(said)
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

    use chrono::NaiveDate;
    use serde::{Deserialize, Serialize};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::store::{Content, Document, Filter, Head, Put, Reader, Store};
    use crate::timestamp::Timestamp;

    #[derive(Clone, Serialize, Deserialize)]
    struct Note {
        id: String,
        created_at: Timestamp,
        over: bool,
    }

    #[derive(Serialize)]
    struct Keys {
        over: bool,
    }

    impl Content for Note {
        type Status = bool;
        const KIND: &'static str = "note";
        const ID: &'static str = "id";

        fn id(&self) -> &str {
            &self.id
        }
        fn may_be(_: &str, _: NaiveDate) -> bool {
            true
        }
        fn status(&self) -> &bool {
            &self.over
        }
        fn accepted_at(&self) -> Timestamp {
            self.created_at
        }
        fn touch(&mut self) {}
        fn is_over(&self) -> bool {
            self.over
        }
        fn keys(&self) -> impl Serialize {
            Keys { over: self.over }
        }
        fn read(log: &mut Reader, _: &mut Head) -> serde_json::Result<Self> {
            log.take()
        }
    }

    fn note(over: bool) -> Document<Note> {
        let id = format!("quot_{}", uuid::Uuid::new_v4().simple());
        Document::new(Note { id, created_at: Timestamp::now(), over }, "", "anonymous")
    }

    async fn unfinished(journal: &Journal) -> Vec<String> {
        let stop = CancellationToken::new();
        let id = |stored: crate::store::Stored<Note>| Some(stored.document.content.id);
        journal.list(Filter { unfinished: true, since: None }, stop, id).await.unwrap()
    }

    /// Whoever is refused may ask for another one elsewhere: the next start must not make this one, too.
    #[tokio::test]
    async fn what_the_folder_did_not_keep_was_not_accepted() {
        let folder = tempfile::TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let (new, failed) = (note(false), note(true));
        assert_eq!(journal.accept(&failed, 0).await.unwrap(), Put::Done);

        journal.inner.folder.refuses.store(true, Ordering::Relaxed);
        assert!(journal.accept(&new, 0).await.is_err());
        let again = failed.again(Note { over: false, ..failed.content.clone() });
        assert!(journal.accept(&again, 1).await.is_err());
        assert!(journal.load::<Note>(&new.content.id).await.unwrap().is_none());
        let found = journal.load::<Note>(&failed.content.id).await.unwrap().unwrap();
        assert!(found.document.content.over && found.revision == 1);
        assert!(unfinished(&journal).await.is_empty());

        journal.inner.folder.refuses.store(false, Ordering::Relaxed);
        assert_eq!(journal.accept(&again, 1).await.unwrap(), Put::Done);
        assert_eq!(unfinished(&journal).await, [again.content.id]);
    }

    /// The file may hold what was to be written: to write it again is no change of somebody else's.
    #[tokio::test]
    async fn what_the_folder_did_not_keep_is_saved_again() {
        let folder = tempfile::TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let mut note = note(false);
        assert_eq!(journal.accept(&note, 0).await.unwrap(), Put::Done);
        note.content.over = true;
        journal.inner.folder.refuses.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            assert!(journal.save(&note, 1).await.is_err());
        }
        journal.inner.folder.refuses.store(false, Ordering::Relaxed);
        assert_eq!(journal.save(&note, 1).await.unwrap(), Put::Done);
        assert_eq!(journal.save(&note, 1).await.unwrap(), Put::Changed);
        assert_eq!(journal.save(&note, 2).await.unwrap(), Put::Done);
    }

    /// In the window's folder nobody would find it again.
    #[tokio::test]
    async fn what_was_moved_is_told_though_the_disk_refuses_then() {
        let folder = tempfile::TempDir::new().unwrap();
        let left = note(false);
        let id = left.content.id.clone();
        let window = Journal::open(&folder.path().join("stdio-2"), Target::embedded()).unwrap();
        assert_eq!(window.accept(&left, 0).await.unwrap(), Put::Done);
        drop(window);
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        assert!(journal.load::<Note>(&id).await.unwrap().is_none());

        journal.inner.folder.refuses.store(true, Ordering::Relaxed);
        // The window's secret cannot be kept yet: without it nothing is moved, however often it is tried.
        for _ in 0..2 {
            let (adopted, done) = journal.adopt().await;
            assert!(adopted.is_empty() && done.is_err());
        }
        std::fs::remove_file(folder.path().join("stdio-2/.secret")).unwrap();
        let (adopted, done) = journal.adopt().await;
        assert!(done.is_err());
        assert_eq!(adopted.iter().map(LogName::id).collect::<Vec<_>>(), [&id]);
        assert!(journal.load::<Note>(&id).await.unwrap().is_some());
    }

    /// Its end was written though the disk refused it then: who accepts it anew is not told of another revision.
    #[tokio::test]
    async fn what_the_disk_refused_by_half_can_be_accepted_anew() {
        let folder = tempfile::TempDir::new().unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let (begun, over) = (note(false), note(true));
        let over = Document::new(Note { id: begun.content.id.clone(), ..over.content }, "", "anonymous");
        assert_eq!(journal.accept(&begun, 0).await.unwrap(), Put::Done);
        journal.inner.folder.refuses.store(true, Ordering::Relaxed);
        assert!(journal.save(&over, 1).await.is_err());
        journal.inner.folder.refuses.store(false, Ordering::Relaxed);
        assert_eq!(journal.accept(&begun, 1).await.unwrap(), Put::Done);
        // The same document of two at once: the loser leaves the winner's.
        assert_eq!(journal.accept(&begun, 0).await.unwrap(), Put::Changed);
        assert!(journal.load::<Note>(&begun.content.id).await.unwrap().is_some());
    }
}
