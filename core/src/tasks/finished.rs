//! Which finished quotations stay in memory.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Bytes, about, of finished quotations kept in memory, however recent: a day of a busy service would not fit.
const IN_MEMORY: usize = 64 * 1024 * 1024;

/// Finished quotations in memory, oldest first.
pub(super) struct Finished<T> {
    size: usize,
    oldest_first: VecDeque<(Instant, usize, T)>,
}

impl<T> Default for Finished<T> {
    fn default() -> Self {
        Self { size: 0, oldest_first: VecDeque::new() }
    }
}

impl<T> Finished<T> {
    /// Adds one of this size in bytes; calls `forget` with those that are too old or too many.
    pub(super) fn add(&mut self, finished: T, size: usize, retention: Duration, mut forget: impl FnMut(&T)) {
        self.size += size;
        self.oldest_first.push_back((Instant::now(), size, finished));
        while let Some((since, size, finished)) = self.oldest_first.front() {
            if self.size <= IN_MEMORY && since.elapsed() <= retention {
                break;
            }
            forget(finished);
            self.size -= *size;
            self.oldest_first.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// How many are held at most while so many of this size finish evenly over a day.
    async fn held_at_most(count: u32, size: usize) -> usize {
        let (mut finished, mut forgotten, mut most) = (Finished::default(), 0, 0);
        for number in 1..=count {
            tokio::time::advance(DAY / count).await;
            finished.add((), size, DAY / 2, |_| forgotten += 1);
            most = most.max(finished.oldest_first.len());
            assert_eq!(finished.oldest_first.len() + forgotten, usize::try_from(number).unwrap());
        }
        most
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_in_a_day_are_bounded_by_their_size() {
        assert_eq!(held_at_most(1_000_000, 2048).await, IN_MEMORY / 2048);
    }

    #[tokio::test(start_paused = true)]
    async fn few_are_bounded_by_their_age() {
        assert_eq!(held_at_most(1000, 2048).await, 501);
    }
}
