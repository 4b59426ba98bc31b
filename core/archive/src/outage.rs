//! Waits longer and longer while the store is down, and says once that it is, and that it works again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::error::StoreError;

/// Whether the store is down.
pub(crate) struct Outage {
    pauses: ExponentialBuilder,
    longest: Duration,
    now: Option<Down>,
}

struct Down {
    since: Instant,
    pauses: ExponentialBackoff,
    until: Instant,
}

impl Outage {
    /// Not yet, with pauses from `first` to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_jitter()
            .without_max_times();
        Self { pauses, longest, now: None }
    }

    /// An upload failed.
    pub fn met(&mut self, error: &StoreError) {
        tracing::debug!(%error, "upload failed");
        let now = Instant::now();
        let down = self.now.get_or_insert_with(|| {
            tracing::warn!("S3 takes no log files, they are kept and tried again: {error}");
            Down { since: now, pauses: self.pauses.build(), until: now }
        });
        // Several were under way: they failed together.
        if now >= down.until {
            down.until = now + down.pauses.next().unwrap_or(self.longest);
        }
    }

    /// An upload succeeded; one that was under way when the store went down says nothing of it now.
    pub fn ended(&mut self, began: Instant) {
        if self.now.as_ref().is_some_and(|down| began > down.since) {
            self.now = None;
            tracing::info!("S3 takes log files again");
        }
    }

    /// Until when nothing is tried.
    pub fn until(&self) -> Option<Instant> {
        self.now.as_ref().map(|down| down.until)
    }
}
