//! What log files are called, on disk and in the bucket.

use chrono::{Datelike, NaiveDate};

/// Everything in the bucket is below this.
pub(crate) const ROOT: &str = "mcp-odoo-logs/";
const KINDS: [&str; 2] = ["quot_", "sms_"];
const SUFFIX: &str = ".log";

/// The name of a log file, `2026-01-30_quot_abc123def456.log`; in the order of days.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName {
    date: NaiveDate,
    id: String,
}

impl LogName {
    /// `None` for files that are not logs of quotations or handoffs.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (date, id) = file_name.strip_suffix(SUFFIX)?.split_once('_')?;
        let date: NaiveDate = date.parse().ok()?;
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let ours = plain && KINDS.iter().any(|kind| id.starts_with(kind));
        let name = Self { date, id: id.to_owned() };
        // A date can be written in several ways, the name of a file in one.
        (ours && date.year() >= 2005 && name.file_name() == file_name).then_some(name)
    }

    /// The last part of a key in the bucket.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        let name = Self::parse(key.rsplit('/').next()?)?;
        (name.key() == key).then_some(name)
    }

    /// The UTC day of the acceptance.
    pub fn date(&self) -> NaiveDate {
        self.date
    }

    /// `quot_abc123def456`
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of the file.
    pub fn file_name(&self) -> String {
        format!("{}_{}{SUFFIX}", self.date, self.id)
    }

    /// The key in the bucket, `mcp-odoo-logs/2026/01/2026-01-30_quot_abc123def456.log`.
    pub fn key(&self) -> String {
        format!("{}{}", month_prefix(self.date), self.file_name())
    }
}

/// What the keys of a day's month begin with.
pub(crate) fn month_prefix(day: NaiveDate) -> String {
    format!("{ROOT}{:04}/{:02}/", day.year(), day.month())
}
