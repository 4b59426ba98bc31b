//! Brings changed logs to the bucket, beside the work.

use std::collections::HashSet;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use mcp_odoo_core::backoff::Backoff;
use mcp_odoo_core::journal::LogName;
use mcp_odoo_core::outage::Outage;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::blocking;
use crate::config::S3Config;
use crate::error::StoreError;
use crate::key::key;
use crate::marks::Marks;
use crate::queue::Queue;
use crate::store::Store;

/// Uploads at once, at most.
const AT_ONCE: usize = 8;

/// Uploads what is pending.
pub(crate) struct Uploader {
    pub config: S3Config,
    pub marks: Marks,
    pub queue: Arc<Queue>,
    /// Ends a look at the disk: the process would wait for it.
    pub abort: CancellationToken,
}

/// What became of an upload.
enum Done {
    Uploaded,
    /// The log is gone, or was uploaded before.
    NotNeeded,
}

/// Why a log did not get there.
enum Failed {
    Disk(io::Error),
    Store(StoreError),
}

struct Upload {
    name: LogName,
    began: Instant,
    done: Result<Done, Failed>,
}

impl Uploader {
    /// Runs until `stop`, and then until nothing is left or the store does not take it.
    pub async fn run(self, stop: CancellationToken) {
        let store = Store::new(&self.config).await;
        let mut outage =
            Outage::new(Backoff { first: self.config.first_retry, longest: self.config.longest_retry });
        let mut uploads = FuturesUnordered::new();
        // A log is never uploaded twice at once: the newest state must be the last to arrive.
        let mut busy = HashSet::new();
        let mut last = None;
        loop {
            // What is under way goes on meanwhile.
            let mut scan = pin!(self.scan());
            while let Some(upload) = tokio::select! {
                () = &mut scan => None,
                Some(upload) = uploads.next() => Some(upload),
            } {
                self.settle(upload, &mut busy, &mut outage);
            }
            let down = outage.until();
            let places = match down {
                None => AT_ONCE,
                Some(until) if until <= Instant::now() && !stop.is_cancelled() => 1,
                Some(_) => 0,
            };
            while uploads.len() < places
                && let Some(name) = self.queue.take(last.as_ref(), &busy)
            {
                busy.insert(name.clone());
                last = Some(name.clone());
                uploads.push(self.upload(&store, name));
            }
            if stop.is_cancelled() && uploads.is_empty() {
                return;
            }
            let waiting = uploads.is_empty() && down.is_some_and(|until| until > Instant::now());
            tokio::select! {
                Some(upload) = uploads.next() => self.settle(upload, &mut busy, &mut outage),
                () = self.queue.changed(), if !waiting => {}
                () = tokio::time::sleep_until(down.unwrap_or_else(Instant::now)), if waiting => {}
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    async fn scan(&self) {
        let look = async |at_most| {
            let (marks, abort) = (self.marks.clone(), self.abort.clone());
            blocking(move || marks.pending(at_most, &abort)).await
        };
        if let Err(error) = self.queue.fill(look).await {
            tracing::error!(%error, "log files not in S3 cannot be looked for; tried again in a day");
        }
    }

    async fn upload(&self, store: &Store, name: LogName) -> Upload {
        let began = Instant::now();
        let done = self.try_upload(store, &name).await;
        Upload { name, began, done }
    }

    async fn try_upload(&self, store: &Store, name: &LogName) -> Result<Done, Failed> {
        let (marks, wanted) = (self.marks.clone(), name.clone());
        let pin = move || {
            let pinned = marks.pin(&wanted)?;
            pinned.map(|pinned| Ok((pinned.read()?, pinned))).transpose()
        };
        let Some((content, pinned)) = blocking(pin).await.map_err(Failed::Disk)? else {
            return Ok(Done::NotNeeded);
        };
        store.put(&key(name), content).await.map_err(Failed::Store)?;
        blocking(move || pinned.mark()).await.map_err(Failed::Disk)?;
        Ok(Done::Uploaded)
    }

    fn settle(&self, upload: Upload, busy: &mut HashSet<LogName>, outage: &mut Outage) {
        let Upload { name, began, done } = upload;
        busy.remove(&name);
        match done {
            Ok(Done::Uploaded) => {
                if outage.ended(began) {
                    tracing::info!("S3 takes log files again");
                }
            }
            Ok(Done::NotNeeded) => {}
            Err(Failed::Store(error)) => {
                tracing::debug!(%error, "upload failed");
                if outage.met(began) {
                    tracing::warn!("S3 takes no log files, they are kept and tried again: {error}");
                }
                self.queue.add(name);
            }
            // One file must not hold up the others.
            Err(Failed::Disk(error)) => {
                let file = name.file_name();
                tracing::error!(file, %error, "log file not brought to S3; tried again in a day");
            }
        }
    }
}
