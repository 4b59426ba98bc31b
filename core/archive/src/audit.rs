//! The files of the audit: those of days that are over go to the bucket, old ones are removed.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, Utc};
use mcp_odoo_core::audit::{AuditConfig, files};
use mcp_odoo_core::journal::Secret;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio_util::sync::CancellationToken;

use crate::blocking;
use crate::error::StoreError;
use crate::key::month_prefix;
use crate::store::Store;

/// Looks after the files in one folder.
pub(crate) struct Keeper {
    folder: PathBuf,
    retention: Option<Days>,
    /// Where it is noted how much of which file is in the bucket.
    marks: Option<PathBuf>,
    /// What tells these files from those of other services that share the bucket.
    origin: String,
}

/// Why a file did not get there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl Keeper {
    pub fn new(config: &AuditConfig, marks: Option<PathBuf>, secret: Option<&Secret>) -> Self {
        let digest =
            Sha256::new().chain_update("audit").chain_update(secret.map_or(&[][..], |secret| secret));
        Self {
            folder: config.folder.clone(),
            retention: (config.retention_days > 0).then(|| Days::new(config.retention_days)),
            marks,
            origin: digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// Removes files that are old, and where there is a bucket in it; gives their number. Blocks.
    pub fn sweep(&self) -> io::Result<usize> {
        let keep_from = self.retention.and_then(|days| Utc::now().date_naive().checked_sub_days(days));
        let Some(keep_from) = keep_from else { return Ok(0) };
        let mut removed = 0;
        for day in files::days(&self.folder)? {
            if day < keep_from {
                match self.remove(day) {
                    Ok(gone) => removed += usize::from(gone),
                    // One that the disk refuses must not keep the others.
                    Err(error) => tracing::warn!(%day, %error, "old file of the audit cannot be removed"),
                }
            }
        }
        Ok(removed)
    }

    fn remove(&self, day: NaiveDate) -> io::Result<bool> {
        let goes = self.is_uploaded(day)?;
        if goes {
            fs::remove_file(files::path(&self.folder, day))?;
            self.mark(day).map_or(Ok(()), fs::remove_file)?;
        }
        Ok(goes)
    }

    /// Brings to the bucket what is not there yet, until `stop`.
    pub async fn upload(&self, store: &Store, stop: &CancellationToken) -> Result<(), Failed> {
        let folder = self.folder.clone();
        let today = Utc::now().date_naive();
        for day in blocking(move || files::days(&folder)).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            if day < today {
                match self.upload_one(store, day).await {
                    Err(Failed::Disk(error)) => {
                        tracing::warn!(%day, %error, "file of the audit not brought to S3; tried again in an hour");
                    }
                    done => done?,
                }
            }
        }
        Ok(())
    }

    async fn upload_one(&self, store: &Store, day: NaiveDate) -> Result<(), Failed> {
        if self.is_uploaded(day)? {
            return Ok(());
        }
        let file = files::open(&files::path(&self.folder, day))?;
        // What comes late, because the disk refused it before, is brought there the next time.
        let length = file.metadata()?.len();
        let key = format!("{}{day}_audit_{}.jsonl", month_prefix(day), self.origin);
        store.put_file(&key, File::from_std(file), length).await?;
        if let Some((folder, mark)) = self.marks.as_deref().zip(self.mark(day)) {
            let mut noted = tempfile::NamedTempFile::new_in(folder)?;
            write!(noted, "{length}")?;
            noted.persist(mark).map_err(|error| error.error)?;
        }
        Ok(())
    }

    fn mark(&self, day: NaiveDate) -> Option<PathBuf> {
        self.marks.as_deref().map(|marks| files::path(marks, day))
    }

    /// Whether all of a file is in the bucket, where there is one.
    fn is_uploaded(&self, day: NaiveDate) -> io::Result<bool> {
        let Some(mark) = self.mark(day) else { return Ok(true) };
        let length = fs::symlink_metadata(files::path(&self.folder, day))?.len();
        Ok(noted(&mark)? == Some(length))
    }
}

fn noted(mark: &Path) -> io::Result<Option<u64>> {
    match mcp_odoo_core::journal::read_file(mark) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => Ok(None),
        content => Ok(str::from_utf8(&content?).ok().and_then(|length| length.parse().ok())),
    }
}
