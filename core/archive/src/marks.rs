//! What is in the bucket already, known from the disk alone.
//!
//! A log file is replaced by renaming, so that each state of it is a file of its own. A mark is a hard
//! link to the one that was uploaded: while the log is the same file, there is nothing to do.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use mcp_odoo_core::journal::{LogName, create_private, half_written_folder, read_file};
use same_file::is_same_file;
use tokio_util::sync::CancellationToken;

/// Below the log folder; one folder in it for each bucket.
const FOLDER: &str = ".s3";
/// A state that is being uploaded. It is among the unfinished files, which the journal removes after a crash: looking
/// for it among the marks would take a start as long as there are logs.
const PIN: &str = ".s3";

/// The marks of one bucket.
#[derive(Clone)]
pub(crate) struct Marks {
    logs: PathBuf,
    folder: PathBuf,
}

impl Marks {
    /// Those of this bucket; nothing is uploaded meanwhile.
    pub fn open(logs: &Path, bucket: &str) -> io::Result<Self> {
        check_hard_links(logs)?;
        let folder = logs.join(FOLDER).join(bucket);
        create_private(&folder)?;
        // For the pins.
        create_private(&half_written_folder(logs))?;
        Ok(Self { logs: logs.to_owned(), folder })
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the last state of this log is in the bucket.
    pub fn is_uploaded(&self, name: &LogName) -> io::Result<bool> {
        same(&self.logs.join(name.file_name()), &self.folder.join(name.file_name()))
    }

    /// Up to `at_most` logs whose last state is not in the bucket, and whether there may be more; until `stop`.
    pub fn pending(&self, at_most: usize, stop: &CancellationToken) -> io::Result<(Vec<LogName>, bool)> {
        let mut pending = Vec::new();
        for name in logs(&self.logs)? {
            let name = name?;
            if stop.is_cancelled() {
                return Ok((pending, true));
            }
            if !self.is_uploaded(&name)? {
                if pending.len() == at_most {
                    return Ok((pending, true));
                }
                pending.push(name);
            }
        }
        Ok((pending, false))
    }

    /// Holds the state that a log has now, whatever is written meanwhile; `None` when there is nothing to upload.
    pub fn pin(&self, name: &LogName) -> io::Result<Option<Pinned>> {
        let (log, mark) = (self.logs.join(name.file_name()), self.folder.join(name.file_name()));
        let path = half_written_folder(&self.logs).join(format!("{}{PIN}", name.file_name()));
        match fs::hard_link(&log, &path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            linked => linked?,
        }
        let pinned = Pinned { path, mark };
        // Something else may have taken its place.
        if !fs::symlink_metadata(&pinned.path)?.is_file() {
            return Ok(None);
        }
        Ok(if same(&pinned.path, &pinned.mark)? { None } else { Some(pinned) })
    }
}

/// One state of a log file.
pub(crate) struct Pinned {
    path: PathBuf,
    mark: PathBuf,
}

impl Pinned {
    pub fn read(&self) -> io::Result<Vec<u8>> {
        read_file(&self.path)
    }

    /// It is in the bucket.
    pub fn mark(self) -> io::Result<()> {
        fs::rename(&self.path, &self.mark)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // Gone already when it became the mark; else the next start removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The log files in a folder, in no order.
pub(crate) fn logs(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<LogName>> + use<>> {
    Ok(fs::read_dir(folder)?.filter_map(|entry| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error)),
        };
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let name = entry.file_name().to_str().and_then(LogName::parse);
        name.filter(|_| is_file).map(Ok)
    }))
}

/// Removes the marks, of any bucket, whose logs are gone: they would keep the content on the disk; until `stop`.
pub(crate) fn prune(logs: &Path, stop: &CancellationToken) -> io::Result<()> {
    let buckets = match fs::read_dir(logs.join(FOLDER)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        buckets => buckets?,
    };
    for bucket in buckets {
        for mark in fs::read_dir(bucket?.path())? {
            let mark = mark?;
            if stop.is_cancelled() {
                return Ok(());
            }
            let name = mark.file_name();
            let is_mark = name.to_str().and_then(LogName::parse).is_some();
            if is_mark && !logs.join(&name).try_exists()? {
                fs::remove_file(mark.path())?;
            }
        }
    }
    Ok(())
}

/// Whether this folder's file system has hard links, and says so.
///
/// # Errors
/// Why not.
pub fn check_hard_links(folder: &Path) -> io::Result<()> {
    let file = tempfile::NamedTempFile::new_in(folder)?;
    let link = file.path().with_extension("link");
    let linked = fs::hard_link(file.path(), &link).and_then(|()| is_same_file(file.path(), &link));
    // Where the link was not made there is none to remove.
    let _ = fs::remove_file(&link);
    match linked {
        Ok(true) => Ok(()),
        Ok(false) => Err(io::Error::other("a hard link is not seen as the same file")),
        Err(error) => Err(error),
    }
}

/// Whether both are there and one file.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    match is_same_file(one, other) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        known => known,
    }
}
