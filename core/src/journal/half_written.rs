//! Files that are being written: they take their place, or a crash leaves them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Below the log folder, so that a start need not look through that.
const FOLDER: &str = ".writing";

/// Where files are written before they take their place. At a start, what is in it is what a crash left.
pub fn folder(logs: &Path) -> PathBuf {
    logs.join(FOLDER)
}

/// A new one.
pub fn file(logs: &Path) -> io::Result<NamedTempFile> {
    let half_written = folder(logs);
    match NamedTempFile::new_in(&half_written) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Not the log folder itself: where that has vanished, a disk may be missing.
            create_below(&half_written)?;
            NamedTempFile::new_in(&half_written)
        }
        made => made,
    }
}

/// Makes a folder that is its owner's alone, if it is not there. The folder above it must be there.
///
/// # Errors
/// When the disk refuses.
pub fn create_below(folder: &Path) -> io::Result<()> {
    let mut private = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
    match private.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Removes what a crash left.
pub(super) fn clear(logs: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder(logs)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let left = entry?.path();
        if let Err(error) = fs::remove_file(&left) {
            tracing::warn!(file = %left.display(), %error, "half-written file cannot be removed");
        }
    }
    Ok(())
}
