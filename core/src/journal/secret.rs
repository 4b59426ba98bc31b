//! What keeps tracking ids that follow from keys from being guessed. It lasts as long as the folder.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::file;
use super::folder::Folder;

const NAME: &str = ".secret";

/// Hexadecimal digits, used as they stand.
pub type Secret = [u8; 64];

/// The secret of a folder, and those of the folders it has taken in.
#[derive(Clone)]
pub(super) struct Secrets {
    own: Secret,
    others: Vec<Secret>,
}

impl Secrets {
    /// Those of this folder; where there are none, or none that can be read, it gets one.
    pub fn open(logs: &Folder) -> io::Result<Self> {
        if let Some(secrets) = Self::read(logs.path())? {
            return Ok(secrets);
        }
        let digits = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let own = parse(&digits).ok_or(ErrorKind::InvalidData)?;
        let secrets = Self { own, others: Vec::new() };
        secrets.save(logs)?;
        Ok(secrets)
    }

    /// Those of this folder, if it has any.
    pub fn read(logs: &Path) -> io::Result<Option<Self>> {
        let content = match file::read(&logs.join(NAME)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {
                return Ok(None);
            }
            content => content?,
        };
        let mut secrets = str::from_utf8(&content).unwrap_or_default().lines().filter_map(parse);
        Ok(secrets.next().map(|own| Self { own, others: secrets.collect() }))
    }

    /// Durable when this returns, or as it was before.
    pub fn save(&self, logs: &Folder) -> io::Result<()> {
        let text: Vec<u8> = self.all().flat_map(|secret| [secret.as_slice(), b"\n"].concat()).collect();
        logs.put(NAME, &text)
    }

    /// From now on ids of another folder are known here, too; tells whether that is news.
    pub fn take_in(&mut self, others: &Self) -> bool {
        let before = self.others.len();
        for other in others.all() {
            if !self.all().any(|known| known == other) {
                self.others.push(*other);
            }
        }
        self.others.len() > before
    }

    /// That of the folder first.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.own).chain(&self.others)
    }
}

fn parse(line: &str) -> Option<Secret> {
    let digits = line.bytes().all(|byte| byte.is_ascii_hexdigit());
    line.as_bytes().try_into().ok().filter(|_| digits)
}
