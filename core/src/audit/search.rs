//! Looks for lines. A file is read once, block by block; what a line must have is looked for in the whole block before
//! any of its lines is looked at. Several threads each take a part of the file, from its end on, until enough is found.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use chrono::NaiveDate;
use memchr::memmem::Finder;

use super::files;
use super::line::{self, Id, Line};

/// More than several lines, and less than what processors keep near.
const BLOCK: usize = 256 * 1024;
/// What a thread takes at once: many blocks, and little of a day.
const PART: u64 = 4 * 1024 * 1024;
/// Threads that look, at most: the service may need processors, too.
const THREADS: usize = 4;

/// Which lines are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The first UTC day; `None` from the beginning.
    pub from: Option<NaiveDate>,
    /// The last UTC day; `None` to the end.
    pub to: Option<NaiveDate>,
    /// What fields must be, by their names; those of a name that has no field are in no line.
    pub fields: Vec<(&'static str, String)>,
    /// The record, quotation or handoff that must be among the ids.
    pub id: Option<Id>,
}

impl Filter {
    /// What is in the text of every line that is wanted: fields as they are written, and of an id what names it.
    fn needles(&self) -> Vec<String> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let id = self.id.iter().map(|id| match id {
            Id::Record(id) => id.to_string(),
            Id::Named(id) => quoted(id),
        });
        let fields = self.fields.iter().map(|(name, value)| format!("\"{name}\":{}", quoted(value)));
        fields.chain(id).collect()
    }

    /// Whether a line is wanted, apart from its day.
    fn takes(&self, line: &Line<'_>) -> bool {
        let has = |(name, value): &(&'static str, String)| {
            let field = match *name {
                "caller" => Some(&line.caller),
                "tenant" => Some(&line.tenant),
                "transport" => Some(&line.transport),
                "operation" => Some(&line.operation),
                "model" => line.model.as_ref(),
                "outcome" => Some(&line.outcome),
                _ => None,
            };
            field.is_some_and(|field| field == value)
        };
        self.fields.iter().all(has) && self.id.as_ref().is_none_or(|id| line.ids.contains(id))
    }
}

/// The last lines that are wanted, the newest first, at most so many; and whether there may be more. Each can be parsed.
/// Blocks.
///
/// # Errors
/// When the disk refuses.
pub fn search(folder: &Path, filter: &Filter, at_most: usize) -> io::Result<(Vec<Vec<u8>>, bool)> {
    let mut days = files::days(folder)?;
    days.retain(|day| filter.from.is_none_or(|from| *day >= from) && filter.to.is_none_or(|to| *day <= to));
    let (mut found, mut more) = (Vec::new(), false);
    for day in days.into_iter().rev() {
        let room = at_most - found.len();
        if room == 0 {
            more = true;
            break;
        }
        let mut lines = last(folder, day, filter, room)?;
        more |= lines.len() > room;
        lines.truncate(room);
        found.append(&mut lines);
    }
    // Processes that share a file write theirs one after the other.
    found.sort_by(|one, other| line::time(other).cmp(&line::time(one)));
    Ok((found, more))
}

/// What one caller has asked for, as far as there are lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// When they last did.
    pub last: String,
    /// How often.
    pub count: u64,
}

/// What each caller has asked for. Blocks.
///
/// # Errors
/// When the disk refuses.
pub fn uses(folder: &Path) -> io::Result<BTreeMap<String, Use>> {
    let mut uses: BTreeMap<String, Use> = BTreeMap::new();
    for day in files::days(folder)? {
        let Some(file) = open(folder, day)? else { continue };
        scan(file, &Filter::default(), |line| {
            let Some(line) = Line::parse(line) else { return };
            let known = uses.entry(line.caller.into_owned()).or_default();
            known.count += 1;
            if *known.last < *line.time {
                known.last = line.time.into_owned();
            }
        })?;
    }
    Ok(uses)
}

/// The file of a day; nothing where it was removed meanwhile, or is none of ours.
fn open(folder: &Path, day: NaiveDate) -> io::Result<Option<File>> {
    match files::open(&files::path(folder, day)) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => Ok(None),
        file => file.map(Some),
    }
}

