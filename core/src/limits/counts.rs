//! What a caller has asked for, in the windows of now.

use serde::{Deserialize, Serialize};

use super::allowed::{COUNTED, Kind, Limits, Window};

/// Everything and each kind, by minute, hour and day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Counts([[Count; 3]; 4]);

/// The number of a window since 1970, and how many were in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Count(u64, u32);

impl Count {
    fn now(self, number: u64) -> u32 {
        if self.0 == number { self.1 } else { 0 }
    }
}

/// One limit, and how far it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Of which kind; `None`: of all.
    pub kind: Option<Kind>,
    /// In which window.
    pub window: Window,
    /// How many may be asked for.
    pub limit: u32,
    /// How many were.
    pub used: u32,
    /// Seconds until the window is over.
    pub seconds: u64,
}

impl Counts {
    /// Each limit with its use, at this second.
    pub fn uses(&self, limits: &Limits, now: u64) -> impl Iterator<Item = Use> {
        self.0.iter().zip(COUNTED).flat_map(move |(counts, kind)| {
            counts.iter().zip(Window::ALL).filter_map(move |(count, window)| {
                let (limit, length) = (limits.of(kind, window)?, window.seconds());
                let (used, seconds) = (count.now(now / length), length - now % length);
                Some(Use { kind, window, limit, used, seconds })
            })
        })
    }

    /// One more of this kind.
    pub fn add(&mut self, kind: Kind, now: u64) {
        for (counts, counted) in self.0.iter_mut().zip(COUNTED) {
            if counted.is_some_and(|counted| counted != kind) {
                continue;
            }
            for (count, window) in counts.iter_mut().zip(Window::ALL) {
                let number = now / window.seconds();
                *count = Count(number, count.now(number).saturating_add(1));
            }
        }
    }

    /// How many there were on this day.
    pub fn today(&self, now: u64) -> u32 {
        let [[_, _, day], ..] = self.0;
        day.now(now / Window::Day.seconds())
    }
}
