//! Who had what done: one line for each operation, whatever became of it.

mod busy;
mod disk;
mod lines;
mod shared;
mod shown;

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The files of the days.
fn files(logs: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(logs.join("audit")) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort_unstable();
    files
}

/// All lines of a log folder, the oldest first; nothing stands there that is none.
pub fn lines(logs: &Path) -> Vec<Value> {
    let text: String = files(logs).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}