/// The last lines of a day that are wanted, the newest first: so many, and more where there are.
fn last(folder: &Path, day: NaiveDate, filter: &Filter, room: usize) -> io::Result<Vec<Vec<u8>>> {
    let Some(file) = open(folder, day)? else { return Ok(Vec::new()) };
    let parts = file.metadata()?.len().div_ceil(PART);
    let (begun, seen) = (AtomicU64::new(0), AtomicUsize::new(0));
    let look = || -> io::Result<Vec<(u64, Last)>> {
        let mut found = Vec::new();
        let Some(mut file) = open(folder, day)? else { return Ok(found) };
        // What is begun is seen through: nothing is left out between two parts.
        while seen.load(Ordering::Relaxed) <= room {
            let Some(part) = parts.checked_sub(begun.fetch_add(1, Ordering::Relaxed) + 1) else { break };
            let [begin, end] = [line_from(&mut file, part * PART)?, line_from(&mut file, (part + 1) * PART)?];
            file.seek(SeekFrom::Start(begin))?;
            let mut last = Last { lines: VecDeque::new(), room: room.saturating_add(1) };
            scan((&mut file).take(end.saturating_sub(begin)), filter, |line| {
                if Line::parse(line).is_some_and(|line| filter.takes(&line)) {
                    last.push(line);
                }
            })?;
            seen.fetch_add(last.lines.len(), Ordering::Relaxed);
            found.push((part, last));
        }
        Ok(found)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let found = thread::scope(|scope| {
        let looking = (0..parts).take(threads).map(|_| thread::Builder::new().spawn_scoped(scope, look));
        let looking = looking.collect::<io::Result<Vec<_>>>()?;
        let ended =
            looking.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        ended.collect::<io::Result<Vec<_>>>()
    })?;
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_by_key(|(part, _)| Reverse(*part));
    Ok(found.into_iter().flat_map(|(_, last)| last.lines.into_iter().rev()).collect())
}

/// Where the first line begins that begins there or later.
fn line_from(file: &mut File, at: u64) -> io::Result<u64> {
    let Some(before) = at.checked_sub(1) else { return Ok(0) };
    file.seek(SeekFrom::Start(before))?;
    let mut reader = BufReader::new(file);
    Ok(before + reader.skip_until(b'\n')? as u64)
}

/// The last lines of a part.
struct Last {
    lines: VecDeque<Vec<u8>>,
    room: usize,
}

impl Last {
    fn push(&mut self, line: &[u8]) {
        let place = if self.lines.len() == self.room { self.lines.pop_front() } else { None };
        let mut text = place.unwrap_or_default();
        text.clear();
        text.extend_from_slice(line);
        self.lines.push_back(text);
    }
}

/// Tells each line that may be wanted, in the order of the file: what must be in it is. It may stand elsewhere in it, and what
/// a crash has left may be no line.
///
/// # Errors
/// When the disk refuses.
fn scan(mut file: impl Read, filter: &Filter, mut tell: impl FnMut(&[u8])) -> io::Result<()> {
    let needles = filter.needles();
    let mut needles: Vec<Finder<'_>> = needles.iter().map(|needle| Finder::new(needle.as_bytes())).collect();
    let mut block = vec![0; BLOCK];
    let (mut kept, mut is_sorted) = (0, false);
    loop {
        // A line that is longer than the block is none of ours.
        if kept == block.len() {
            kept = 0;
        }
        let Some(free) = block.get_mut(kept..) else { return Ok(()) };
        let count = match file.read(free) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            count => count?,
        };
        if count == 0 {
            return Ok(());
        }
        let filled = block.get(..kept + count).unwrap_or_default();
        let Some(end) = memchr::memrchr(b'\n', filled).map(|at| at + 1) else {
            kept += count;
            continue;
        };
        let (lines, rest) = filled.split_at(end);
        // Lines are found by what is rarest in them, as the first ones tell.
        if !is_sorted {
            needles.sort_by_cached_key(|needle| needle.find_iter(lines).count());
            is_sorted = true;
        }
        let wanted = |line: &[u8]| needles.iter().skip(1).all(|needle| needle.find(line).is_some());
        let mut one = |begin, end| {
            if let Some(line) = lines.get(begin..end).filter(|line| !line.is_empty() && wanted(line)) {
                tell(line);
            }
            end + 1
        };
        match needles.first() {
            None => memchr::memchr_iter(b'\n', lines).fold(0, one),
            Some(first) => with(lines, first, &mut one),
        };
        let left = rest.len();
        block.copy_within(end..end + left, 0);
        kept = left;
    }
}

/// Gives each where a line with this begins and ends; it gives where the next may begin.
fn with(lines: &[u8], needle: &Finder<'_>, each: &mut impl FnMut(usize, usize) -> usize) -> usize {
    let mut from = 0;
    while let Some(hit) = lines.get(from..).and_then(|rest| needle.find(rest)).map(|at| from + at) {
        let begin = lines.get(..hit).and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |at| at + 1);
        let end = lines
            .get(hit..)
            .and_then(|after| memchr::memchr(b'\n', after))
            .map_or(lines.len(), |at| hit + at);
        from = each(begin, end);
    }
    from
}
