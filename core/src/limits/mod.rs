//! How much each caller may ask for, in a minute, an hour and a day: more waits a little, and is refused then.

mod allowed;
mod counts;
mod kept;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::Utc;

pub use self::allowed::{Bounds, Kind, Limits, Window};
pub use self::counts::Use;

use self::counts::Counts;
use self::kept::Kept;
use crate::background::Background;

/// Callers that are counted, at most.
const MOST_CALLERS: usize = 20_000;
/// Between two times that what was counted is written.
const SAVE: Duration = Duration::from_secs(3);

/// What callers may ask for that have no limits of their own, and how long who is over them waits.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimitsConfig {
    /// `REQUESTS_PER_MINUTE`, `REQUESTS_PER_HOUR` and `REQUESTS_PER_DAY`
    pub limits: Limits,
    /// `RATE_LIMIT_MAX_WAIT_SECONDS`
    pub max_wait: Duration,
}

/// Seconds since 1970, by the clock on the wall.
type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Counts what callers ask for; a cheap handle.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    config: LimitsConfig,
    /// Those of the configuration, where there are any: this is asked with every request.
    common: Option<Limits>,
    clock: Clock,
    callers: Mutex<Callers>,
    kept: Kept,
    background: Background,
}

#[derive(Default)]
struct Callers {
    counts: HashMap<String, Counts>,
    /// Changed since they were written.
    changed: bool,
}

/// A caller has used up one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit of {} {} per {} is used up: repeat in {} seconds",
    .0.limit, .0.kind.map_or("requests", Kind::name), .0.window.name(), .0.seconds
)]
pub struct Exceeded(pub Use);

impl Exceeded {
    /// When there is room again.
    pub fn retry_after(&self) -> Duration {
        Duration::from_secs(self.0.seconds)
    }
}

impl Limiter {
    /// Goes on with what an earlier process counted in this folder, which nobody else has meanwhile.
    pub fn open(config: LimitsConfig, folder: &Path) -> Self {
        let wall = || u64::try_from(Utc::now().timestamp()).unwrap_or_default();
        Self::with_clock(config, folder, Arc::new(wall))
    }

    fn with_clock(config: LimitsConfig, folder: &Path, clock: Clock) -> Self {
        let kept = Kept::new(folder);
        let callers = Mutex::new(Callers { counts: kept.read(), changed: false });
        let common = limiting(config.limits);
        Self(Arc::new(Inner { config, common, clock, callers, kept, background: Background::default() }))
    }

    /// Begins to write what is counted.
    pub fn start(&self) {
        let inner = Arc::clone(&self.0);
        self.0.background.tracker.spawn(async move {
            let stop = &inner.background.stop;
            while stop.run_until_cancelled(tokio::time::sleep(SAVE)).await.is_some() {
                inner.save().await;
            }
        });
    }

    /// Writes what was counted.
    pub async fn shutdown(&self) {
        self.0.background.shutdown(Duration::MAX).await;
        self.0.save().await;
    }

    /// What counts for a caller with these limits of its own, if anything does.
    pub fn limits(&self, own: Option<Limits>) -> Option<Limits> {
        match own {
            None => self.0.common,
            Some(own) => limiting(own),
        }
    }

    /// Counts one more of a caller. Where that is too many, waits for the next window if it may wait so long.
    ///
    /// # Errors
    /// Which limit is used up. What is refused is not counted.
    pub async fn admit(&self, caller: &str, own: Option<Limits>, kind: Kind) -> Result<(), Exceeded> {
        let Some(limits) = self.limits(own) else { return Ok(()) };
        let mut patience = self.0.config.max_wait;
        loop {
            let exceeded = match self.0.count(caller, &limits, kind) {
                Err(exceeded) if exceeded.retry_after() <= patience => exceeded,
                done => return done,
            };
            patience -= exceeded.retry_after();
            tokio::time::sleep(exceeded.retry_after()).await;
        }
    }

    /// Each limit of a caller with its use.
    pub fn uses(&self, caller: &str, own: Option<Limits>) -> Vec<Use> {
        let Some(limits) = self.limits(own) else { return Vec::new() };
        let counts = self.0.callers().counts.get(caller).copied().unwrap_or_default();
        counts.uses(&limits, (self.0.clock)()).collect()
    }
}

fn limiting(limits: Limits) -> Option<Limits> {
    Some(limits).filter(|limits| *limits != Limits::default())
}

impl Inner {
    fn callers(&self) -> MutexGuard<'_, Callers> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, caller: &str, limits: &Limits, kind: Kind) -> Result<(), Exceeded> {
        let now = (self.clock)();
        let concerns = |usage: &Use| usage.kind.is_none_or(|counted| counted == kind);
        let mut callers = self.callers();
        let mut counts = callers.counts.get(caller).copied().unwrap_or_default();
        // The longest wait is the one that helps.
        let used_up = counts.uses(limits, now).filter(concerns).filter(|usage| usage.used >= usage.limit);
        if let Some(usage) = used_up.max_by_key(|usage| usage.seconds) {
            return Err(Exceeded(usage));
        }
        counts.add(kind, now);
        callers.set(caller, counts, now);
        drop(callers);
        for Use { kind, window, limit, used, .. } in counts.uses(limits, now).filter(concerns) {
            // Each number comes once in a window.
            if u64::from(used) == (u64::from(limit) * 4).div_ceil(5) {
                let (what, window) = (kind.map_or("requests", Kind::name), window.name());
                tracing::warn!(caller, limit, what, window, "a caller has used 80 % of a limit");
            }
        }
        Ok(())
    }

    async fn save(self: &Arc<Self>) {
        let counts = {
            let mut callers = self.callers();
            if !std::mem::take(&mut callers.changed) {
                return;
            }
            callers.put_away((self.clock)(), MOST_CALLERS);
            callers.counts.clone()
        };
        let inner = Arc::clone(self);
        let saved = tokio::task::spawn_blocking(move || inner.kept.write(&counts)).await;
        if !matches!(saved, Ok(true)) {
            self.callers().changed = true;
        }
    }
}

impl Callers {
    fn set(&mut self, caller: &str, counts: Counts, now: u64) {
        self.changed = true;
        if let Some(known) = self.counts.get_mut(caller) {
            *known = counts;
            return;
        }
        if self.counts.len() >= MOST_CALLERS {
            self.put_away(now, MOST_CALLERS * 9 / 10);
        }
        self.counts.insert(caller.to_owned(), counts);
    }

    /// Forgets who has not called today, and of the others those who called least, until there are so many.
    fn put_away(&mut self, now: u64, at_most: usize) {
        self.counts.retain(|_, counts| counts.today(now) > 0);
        let Some(too_many) = self.counts.len().checked_sub(at_most).filter(|count| *count > 0) else {
            return;
        };
        let mut today: Vec<u32> = self.counts.values().map(|counts| counts.today(now)).collect();
        let (fewer, bound, _) = today.select_nth_unstable(too_many - 1);
        let bound = *bound;
        // Of those who called as often, as many as it takes.
        let mut left = too_many - fewer.iter().filter(|count| **count < bound).count();
        self.counts.retain(|_, counts| {
            let goes = left > 0 && counts.today(now) == bound;
            left -= usize::from(goes);
            !goes && counts.today(now) >= bound
        });
    }
}

#[cfg(test)]
mod tests;
