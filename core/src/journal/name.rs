//! What log files are called.

use chrono::{Datelike, NaiveDate};

const KINDS: [&str; 2] = ["quot_", "sms_"];
const SUFFIX: &str = ".log";

/// The name of a log file, `2026-01-30_quot_abc123def456.log`; in the order of days.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogName {
    date: NaiveDate,
    id: String,
}

impl LogName {
    /// That of a log of this day and id.
    pub fn new(date: NaiveDate, id: &str) -> Self {
        Self { date, id: id.to_owned() }
    }

    /// `None` for files that are not logs of quotations or handoffs.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (date, id) = file_name.strip_suffix(SUFFIX)?.split_once('_')?;
        let date: NaiveDate = date.parse().ok()?;
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let ours = plain && KINDS.iter().any(|kind| id.starts_with(kind));
        let name = Self::new(date, id);
        // Files are looked for day by day, so no stray name may reach back further than Odoo itself.
        // A date can be written in several ways, the name of a file in one.
        (ours && date.year() >= 2005 && name.file_name() == file_name).then_some(name)
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
}
