//! The files of the days, `2026-11-21.jsonl`. Several processes append to one: each write is of whole lines and, at the end
//! of the file, one for the system. Anything may stand there under such a name; only regular files are touched.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::journal::{create_below, open_file};

const SUFFIX: &str = ".jsonl";

/// The file of a UTC day.
pub fn path(folder: &Path, day: NaiveDate) -> PathBuf {
    folder.join(format!("{day}{SUFFIX}"))
}

/// The days that have a file, the oldest first.
///
/// # Errors
/// When the disk refuses; a folder that is not there has none.
pub fn days(folder: &Path) -> io::Result<Vec<NaiveDate>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut days = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let day = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)?.parse::<NaiveDate>().ok());
        // A day can be written in several ways, the name of a file in one.
        let day = day.filter(|day| path(folder, *day).file_name() == Some(&name));
        if entry.file_type()?.is_file() {
            days.extend(day);
        }
    }
    days.sort_unstable();
    Ok(days)
}

/// Opens one for reading.
///
/// # Errors
/// When the disk refuses; `InvalidData` for what is no regular file.
pub fn open(file: &Path) -> io::Result<File> {
    open_file(file, File::options().read(true))
}

/// How much of what was to be appended stands in the file, and why not all of it.
pub(super) struct Cut {
    pub written: usize,
    pub error: io::Error,
}

/// Appends whole lines in one write. An unfinished line, which a crash left there, is ended first.
pub(super) fn append(folder: &Path, day: NaiveDate, lines: &[u8]) -> Result<(), Cut> {
    let nothing = |error| Cut { written: 0, error };
    // Not what is above it: where LOG_DIR has vanished, a disk may be missing.
    create_below(folder).map_err(nothing)?;
    let file = path(folder, day);
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = open_file(&file, &mut options).map_err(nothing)?;
    let torn = is_torn(&mut file).map_err(nothing)?;
    let ended = torn.then(|| [b"\n", lines].concat());
    let bytes = ended.as_deref().unwrap_or(lines);
    loop {
        match file.write(bytes) {
            Ok(count) if count == bytes.len() => return Ok(()),
            Ok(count) => {
                let written = count.saturating_sub(usize::from(torn));
                return Err(Cut { written, error: ErrorKind::StorageFull.into() });
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(nothing(error)),
        }
    }
}

/// What was appended outlasts the power.
pub(super) fn sync(folder: &Path, day: NaiveDate) -> io::Result<()> {
    open(&path(folder, day))?.sync_all()?;
    // Only Unix lets a folder be synced.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    #[test]
    fn a_line_that_a_crash_left_is_ended_before_the_next() {
        let folder = TempDir::new().unwrap();
        fs::write(path(folder.path(), day()), "{\"time\":\"a\"}\n{\"ti").unwrap();
        append(folder.path(), day(), b"{}\n").ok().unwrap();
        append(folder.path(), day(), b"[]\n").ok().unwrap();
        let text = fs::read_to_string(path(folder.path(), day())).unwrap();
        assert_eq!(text, "{\"time\":\"a\"}\n{\"ti\n{}\n[]\n");
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_touched() {
        let folder = TempDir::new().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "").unwrap();
        let file = path(folder.path(), day());
        let pipe = |file: &Path| {
            assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success());
        };
        let stands: [&dyn Fn(&Path); 3] = [
            &|file| std::os::unix::fs::symlink(&elsewhere, file).unwrap(),
            &|file| fs::create_dir(file).unwrap(),
            &pipe,
        ];
        for stand in stands {
            stand(&file);
            assert_eq!(
                append(folder.path(), day(), b"{}\n").err().unwrap().error.kind(),
                ErrorKind::InvalidData
            );
            assert_eq!(open(&file).unwrap_err().kind(), ErrorKind::InvalidData);
            assert_eq!(days(folder.path()).unwrap(), []);
            fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
        }
        assert_eq!(fs::read(&elsewhere).unwrap(), b"");
    }
}
