//! When a quotation is tried: what it waits for, and what of that counts as its own time.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::Inner;
use super::run::Stopped;
use super::task::Task;
use crate::odoo::OdooError;
use crate::quotation::error::QuotationError;
use crate::quotation::texts;

/// Quotations that are made at once.
pub(super) struct Workers {
    free: Semaphore,
    /// Held by the one that waits for a worker though it was not tried yet.
    first: Mutex<()>,
}

impl Workers {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Semaphore::new(count), first: Mutex::default() }
    }

    /// Waits for a worker. Of those that were not tried yet only one stands in line with the retries: so none of these is
    /// ever behind the whole queue, and the queue moves all the same.
    async fn next(&self, is_retry: bool) -> Option<SemaphorePermit<'_>> {
        let _first = if is_retry { None } else { Some(self.first.lock().await) };
        // An error would say that it was closed, which nobody does.
        self.free.acquire().await.ok()
    }
}

/// Lets one quotation be tried.
pub(super) struct Place<'a> {
    _worker: Option<SemaphorePermit<'a>>,
    /// Tries for all, while Odoo refuses the log-in.
    _probe: Option<MutexGuard<'a, ()>>,
}

/// How long a quotation may still be tried. Waiting for a worker is not its fault and does not count.
pub(super) struct TimeLeft(Duration);

/// There is none left.
pub(super) struct OutOfTime;

impl TimeLeft {
    pub(super) fn new(deadline: Duration) -> Self {
        Self(deadline)
    }

    /// Whether it is over before this is.
    pub(super) fn is_over_in(&self, pause: Duration) -> bool {
        pause >= self.0
    }

    /// Does this, which counts, as long as there is time.
    pub(super) async fn spend<T>(&mut self, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
        let began = Instant::now();
        let done = tokio::time::timeout(self.0, work).await;
        self.0 = self.0.saturating_sub(began.elapsed());
        done.map_err(|_| OutOfTime)
    }
}

impl Inner {
    /// Waits for the next try; `None` when time runs out while Odoo refuses the log-in, which counts: there may be no end
    /// to it.
    pub(super) async fn place(
        &self,
        task: &Task,
        is_retry: bool,
        time: &mut TimeLeft,
    ) -> Result<Option<Place<'_>>, Stopped> {
        loop {
            let worker = self.unless_stopping(self.workers.next(is_retry)).await?;
            if !self.gate.is_closed() {
                return Ok(Some(Place { _worker: worker, _probe: None }));
            }
            drop(worker);
            let progress = texts::waiting(&refused(), self.config.longest_retry);
            if task.status().progress != progress {
                task.update(|status| status.progress = progress);
            }
            match time.spend(self.unless_stopping(self.gate.wait())).await {
                Err(OutOfTime) => return Ok(None),
                Ok(Err(stopped)) => return Err(stopped),
                Ok(Ok(None)) => {}
                Ok(Ok(probe)) => {
                    let worker = self.unless_stopping(self.workers.next(true)).await?;
                    return Ok(Some(Place { _worker: worker, _probe: probe }));
                }
            }
        }
    }
}

/// What quotations fail of that had no turn.
pub(super) fn refused() -> QuotationError {
    OdooError::AccessDenied("the log-in is refused".to_owned()).into()
}

pub(super) fn is_refused(error: &QuotationError) -> bool {
    matches!(error, QuotationError::Odoo(OdooError::AccessDenied(_)))
}
