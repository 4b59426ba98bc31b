//! When a quotation is tried: what it waits for, and what of that counts as its own time.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::Inner;
use super::run::Stopped;
use crate::odoo::OdooError;
use crate::quotation::document::Quotation;
use crate::quotation::error::QuotationError;
use crate::quotation::texts;
use crate::timestamp::Timestamp;
use crate::work::Live;

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
pub(super) struct TimeLeft {
    left: Duration,
    /// When it would be over, as it was told last; nobody was told before its time began.
    told: Option<Timestamp>,
}

/// There is none left.
pub(super) struct OutOfTime;

/// Of its time, what one that is taken up has at least: nobody worked on it meanwhile, and Odoo may be starting, too.
const AT_LEAST: u32 = 5;
/// What waiting adds is told, and written, when it is as much.
const TOLD_AFTER: TimeDelta = TimeDelta::minutes(1);

impl TimeLeft {
    /// With so much time, of which what was remembered says how much is left.
    pub(super) fn new(deadline: Duration, deadline_at: Option<Timestamp>, now: DateTime<Utc>) -> Self {
        let remembered = deadline_at.map_or(deadline, |at| (at.utc() - now).to_std().unwrap_or_default());
        let left = remembered.clamp(deadline / AT_LEAST, deadline);
        Self { left, told: deadline_at.filter(|_| left == remembered) }
    }

    /// Its time begins or goes on, after a wait perhaps: when it would be over, if that is news.
    pub(super) fn news(&mut self, now: DateTime<Utc>) -> Option<Timestamp> {
        let at = Timestamp::after(now, self.left);
        let is_news = self.told.is_none_or(|told| at.utc() - told.utc() >= TOLD_AFTER);
        is_news.then(|| *self.told.insert(at))
    }

    /// Whether it is over before this is.
    pub(super) fn is_over_in(&self, pause: Duration) -> bool {
        pause >= self.left
    }

    /// Does this, which counts, as long as there is time.
    pub(super) async fn spend<T>(&mut self, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
        let began = Instant::now();
        let done = tokio::time::timeout(self.left, work).await;
        self.left = self.left.saturating_sub(began.elapsed());
        done.map_err(|_| OutOfTime)
    }
}

impl Inner {
    /// Remembers till when it is tried, where it lasts: who takes it up begins no other time.
    pub(super) fn goes_on(self: &Arc<Self>, live: &Arc<Live<Quotation>>, time: &mut TimeLeft) {
        if let Some(deadline_at) = time.news(Utc::now()) {
            live.remember(|head| head.deadline_at = Some(deadline_at));
            let writing = Arc::clone(self).write_what_lasts(Arc::clone(live));
            self.work.background.tracker.spawn(writing);
        }
    }

    /// Waits for the next try; `None` when time runs out while Odoo refuses the log-in, which counts: there may be no end
    /// to it.
    pub(super) async fn place<'a>(
        self: &'a Arc<Self>,
        live: &Arc<Live<Quotation>>,
        is_retry: bool,
        time: &mut TimeLeft,
    ) -> Result<Option<Place<'a>>, Stopped> {
        loop {
            let worker = self.unless_stopping(self.workers.next(is_retry)).await?;
            if !self.gate.is_closed() {
                return Ok(Some(Place { _worker: worker, _probe: None }));
            }
            drop(worker);
            let progress = texts::waiting(&refused(), self.config.longest_retry);
            if live.told().progress != progress {
                live.update(|document| document.content.status.progress = progress);
            }
            self.goes_on(live, time);
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

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(900);

    fn now() -> DateTime<Utc> {
        "2026-01-30T10:00:00Z".parse().unwrap()
    }

    fn left(deadline_at: &str) -> u64 {
        let at = Timestamp::from(deadline_at.parse::<DateTime<Utc>>().unwrap());
        TimeLeft::new(DEADLINE, Some(at), now()).left.as_secs()
    }

    #[test]
    fn who_takes_it_up_has_what_is_left() {
        assert_eq!(TimeLeft::new(DEADLINE, None, now()).left, DEADLINE, "it had not begun");
        assert_eq!(left("2026-01-30T10:10:00Z"), 600);
        assert_eq!(left("2026-01-29T10:00:00Z"), 180, "Odoo may just be starting");
        assert_eq!(
            left("2027-01-30T10:00:00Z"),
            900,
            "the clock was set back, or the deadline is another one"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_others_moves_the_deadline_on_and_trying_does_not() {
        let mut time = TimeLeft::new(DEADLINE, None, now());
        let told = |time: &mut TimeLeft, now| time.news(now).map(|at| at.to_string());
        assert_eq!(told(&mut time, now()).unwrap(), "2026-01-30T10:15:00");
        let trying = tokio::time::sleep(Duration::from_secs(300));
        assert!(time.spend(trying).await.is_ok());
        assert_eq!(told(&mut time, now() + TimeDelta::minutes(5)), None);
        assert_eq!(told(&mut time, now() + TimeDelta::minutes(25)).unwrap(), "2026-01-30T10:35:00");
        assert!(time.is_over_in(Duration::from_secs(600)) && !time.is_over_in(Duration::from_secs(599)));
    }
}
