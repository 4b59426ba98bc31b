//! Makes renames durable, many at once.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::half_written;

/// Writers that wait for one sync, and what came of it.
type Batch = OnceLock<Result<(), Arc<io::Error>>>;

/// A folder whose syncs are shared: each serves all who renamed before it began.
pub(super) struct Folder {
    path: PathBuf,
    /// As it was opened; only Unix lets a folder be synced.
    opened: Option<File>,
    /// Whose sync has not begun.
    next: Mutex<Arc<Batch>>,
    /// Held by the sync that runs.
    running: Mutex<()>,
    #[cfg(test)]
    pub(super) refuses: std::sync::atomic::AtomicBool,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let opened = if cfg!(unix) { Some(File::open(&path)?) } else { None };
        Ok(Self {
            path,
            opened,
            next: Mutex::default(),
            running: Mutex::default(),
            #[cfg(test)]
            refuses: Default::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives a file this content; durable when this returns. Blocks.
    pub(super) fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.put_if(name, content, || Ok(()))
    }

    /// The same if nothing is against it when the file takes its place.
    pub(super) fn put_if<T>(
        &self,
        name: &str,
        content: &[u8],
        allowed: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<()> {
        let mut file = half_written::file(&self.path)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        {
            let _meanwhile = allowed()?;
            file.persist(self.path.join(name)).map_err(|error| error.error)?;
        }
        self.sync()
    }

    /// Returns when what was renamed in this folder before is durable. Blocks.
    pub(super) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        if self.refuses.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(io::ErrorKind::Other.into());
        }
        self.shared(|| match (&self.opened, File::open(&self.path)) {
            (None, _) => Ok(()),
            (Some(_), Ok(now)) => now.sync_all(),
            // Moved away since, and what was renamed in it with it.
            (Some(opened), Err(error)) if error.kind() == io::ErrorKind::NotFound => opened.sync_all(),
            (Some(_), Err(error)) => Err(error),
        })
    }

    fn shared(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let batch = Arc::clone(&lock(&self.next));
        let outcome = batch.get_or_init(|| {
            let _running = lock(&self.running);
            // Others joined while the one before ran; who comes from here on needs the next.
            *lock(&self.next) = Arc::default();
            sync().map_err(Arc::new)
        });
        outcome.clone().map_err(|error| io::Error::new(error.kind(), error))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Runs one sync till it is told to end; meanwhile others come, whose outcome is `second`.
    fn others_outcomes(second: fn() -> io::Result<()>) -> (Vec<io::Result<()>>, usize) {
        const OTHERS: usize = 8;
        let (folder, syncs) = (Folder::open(PathBuf::from(".")).unwrap(), AtomicUsize::new(0));
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let outcomes = thread::scope(|scope| {
            let first = scope.spawn(|| {
                folder.shared(move || {
                    begun.send(()).unwrap();
                    ended.recv().unwrap();
                    Ok(())
                })
            });
            has_begun.recv().unwrap();
            let others: Vec<_> = (0..OTHERS)
                .map(|_| {
                    scope.spawn(|| {
                        folder.shared(|| {
                            syncs.fetch_add(1, Ordering::Relaxed);
                            second()
                        })
                    })
                })
                .collect();
            // All have joined: the folder and each of them hold the batch.
            while Arc::strong_count(&lock(&folder.next)) < OTHERS + 1 {
                thread::yield_now();
            }
            assert_eq!(syncs.load(Ordering::Relaxed), 0, "one at a time");
            end.send(()).unwrap();
            first.join().unwrap().unwrap();
            others.into_iter().map(|other| other.join().unwrap()).collect()
        });
        (outcomes, syncs.into_inner())
    }

    #[test]
    fn who_comes_while_one_runs_shares_the_next() {
        let (outcomes, syncs) = others_outcomes(|| Ok(()));
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), syncs), (8, 1));
    }

    #[test]
    fn who_shares_a_sync_shares_its_failure() {
        let (outcomes, syncs) = others_outcomes(|| Err(io::ErrorKind::StorageFull.into()));
        let kinds: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap_err().kind()).collect();
        assert_eq!((kinds, syncs), (vec![io::ErrorKind::StorageFull; 8], 1));
    }

    #[test]
    fn a_folder_that_was_moved_away_is_synced_where_it_is() {
        let place = tempfile::TempDir::new().unwrap();
        let (before, after) = (place.path().join("before"), place.path().join("after"));
        std::fs::create_dir(&before).unwrap();
        let folder = Folder::open(before.clone()).unwrap();
        std::fs::rename(before, after).unwrap();
        folder.sync().unwrap();
    }

    #[test]
    fn a_failure_is_over_with_its_sync() {
        let folder = Folder::open(PathBuf::from(".")).unwrap();
        assert!(folder.shared(|| Err(io::ErrorKind::StorageFull.into())).is_err());
        assert!(folder.shared(|| Ok(())).is_ok());
    }
}
