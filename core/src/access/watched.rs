//! The files that say who may call, and with which secrets: whether they have changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How a file was when it was looked at; nothing where there was none.
type Seen = Option<(SystemTime, u64, u64)>;

/// Files, and how they were.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Watched(Vec<(PathBuf, Seen)>);

impl Watched {
    /// As they are now.
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let look = |file: PathBuf| {
            let seen = seen(&file);
            (file, seen)
        };
        Self(files.into_iter().map(look).collect())
    }

    /// The same, as they are now.
    pub fn again(self) -> Self {
        Self::of(self.0.into_iter().map(|(file, _)| file))
    }

    /// These, too.
    pub fn and(mut self, Self(more): Self) -> Self {
        self.0.extend(more);
        self
    }
}

fn seen(path: &Path) -> Seen {
    let file = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&file);
    #[cfg(not(unix))]
    let inode = 0;
    Some((file.modified().ok()?, file.len(), inode))
}
