//! Appends lines off everybody's path, in a thread of its own: who notes one only puts it into memory.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{NaiveDate, Utc};

use super::files;
use super::line::{Line, Untimed};
use super::turned_away::TurnedAway;
use crate::clock::Clock;

/// Bytes of lines that wait, at most; of what comes beyond them only the number is told.
const ROOM: usize = 4 * 1024 * 1024;
/// Bytes of one write, unless a line is longer.
const WRITE: usize = 64 * 1024;
/// Between two writes. Otherwise the thread would be woken for every single line.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two tries while the disk refuses.
const AGAIN: Duration = Duration::from_millis(500);

/// Lines on their way to the disk.
pub(super) struct Lines {
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Batch>,
    /// Bytes in `waiting` and in the hand of the thread.
    held: usize,
    lost: u64,
    turned_away: TurnedAway,
    clock: Clock,
    /// Lines cannot be written, and this was said.
    is_down: bool,
    /// No more will come.
    closed: bool,
}

/// Lines of one day.
struct Batch {
    day: NaiveDate,
    bytes: Vec<u8>,
}

impl Batch {
    /// Only tries whether the file of today can be opened.
    fn empty() -> Self {
        Self { day: Utc::now().date_naive(), bytes: Vec::new() }
    }
}

impl Lines {
    /// Tries at once whether they can be written.
    pub fn new(folder: PathBuf) -> Self {
        let lines = Self { folder, state: Mutex::default(), changed: Condvar::new() };
        let _ = lines.write(Batch::empty());
        lines
    }

    /// Takes a line of somebody who is turned away, or counts it.
    pub fn turn_away(&self, line: &Line<'_>) {
        let (mut state, now) = (self.state(), Instant::now());
        let is_awaited = state.turned_away.next_in(now).is_some();
        if state.turned_away.is_first(line, now) {
            return self.add_to(state, &line.untimed());
        }
        drop(state);
        if !is_awaited {
            // It is told even if nothing else comes.
            self.changed.notify_one();
        }
    }

    /// Takes a line, and gives it the time.
    pub fn add(&self, line: &Line<'_>) {
        // Others do not wait for what it takes to write it.
        let line = line.untimed();
        self.add_to(self.state(), &line);
    }

    fn add_to(&self, mut state: MutexGuard<'_, State>, line: &Untimed) {
        let was_empty = state.waiting.is_empty();
        let is_full = state.held >= ROOM || state.closed;
        match is_full {
            true => state.lost += 1,
            false => state.push(line),
        }
        let is_news = is_full && !state.closed && !std::mem::replace(&mut state.is_down, true);
        drop(state);
        if is_news {
            tracing::error!("the disk takes no lines of the audit: further ones are lost, and counted");
        }
        if was_empty {
            self.changed.notify_one();
        }
    }

    /// Whether lines cannot be written.
    pub fn is_down(&self) -> bool {
        self.state().is_down
    }

    /// No more will come.
    pub fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// Writes until it is closed and nothing is left, or the disk takes nothing more.
    pub fn run(&self) {
        let mut unsynced = None;
        loop {
            let mut state = self.something();
            let closed = state.closed;
            let batch = match state.waiting.pop_front() {
                Some(batch) => batch,
                None if closed => {
                    drop(state);
                    return self.sync(unsynced);
                }
                None => Batch::empty(),
            };
            drop(state);
            if unsynced.is_some_and(|day| day != batch.day) {
                self.sync(unsynced.take());
            }
            let pause = match self.write(batch) {
                Ok(day) => {
                    unsynced = Some(day);
                    // What piled up is written in one go.
                    if self.state().waiting.len() > 1 { Duration::ZERO } else { PAUSE }
                }
                Err(()) if closed => {
                    let state = self.state();
                    let left = state.lines();
                    drop(state);
                    tracing::error!(lines = left, "lines of the audit are lost: the disk does not take them");
                    return self.sync(unsynced);
                }
                Err(()) => AGAIN,
            };
            let state = self.state();
            let _ = self.changed.wait_timeout_while(state, pause, |state| !state.closed);
        }
    }

    /// Waits until there is something to write, or to end.
    fn something(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            state.tell_turned_away(now);
            if !state.waiting.is_empty() || state.closed || state.is_down {
                return state;
            }
            state = match state.turned_away.next_in(now) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Writes this; what the disk does not take waits for the next try.
    fn write(&self, Batch { day, mut bytes }: Batch) -> Result<NaiveDate, ()> {
        let length = bytes.len();
        let cut = files::append(&self.folder, day, &bytes).err();
        let mut state = self.state();
        let Some(files::Cut { written, error }) = cut else {
            state.held -= length;
            let (lost, was_down) = (state.recover(), std::mem::take(&mut state.is_down));
            drop(state);
            if was_down {
                tracing::info!(lost, "lines of the audit are written again");
            }
            return Ok(day);
        };
        // What is whole stands there; of the rest the beginning may.
        let whole = bytes.get(..written).and_then(|part| memchr::memrchr(b'\n', part)).map_or(0, |at| at + 1);
        bytes.drain(..whole);
        state.held -= whole;
        state.waiting.push_front(Batch { day, bytes });
        let is_news = !std::mem::replace(&mut state.is_down, true);
        drop(state);
        if is_news {
            tracing::error!(%error, "lines of the audit cannot be written: they wait, and are lost where there are too many");
        }
        Err(())
    }

    fn sync(&self, day: Option<NaiveDate>) {
        let synced = day.map_or(Ok(()), |day| files::sync(&self.folder, day));
        // Who removes old files may have been faster.
        if let Err(error) = synced.or_else(unless_gone) {
            tracing::warn!(%error, "the audit may not outlast a loss of power");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unless_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

impl State {
    /// Adds a line of now: lines are in the order of their times.
    fn push(&mut self, line: &Untimed) {
        let now = Utc::now();
        let day = self.clock.day(now);
        if self.waiting.back().is_none_or(|batch| batch.day != day || batch.bytes.len() >= WRITE) {
            self.waiting.push_back(Batch { day, bytes: Vec::new() });
        }
        let Some(Batch { bytes, .. }) = self.waiting.back_mut() else { return };
        let length = bytes.len();
        // Within a leap second there are more than a thousand milliseconds.
        line.write(self.clock.second(now), now.timestamp_subsec_millis().min(999), bytes);
        self.held += bytes.len() - length;
    }

    /// The disk takes lines: where some were lost before, one says so. Gives their number.
    fn recover(&mut self) -> u64 {
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let (operation, outcome) = ("audit".into(), "lines_lost".into());
            self.push(&Line { operation, outcome, lost, ..Line::default() }.untimed());
        }
        lost
    }

    /// How many more were turned away like others, where their minute is over, or no more will come.
    fn tell_turned_away(&mut self, now: Instant) {
        for line in self.turned_away.due(now, self.closed) {
            self.push(&line.untimed());
        }
    }

    fn lines(&self) -> u64 {
        let newlines = |batch: &Batch| memchr::memchr_iter(b'\n', &batch.bytes).count() as u64;
        self.lost + self.waiting.iter().map(newlines).sum::<u64>()
    }
}
