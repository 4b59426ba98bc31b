//! Reads what the log folder holds. Anything may stand there under a log's name; only a regular file of a sane size is
//! read, and nothing else is waited for.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Several times what the largest quotation takes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The content of a file.
///
/// # Errors
/// When the disk refuses; `InvalidData` for what is no regular file or too large. Links are not followed.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    // To open a device or a pipe may do something: that is not tried.
    fit(&fs::symlink_metadata(path)?)?;
    let file = open(path)?;
    // It may be another one by now.
    fit(&file.metadata()?)?;
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

fn fit(metadata: &Metadata) -> io::Result<()> {
    let unfit = |what| Err(io::Error::new(ErrorKind::InvalidData, what));
    if !metadata.is_file() {
        return unfit("not a regular file");
    }
    if metadata.len() > LARGEST { unfit("larger than 16 MiB") } else { Ok(()) }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}
