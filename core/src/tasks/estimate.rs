//! How long a quotation takes here, from the last ones that were made.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const REMEMBERED: usize = 100;
/// Said before the first quotation was made.
const UNKNOWN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(2));

/// Seconds from now to a finished quotation, as a range. Written `1-2 segundos`.
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
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.usual.as_secs().max(1);
        let most = ceil_seconds(self.slow).max(least + 1);
        write!(f, "{least}-{most} segundos")
    }
}

fn ceil_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// The durations of the last quotations.
pub(super) struct Durations {
    recent: Mutex<VecDeque<Duration>>,
    /// When a place last became free, or was the first to be taken.
    moved: Mutex<Instant>,
}

impl Default for Durations {
    fn default() -> Self {
        Self { recent: Mutex::default(), moved: Mutex::new(Instant::now()) }
    }
}

impl Durations {
    /// A place became free, or the first one is being taken.
    pub(super) fn moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub(super) fn record(&self, duration: Duration) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == REMEMBERED {
            recent.pop_front();
        }
        recent.push_back(duration);
    }

    /// For a quotation behind `ahead` others, of which `workers` are made at once.
    pub(super) fn estimate(&self, ahead: usize, workers: usize) -> Estimate {
        let mut recent: Vec<Duration> =
            self.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        recent.sort_unstable();
        let at = |percent: usize| recent.get(recent.len() * percent / 100).copied();
        let (usual, slow) = match (at(50), at(90)) {
            (Some(usual), Some(slow)) => (usual, slow),
            _ => UNKNOWN,
        };
        let workers = u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
        let still = self.moved.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
        let rounds = u32::try_from(ahead).unwrap_or(u32::MAX) / workers + 1;
        Estimate {
            usual: usual.saturating_mul(rounds),
            slow: slow.saturating_mul(rounds),
            // Where nothing has moved for long, nothing will in a moment.
            next: still.max(usual / workers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_the_queue() {
        let durations = Durations::default();
        assert_eq!(durations.estimate(0, 8).to_string(), "1-2 segundos");
        (1..=100).for_each(|n| durations.record(Duration::from_millis(n * 100)));
        assert_eq!(durations.estimate(0, 8).to_string(), "5-10 segundos");
        assert_eq!(durations.estimate(16, 8).to_string(), "15-28 segundos");
        assert_eq!(durations.estimate(16, 8).until_a_place_is_free(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_stands_still_asks_for_more_patience() {
        let durations = Durations::default();
        let mut patience = Vec::new();
        for seconds in [0, 8, 80, 800] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            patience.push(durations.estimate(16, 8).until_a_place_is_free().as_secs());
        }
        assert_eq!(patience, [1, 8, 88, 300]);
        durations.moved();
        assert_eq!(durations.estimate(16, 8).until_a_place_is_free(), Duration::from_secs(1));
    }
}
