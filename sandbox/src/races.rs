//! Which `load` wins when two write the same external id at once.

use std::collections::HashMap;

/// The external ids written while calls are under way.
#[derive(Clone, Default)]
pub(crate) struct Races {
    clock: u64,
    open: usize,
    last_write: HashMap<String, u64>,
}

impl Races {
    /// A call begins; the answer is what it sees as now.
    pub fn begin(&mut self) -> u64 {
        self.open += 1;
        self.clock
    }

    /// A call is over; with none left under way nobody can lose.
    pub fn end(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.last_write.clear();
        }
    }

    /// Whether another call has written this external id since `started`.
    pub fn lost(&self, name: &str, started: u64) -> bool {
        self.last_write.get(name).is_some_and(|written| *written > started)
    }

    /// This external id is written now.
    pub fn won(&mut self, name: &str) {
        self.clock += 1;
        self.last_write.insert(name.to_owned(), self.clock);
    }
}
