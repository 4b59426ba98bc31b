//! Keeps the folder to one process.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const NAME: &str = ".lock";

/// Held by this process; the system frees it, whatever ends the process.
pub(super) struct Lock {
    path: PathBuf,
    file: Mutex<File>,
}

impl Lock {
    /// Takes the folder, which must be there.
    pub fn take(logs: &Path) -> Result<Self, TryLockError> {
        let path = logs.join(NAME);
        let file = lock(&path)?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// Makes sure that the folder is still held: whoever removed it, or the file in it, and made it anew took the lock
    /// away, and another process may have it. Tells whether it had to be taken again.
    pub fn hold(&self) -> io::Result<bool> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if is_at(&file, &self.path)? {
            return Ok(false);
        }
        *file = lock(&self.path).map_err(|error| match error {
            TryLockError::WouldBlock => {
                io::Error::new(ErrorKind::ResourceBusy, "another mcp-odoo process has taken the folder")
            }
            TryLockError::Error(said) => said,
        })?;
        Ok(true)
    }

    /// Gives the folder free.
    pub fn release(&self) {
        // What cannot be given free now is free when the last handle is gone.
        let _ = self.file.lock().unwrap_or_else(PoisonError::into_inner).unlock();
    }
}

/// To close the file is not enough while a child process that is just being started has it, too.
impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

fn lock(path: &Path) -> Result<File, TryLockError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

/// Whether this is the file that stands there.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    let held = file.metadata()?;
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> io::Result<bool> {
    fs::exists(path)
}
