//! What log files are called in the bucket.

use chrono::{Datelike, NaiveDate};
use mcp_odoo_core::journal::LogName;

/// Everything in the bucket is below this.
pub(crate) const ROOT: &str = "mcp-odoo-logs/";

/// The key of a log, `mcp-odoo-logs/2026/01/2026-01-30_quot_abc123def456.log`.
pub(crate) fn key(name: &LogName) -> String {
    format!("{}{}", month_prefix(name.date()), name.file_name())
}

/// The log that has this key.
pub(crate) fn parse(text: &str) -> Option<LogName> {
    let name = LogName::parse(text.rsplit('/').next()?)?;
    (key(&name) == text).then_some(name)
}

/// What the keys of a day's month begin with.
pub(crate) fn month_prefix(day: NaiveDate) -> String {
    format!("{ROOT}{:04}/{:02}/", day.year(), day.month())
}
