//! Log files beyond the disk of this process: copied to a bucket, removed when they are old, looked at.
//!
//! Nothing waits for the store. What is not there yet is known from the disk alone (see `marks.rs`), so a
//! crash or a day without the store loses nothing.

mod audit;
mod browse;
mod config;
mod credentials;
mod error;
mod key;
mod marks;
mod queue;
mod retention;
mod store;
mod summary;
mod upload;
mod web_identity;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::Days;
use mcp_odoo_core::audit::AuditConfig;
use mcp_odoo_core::background::Background;
use mcp_odoo_core::journal::{Journal, JournalError};
use tokio_util::sync::CancellationToken;

pub use self::browse::{BrowseError, Filter, Library};
pub use self::config::{AwsKeys, AwsRole, S3Config};
pub use self::error::StoreError;
pub use self::marks::check_hard_links;
pub use self::store::Store;
pub use self::summary::Summary;

use self::audit::Keeper;
use self::marks::Marks;
use self::queue::Queue;
use self::upload::Uploader;

/// How often old files are removed and the disk is looked over for files that are not in the bucket.
const SWEEP: Duration = Duration::from_secs(24 * 3600);
/// How often the audit's files are looked at.
const LOOK: Duration = Duration::from_secs(3600);
/// How long a stop waits for uploads; what is left is uploaded after the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// Keeps copies of the journal's files in a bucket, and the folder free of old ones; a cheap handle.
#[derive(Clone)]
pub struct Archive {
    inner: Arc<Inner>,
}

struct Inner {
    journal: Journal,
    bucket: Option<Bucket>,
    retention: Option<Days>,
    /// Nobody, where another process of the same client has the audit.
    keeper: Option<Keeper>,
    background: Background,
}

struct Bucket {
    config: S3Config,
    marks: Marks,
    queue: Arc<Queue>,
}

impl Archive {
    /// For a journal that this process holds, whose files stay for so many days; 0 for ever. And for an audit, if it is in
    /// the journal's folder: processes that share one leave it to who holds that. Nothing happens before [`Self::start`].
    ///
    /// # Errors
    /// When what was uploaded cannot be kept track of in the journal's folder.
    pub fn new(
        config: Option<S3Config>,
        retention_days: u64,
        journal: Journal,
        audit: &AuditConfig,
    ) -> Result<Self, JournalError> {
        let bucket = config.map(|config| {
            let marks = Marks::open(journal.folder(), &folder_name(&config))?;
            let queue = Arc::<Queue>::default();
            let changed = Arc::clone(&queue);
            journal.on_write(move |name| changed.add(name.clone()));
            Ok(Bucket { config, marks, queue })
        });
        let bucket = bucket.transpose().map_err(|said| JournalError::Io {
            action: "keep track of what is in S3 (it takes hard links)",
            folder: journal.folder().to_owned(),
            said,
        })?;
        let retention = (retention_days > 0).then(|| Days::new(retention_days));
        let marks = bucket.as_ref().map(|bucket| bucket.marks.folder().to_owned());
        let keeper = (audit.folder.parent() == Some(journal.folder()))
            .then(|| Keeper::new(audit, marks, journal.secrets().first()));
        let background = Background::default();
        Ok(Self { inner: Arc::new(Inner { journal, bucket, retention, keeper, background }) })
    }

    /// Begins to upload and to remove.
    pub fn start(&self) {
        let inner = &self.inner;
        if let Some(Bucket { config, marks, queue }) = &inner.bucket {
            let (config, marks, queue) = (config.clone(), marks.clone(), Arc::clone(queue));
            let Background { tracker, stop, abort } = &inner.background;
            let uploader = Uploader { config, marks, queue, abort: abort.clone() };
            tracker.spawn(abort.clone().run_until_cancelled_owned(uploader.run(stop.clone())));
        }
        let sweeping = Arc::clone(inner);
        inner.background.tracker.spawn(async move { sweeping.sweep_daily().await });
        if inner.keeper.is_some() {
            let Background { tracker, abort, .. } = &inner.background;
            tracker.spawn(abort.clone().run_until_cancelled_owned(Arc::clone(inner).keep()));
        }
    }

    /// Uploads for a few seconds what is left, then leaves the rest to the next start; tells whether that was all. Nothing
    /// may be written after this.
    pub async fn shutdown(&self) -> bool {
        let inner = &self.inner;
        let drained = inner.background.shutdown(DRAIN).await;
        let left = inner.bucket.as_ref().is_some_and(|bucket| !drained || !bucket.queue.is_empty());
        if left {
            tracing::info!("log files that are not in S3 yet go there after the next start");
        }
        !left
    }
}

impl Inner {
    async fn sweep_daily(&self) {
        self.sweep().await;
        while self.background.stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
            if let Some(bucket) = &self.bucket {
                bucket.queue.scan();
            }
            self.sweep().await;
        }
    }

    /// Looks after the audit's files.
    async fn keep(self: Arc<Self>) {
        let stop = &self.background.stop;
        let mut is_down = false;
        loop {
            let kept = self.keep_once(stop).await;
            match kept {
                Err(error) if !std::mem::replace(&mut is_down, true) => {
                    tracing::warn!(%error, "files of the audit stay where they are; tried again each hour");
                }
                Ok(()) if std::mem::take(&mut is_down) => tracing::info!("files of the audit are in S3"),
                _ => {}
            }
            if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
        }
    }

    async fn keep_once(self: &Arc<Self>, stop: &CancellationToken) -> Result<(), audit::Failed> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        if let Some(bucket) = &self.bucket {
            keeper.upload(&Store::new(&bucket.config).await, stop).await?;
        }
        let inner = Arc::clone(self);
        let removed = blocking(move || inner.keeper.as_ref().map_or(Ok(0), Keeper::sweep)).await?;
        if removed > 0 {
            tracing::info!(count = removed, "old files of the audit removed");
        }
        Ok(())
    }

    async fn sweep(&self) {
        let (journal, retention, stop) = (self.journal.clone(), self.retention, self.background.stop.clone());
        let marks = self.bucket.as_ref().map(|bucket| bucket.marks.clone());
        let swept = blocking(move || {
            let sweep = |days| retention::sweep(&journal, marks.as_ref(), days, &stop);
            let removed = retention.map_or(Ok(0), sweep)?;
            marks::prune(journal.folder(), &stop)?;
            Ok(removed)
        });
        match swept.await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "old log files removed"),
            Err(error) => tracing::error!(%error, "old log files cannot be removed; tried again in a day"),
        }
    }
}

/// Names of buckets are unique at AWS, elsewhere in one store.
fn folder_name(config: &S3Config) -> String {
    let elsewhere = config.endpoint.as_ref().map(|endpoint| {
        let host = endpoint.host_str().unwrap_or_default().replace(['[', ']', ':'], "_");
        format!("@{host}_{}", endpoint.port_or_known_default().unwrap_or_default())
    });
    config.bucket.clone() + &elsewhere.unwrap_or_default()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(io::Error::other(error)),
    }
}
