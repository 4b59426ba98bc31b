//! How long a quotation takes here, from the last ones that were made.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::language::Language;
use crate::quotation::texts;

const REMEMBERED: usize = 100;
/// Of a quotation: reading, two that write, reading back.
const STEPS: u32 = 4;
/// Said before the first quotation was made.
const UNKNOWN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(2));

/// Seconds from now to a finished quotation, as a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    usual: Duration,
    slow: Duration,
    /// For one place of a full queue to become free.
    next: Duration,
}

impl Estimate {
    /// How long a refused caller should wait, between one second and five minutes.
    pub fn until_a_place_is_free(self) -> Duration {
        Duration::from_secs(ceil_seconds(self.next).clamp(1, 300))
    }

    /// For people, e.g. `1-2 segundos`.
    pub fn text(self, language: Language) -> String {
        let least = self.usual.as_secs().max(1);
        texts::estimated(least, ceil_seconds(self.slow).max(least + 1), language)
    }
}

fn ceil_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// The durations of the last quotations, and of those that are being made.
#[derive(Default)]
pub(super) struct Durations(Mutex<Pace>);

#[derive(Default)]
struct Pace {
    recent: VecDeque<Duration>,
    /// Since when they are being made, and how far they are.
    running: BTreeMap<(Instant, u64), Try>,
    begun: u64,
    /// When one of them was over.
    ended: Option<Instant>,
}

/// The try that is under way, or was last.
#[derive(Clone, Copy)]
struct Try {
    since: Instant,
    steps_done: u32,
}

/// A quotation that is being made.
pub(super) struct Running<'a> {
    durations: &'a Durations,
    since: (Instant, u64),
}

impl Running<'_> {
    pub(super) fn since(&self) -> Instant {
        self.since.0
    }

    /// A new try begins.
    pub(super) fn tries(&self) {
        let begun = Try { since: Instant::now(), steps_done: 0 };
        self.durations.pace().running.insert(self.since, begun);
    }

    /// So many of its steps are done.
    pub(super) fn done(&self, steps_done: u32) {
        if let Some(this) = self.durations.pace().running.get_mut(&self.since) {
            this.steps_done = steps_done;
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut pace = self.durations.pace();
        pace.running.remove(&self.since);
        pace.ended = Some(Instant::now());
    }
}

impl Durations {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One is being made from now on.
    pub(super) fn begin(&self) -> Running<'_> {
        let mut pace = self.pace();
        pace.begun += 1;
        let since = (Instant::now(), pace.begun);
        pace.running.insert(since, Try { since: since.0, steps_done: 0 });
        Running { durations: self, since }
    }

    /// One was made.
    pub(super) fn record(&self, duration: Duration) {
        let recent = &mut self.pace().recent;
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(duration);
    }

    /// For a quotation behind `ahead` others, of which `workers` are made at once.
    pub(super) fn estimate(&self, ahead: usize, workers: usize) -> Estimate {
        let workers = u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
        let pace = self.pace();
        let mut recent: Vec<Duration> = pace.recent.iter().copied().collect();
        recent.sort_unstable();
        let at = |percent: usize| recent.get(recent.len() * percent / 100).copied();
        let (usual, slow) = match (at(50), at(90)) {
            (Some(usual), Some(slow)) => (usual, slow),
            _ => UNKNOWN,
        };
        let rounds = u32::try_from(ahead).unwrap_or(u32::MAX) / workers + 1;
        Estimate {
            usual: usual.saturating_mul(rounds),
            slow: slow.saturating_mul(rounds),
            next: pace.until_next(usual, workers),
        }
    }
}

impl Pace {
    /// Until the oldest of those being made should be done: after as long as they usually take, or as its own steps
    /// have taken. Where it is late, or is tried again and again while others are made, it is when one was over
    /// last that tells how long things take.
    fn until_next(&self, usual: Duration, workers: u32) -> Duration {
        let Some(((since, _), this)) = self.running.first_key_value() else { return usual };
        let (age, tried) = (since.elapsed(), this.since.elapsed());
        let by_its_steps = match this.steps_done.min(STEPS) {
            // As long again: nothing else is known.
            0 => tried,
            done => tried * (STEPS - done) / done,
        };
        if age <= usual {
            let steps_tell = this.steps_done > 0;
            return (usual - age).max(if steps_tell { by_its_steps } else { Duration::ZERO });
        }
        let quiet = self.ended.map_or(by_its_steps, |ended| ended.elapsed());
        by_its_steps.min(quiet).max(usual / workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_the_queue() {
        let durations = Durations::default();
        assert_eq!(durations.estimate(0, 8).text(Language::Es), "1-2 segundos");
        (1..=100).for_each(|n| durations.record(Duration::from_millis(n * 100)));
        assert_eq!(durations.estimate(0, 8).text(Language::Es), "5-10 segundos");
        assert_eq!(durations.estimate(16, 8).text(Language::Es), "15-28 segundos");
    }

    /// Seconds to wait, as told after so many seconds.
    async fn told(durations: &Durations, after: &[u64]) -> Vec<u64> {
        let mut told = Vec::new();
        for seconds in after {
            tokio::time::advance(Duration::from_secs(*seconds)).await;
            told.push(durations.estimate(16, 8).until_a_place_is_free().as_secs());
        }
        told
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_when_the_oldest_is_made() {
        let durations = Durations::default();
        (0..100).for_each(|_| durations.record(Duration::from_secs(10)));
        let oldest = durations.begin();
        assert_eq!(told(&durations, &[0, 4]).await, [10, 6]);
        let _younger = durations.begin();
        assert_eq!(told(&durations, &[0, 5]).await, [6, 1]);
        drop(oldest);
        assert_eq!(told(&durations, &[0]).await, [5]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_late_asks_for_more_patience() {
        let durations = Durations::default();
        let _running = durations.begin();
        assert_eq!(told(&durations, &[0, 8, 80, 800]).await, [1, 8, 88, 300]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_tried_for_long_says_nothing_of_the_others() {
        let durations = Durations::default();
        (0..100).for_each(|_| durations.record(Duration::from_secs(16)));
        let _for_long = durations.begin();
        tokio::time::advance(Duration::from_secs(600)).await;
        drop(durations.begin());
        assert_eq!(told(&durations, &[0, 3, 30]).await, [2, 3, 33]);
    }

    #[tokio::test(start_paused = true)]
    async fn its_steps_tell_how_long_the_oldest_takes_before_one_was_made() {
        let durations = Durations::default();
        let oldest = durations.begin();
        assert_eq!(told(&durations, &[2]).await, [2]);
        oldest.done(1);
        assert_eq!(told(&durations, &[0]).await, [6]);
        oldest.done(2);
        assert_eq!(told(&durations, &[2]).await, [4]);
        oldest.done(3);
        assert_eq!(told(&durations, &[4]).await, [3]);
        oldest.tries();
        assert_eq!(told(&durations, &[3]).await, [3]);
    }
}
