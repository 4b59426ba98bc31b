//! What was counted, on the disk: a restart does not begin a day anew.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::counts::Counts;
use crate::journal::{half_written_file, read_file};
use crate::trouble::Trouble;

const NAME: &str = ".limits";

pub(super) struct Kept {
    folder: PathBuf,
    trouble: Trouble,
}

impl Kept {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), trouble: Trouble::default() }
    }

    /// What cannot be read is counted anew, and this is said.
    pub fn read(&self) -> HashMap<String, Counts> {
        let content = match read_file(&self.folder.join(NAME)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return HashMap::new(),
            content => content.and_then(|content| Ok(serde_json::from_slice(&content)?)),
        };
        content.unwrap_or_else(|error| {
            tracing::warn!(%error, file = NAME, "what callers asked for today cannot be read: it is counted anew");
            HashMap::new()
        })
    }

    /// Tells whether the disk took it. Blocks.
    pub fn write(&self, counts: &HashMap<String, Counts>) -> bool {
        let written = self.replace(counts);
        match &written {
            Err(error) if self.trouble.met(NAME, true) => {
                tracing::error!(%error, "what callers ask for cannot be written: a restart would count it anew");
            }
            Ok(()) if self.trouble.passed(NAME) => tracing::info!("what callers ask for is written again"),
            _ => {}
        }
        written.is_ok()
    }

    fn replace(&self, counts: &HashMap<String, Counts>) -> io::Result<()> {
        let place = self.folder.join(NAME);
        let mut file = half_written_file(&self.folder)?;
        file.write_all(&serde_json::to_vec(counts)?)?;
        file.as_file().sync_all()?;
        file.persist(place).map(drop).map_err(|error| error.error)
    }
}
