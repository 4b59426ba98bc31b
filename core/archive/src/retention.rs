//! Removes local log files that are old, finished, and in the bucket where there is one.

use std::io;
use std::path::Path;

use chrono::{Days, NaiveDate, Utc};
use mcp_odoo_core::journal::{Journal, LogName, read_file};
use tokio_util::sync::CancellationToken;

use crate::marks::{self, Marks};
use crate::summary::Summary;

/// Removes what has not changed for longer than `days`, until `stop`; gives the number of files.
pub(crate) fn sweep(
    journal: &Journal,
    marks: Option<&Marks>,
    days: Days,
    stop: &CancellationToken,
) -> io::Result<usize> {
    let Some(keep_from) = Utc::now().date_naive().checked_sub_days(days) else { return Ok(0) };
    let mut removed = 0;
    for name in marks::logs(journal.folder())? {
        let name = name?;
        // The folder is given free at the stop: nothing of this may outlast it.
        if stop.is_cancelled() {
            break;
        }
        if name.date() >= keep_from {
            continue;
        }
        let may_go = |file: &Path| {
            let uploaded = marks.map_or(Ok(true), |marks| marks.is_uploaded(&name))?;
            Ok(uploaded && is_over(file, &name, keep_from)?)
        };
        match journal.remove_if(&name.file_name(), may_go) {
            Ok(true) => removed += 1,
            Ok(false) => {}
            // One that the disk refuses must not keep the others.
            Err(error) => tracing::warn!(file = name.file_name(), %error, "old log file cannot be removed"),
        }
    }
    Ok(removed)
}

fn is_over(file: &Path, name: &LogName, keep_from: NaiveDate) -> io::Result<bool> {
    let log = Summary::new(name, &read_file(file)?);
    let last_change = log.updated_at.map_or(name.date(), |at| at.date());
    Ok(log.is_final() && last_change < keep_from)
}
