//! Takes in the folders of windows that were killed: `LOG_DIR/stdio-2` and so on, where nobody holds them.
//!
//! A log is moved by renaming: it is in one folder or in the other, whatever ends the process meanwhile. The window's
//! secret goes before, so that its keys are known wherever its logs are.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::lock::Lock;
use super::secret::Secrets;
use super::{Inner, Journal, JournalError, LogName, blocking};

/// What the folders of windows begin with.
pub const WINDOW: &str = "stdio-";

impl Journal {
    /// Takes in the logs of every window that is gone: names those it took, and whether the disk refused others. The next
    /// time goes on from there.
    pub async fn adopt(&self) -> (Vec<LogName>, Result<(), JournalError>) {
        let inner = Arc::clone(&self.inner);
        let adopting = blocking(move || {
            let mut adopted = Vec::new();
            let done = inner.adopt(&mut adopted);
            Ok((adopted, done.map_err(inner.failed("take in the logs of another window"))))
        });
        adopting.await.unwrap_or_else(|error| (Vec::new(), Err(error)))
    }
}

impl Inner {
    fn adopt(&self, adopted: &mut Vec<LogName>) -> io::Result<()> {
        for entry in fs::read_dir(self.folder.path())? {
            let entry = entry?;
            let is_window = entry.file_name().to_str().is_some_and(is_window);
            if is_window && entry.file_type()?.is_dir() {
                self.adopt_window(&entry.path(), adopted)?;
            }
        }
        Ok(())
    }

    fn adopt_window(&self, window: &Path, adopted: &mut Vec<LogName>) -> io::Result<()> {
        let mut logs = logs(window)?.peekable();
        if logs.peek().is_none() {
            return Ok(());
        }
        // Held by a window that is open; else by this process as long as it takes.
        let Ok(_alone) = Lock::take(window) else { return Ok(()) };
        if let Some(theirs) = Secrets::read(window)? {
            let mut known = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
            let mut more = known.clone();
            if more.take_in(&theirs) {
                // Known only when it is kept: else it would be news no second time.
                more.save(&self.folder)?;
                *known = more;
            }
        }
        let mut moved = Vec::new();
        let done = self.move_all(window, logs, &mut moved);
        // Nobody finds them in the window's folder again, whatever the disk refused afterwards.
        if !moved.is_empty() {
            tracing::info!(count = moved.len(), window = %window.display(), "log files of a window that is gone taken in");
        }
        moved.iter().for_each(|name| self.written(name));
        adopted.append(&mut moved);
        done
    }

    fn move_all(
        &self,
        window: &Path,
        logs: impl Iterator<Item = io::Result<LogName>>,
        moved: &mut Vec<LogName>,
    ) -> io::Result<()> {
        for name in logs {
            let name = name?;
            let file = name.file_name();
            if self.take_in(&window.join(&file), &file)? {
                moved.push(name);
            }
        }
        self.folder.sync()?;
        #[cfg(unix)]
        File::open(window)?.sync_all()?;
        Ok(())
    }

    fn take_in(&self, from: &Path, name: &str) -> io::Result<bool> {
        let to = self.path(name);
        let _alone = self.replace()?;
        match fs::symlink_metadata(&to) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::rename(from, to)?;
                Ok(true)
            }
            // Both windows were given one key: what stands here is what is answered.
            there => there.map(|_| false),
        }
    }
}

fn is_window(name: &str) -> bool {
    name.strip_prefix(WINDOW).is_some_and(|number| number.parse::<u32>().is_ok())
}

fn logs(window: &Path) -> io::Result<impl Iterator<Item = io::Result<LogName>> + use<>> {
    Ok(fs::read_dir(window)?.filter_map(|entry| match entry {
        Ok(entry) => entry.file_name().to_str().and_then(LogName::parse).map(Ok),
        Err(error) => Some(Err(error)),
    }))
}
