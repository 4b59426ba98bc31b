//! Opens what the log folder holds. Anything may stand there under a log's name; only a regular file is opened, and of a sane
//! size where all of it is read, and nothing else is waited for.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Several times what the largest quotation takes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The content of a file.
///
/// # Errors
/// When the disk refuses; `InvalidData` for what is no regular file or too large. Links are not followed.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path, File::options().read(true))?;
    if file.metadata()?.len() > LARGEST {
        return Err(unfit("larger than 16 MiB"));
    }
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a file so.
///
/// # Errors
/// When the disk refuses; `InvalidData` for what is no regular file. Links are not followed.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let fit = |metadata: Metadata| if metadata.is_file() { Ok(()) } else { Err(unfit("not a regular file")) };
    // To open a device or a pipe may do something: that is not tried.
    match fs::symlink_metadata(path) {
        // It may be made by opening it.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => fit(found?)?,
    }
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path)?;
    // It may be another one by now.
    fit(file.metadata()?)?;
    Ok(file)
}

fn unfit(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
