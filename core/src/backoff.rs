//! How long to wait between tries.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// Pauses that double, with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first, about.
    pub first: Duration,
    /// The longest, about.
    pub longest: Duration,
}

impl Backoff {
    /// The pauses from the first on, without an end.
    pub fn pauses(self) -> Pauses {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_jitter()
            .without_max_times();
        Pauses { pauses: pauses.build(), longest: self.longest }
    }
}

/// One pause after the other.
#[derive(Debug)]
pub struct Pauses {
    pauses: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    /// The next one.
    pub fn pause(&mut self) -> Duration {
        self.pauses.next().unwrap_or(self.longest)
    }
}
