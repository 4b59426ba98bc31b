//! Writes the lines of the log on a thread of its own, those that come close together at once: a request waits neither
//! for a system call nor for who reads stderr slowly, or not at all. Panics and the last error of all are told directly.
//!
//! Not tracing-appender: it loses lines without a word, and prints on stdout, which may be MCP's, when it cannot end.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Bytes of lines that wait, at most; of what comes beyond them only the number is told.
const ROOM: usize = 1024 * 1024;
/// Between two writes. Otherwise the thread would be woken for every single line.
const PAUSE: Duration = Duration::from_millis(2);
/// How long the end of the process waits for the last lines to be taken.
const FAREWELL: Duration = Duration::from_secs(1);

/// Takes the lines; a cheap handle.
#[derive(Clone, Default)]
pub struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    lost: usize,
    /// No more will come.
    closed: bool,
    /// All that came is written.
    done: bool,
}

/// When it is dropped, what waits is written, if it is taken within a second.
pub struct Open(Lines);

/// Starts the thread.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(out: impl Write + Send + 'static) -> io::Result<(Lines, Open)> {
    let lines = Lines::default();
    let written = lines.clone();
    thread::Builder::new().name("log".to_owned()).spawn(move || written.write_to(out))?;
    Ok((lines.clone(), Open(lines)))
}

impl Lines {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl Write) {
        let (mut lines, mut lost) = (Vec::new(), 0);
        loop {
            let nothing = |state: &mut State| state.waiting.is_empty() && state.lost == 0 && !state.closed;
            let state = self.0.changed.wait_while(self.state(), nothing);
            let mut state = state.unwrap_or_else(PoisonError::into_inner);
            // They take turns, so that both keep their room.
            mem::swap(&mut lines, &mut state.waiting);
            let closed = state.closed;
            lost += mem::take(&mut state.lost);
            drop(state);
            lost += write_all(&mut out, &lines);
            lines.clear();
            if lost > 0 {
                let told =
                    format!("mcp-odoo: {lost} lines of the log were lost: they were not taken in time\n");
                if write_all(&mut out, told.as_bytes()) == 0 {
                    lost = 0;
                }
            }
            let _ = out.flush();
            if closed {
                self.state().done = true;
                return self.0.changed.notify_all();
            }
            thread::sleep(PAUSE);
        }
    }
}

/// Gives the number of lines that could not be written.
fn write_all(out: &mut impl Write, mut lines: &[u8]) -> usize {
    while !lines.is_empty() {
        match out.write(lines) {
            Ok(count @ 1..) => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Who started the process may share a pipe with it that does not wait.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Ok(0) | Err(_) => break,
        }
    }
    lines.iter().filter(|byte| **byte == b'\n').count()
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.waiting.len() + line.len() > ROOM {
            state.lost += 1;
        } else {
            state.waiting.extend_from_slice(line);
            if state.waiting.len() == line.len() {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Self(lines) = self;
        let mut state = lines.state();
        state.closed = true;
        lines.0.changed.notify_all();
        let _ = lines.0.changed.wait_timeout_while(state, FAREWELL, |state| !state.done);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes what is written only when it is told to.
    struct Reader {
        may_take: Receiver<()>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Reader {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.may_take.recv();
            let _ = self.taken.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn reader() -> (Reader, Sender<()>, Receiver<Vec<u8>>) {
        let ((take, may_take), (taken, took)) = (channel(), channel());
        (Reader { may_take, taken }, take, took)
    }

    #[test]
    fn who_does_not_read_holds_up_nothing_and_is_told_what_was_lost() {
        let (reader, take, took) = reader();
        let (lines, open) = start(reader).unwrap();
        let line = [b'.'; 1024];
        for _ in 0..3 * ROOM / line.len() {
            lines.make_writer().write_all(&line).unwrap();
        }
        drop(take);
        drop(open);
        let text = took.into_iter().flatten().collect::<Vec<_>>();
        let (_, told) = text.split_at(text.iter().rposition(|byte| *byte == b'.').unwrap() + 1);
        let told = str::from_utf8(told).unwrap();
        let lost: usize = told.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!((text.len() - told.len()) / line.len() + lost, 3 * ROOM / line.len());
        assert!(lost >= ROOM / line.len(), "{told}");
    }

    #[test]
    fn all_that_came_is_written_at_the_end() {
        let (reader, take, took) = reader();
        drop(take);
        let (lines, open) = start(reader).unwrap();
        for number in 0..100 {
            writeln!(lines.make_writer(), "{number}").unwrap();
        }
        drop(open);
        let text = String::from_utf8(took.into_iter().flatten().collect()).unwrap();
        assert_eq!(
            text.lines().map(|line| line.parse().unwrap()).collect::<Vec<u8>>(),
            Vec::from_iter(0..100)
        );
    }

    /// Refuses the first line.
    struct Full {
        refused: bool,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !mem::replace(&mut self.refused, true) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let _ = self.taken.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_full_disk_did_not_take_is_told() {
        let (taken, took) = channel();
        let (lines, open) = start(Full { refused: false, taken }).unwrap();
        lines.make_writer().write_all(b"first\n").unwrap();
        drop(open);
        let text = String::from_utf8(took.into_iter().flatten().collect()).unwrap();
        assert!(text.starts_with("mcp-odoo: 1 lines of the log were lost"), "{text}");
    }

    #[test]
    fn an_end_does_not_wait_for_ever() {
        let (reader, _take, _took) = reader();
        let (lines, open) = start(reader).unwrap();
        lines.make_writer().write_all(b"nobody reads this").unwrap();
        drop(open);
    }
}
