//! Log files to look at, on the disk or in the bucket. Needs no lock: the server may run.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use chrono::NaiveDate;
use futures::StreamExt;
use mcp_odoo_core::journal::{LogName, read_file};

use crate::blocking;
use crate::config::S3Config;
use crate::error::StoreError;
use crate::key::key;
use crate::marks;
use crate::store::Store;
use crate::summary::Summary;

/// Files read at once, at most.
const AT_ONCE: usize = 8;
/// Files looked at, at most, in search of those with a status.
const LOOKED_AT: usize = 100_000;

/// Where log files are.
pub enum Library {
    /// `LOG_DIR`
    Folder(PathBuf),
    /// The bucket.
    Bucket(Store),
}

/// Which log files are wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The first UTC day; `None` from the beginning.
    pub from: Option<NaiveDate>,
    /// The last UTC day.
    pub to: NaiveDate,
    /// `completed`, `failed`, …; `None` for all.
    pub status: Option<String>,
}

/// Why they cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum BrowseError {
    /// The disk refused.
    #[error("cannot read LOG_DIR: {0}")]
    Disk(#[from] io::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Library {
    /// The bucket.
    pub async fn bucket(config: &S3Config) -> Self {
        Self::Bucket(Store::new(config).await)
    }

    /// Log files in short, newest first, at most so many; and whether there may be more.
    ///
    /// # Errors
    /// When the disk or the store refuses.
    pub async fn list(&self, filter: &Filter, at_most: usize) -> Result<(Vec<Summary>, bool), BrowseError> {
        let enough = if filter.status.is_some() { LOOKED_AT } else { at_most };
        let names = self.names(filter.from, filter.to, enough + 1).await?;
        let mut more = names.len() > enough;
        let read = |name: LogName| async move {
            let content = self.read(&name).await?;
            Ok::<_, BrowseError>(content.map(|content| Summary::new(&name, &content)))
        };
        let mut logs = futures::stream::iter(names.into_iter().take(enough)).map(read).buffered(AT_ONCE);
        let mut listed = Vec::new();
        while let Some(log) = logs.next().await {
            let wanted = |log: &Summary| filter.status.as_ref().is_none_or(|status| *status == log.status);
            let Some(log) = log?.filter(wanted) else { continue };
            if listed.len() == at_most {
                more = true;
                break;
            }
            listed.push(log);
        }
        // Names tell the day only.
        listed.sort_by(|a, b| (&b.date, &b.time).cmp(&(&a.date, &a.time)));
        Ok((listed, more))
    }

    /// The content of the log with this id.
    ///
    /// # Errors
    /// When the disk or the store refuses.
    pub async fn find(&self, id: &str, filter: &Filter) -> Result<Option<Vec<u8>>, BrowseError> {
        let names = self.names(filter.from, filter.to, usize::MAX).await?;
        match names.iter().find(|name| name.id() == id) {
            Some(name) => self.read(name).await,
            None => Ok(None),
        }
    }

    async fn names(
        &self,
        from: Option<NaiveDate>,
        to: NaiveDate,
        at_most: usize,
    ) -> Result<Vec<LogName>, BrowseError> {
        let folder = match self {
            Self::Bucket(store) => return Ok(store.names(from, to, at_most).await?),
            Self::Folder(folder) => folder.clone(),
        };
        let mut names: Vec<LogName> =
            blocking(move || marks::logs(&folder)?.collect::<io::Result<_>>()).await?;
        names.retain(|name| from.is_none_or(|from| name.date() >= from) && name.date() <= to);
        names.sort_unstable_by(|a, b| b.cmp(a));
        Ok(names)
    }

    async fn read(&self, name: &LogName) -> Result<Option<Vec<u8>>, BrowseError> {
        let file = match self {
            Self::Bucket(store) => return Ok(store.get(&key(name)).await?),
            Self::Folder(folder) => folder.join(name.file_name()),
        };
        match blocking(move || read_file(&file)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            content => Ok(Some(content?)),
        }
    }
}
