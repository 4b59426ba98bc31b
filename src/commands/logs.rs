//! Lists log files or shows one, from the disk or from the bucket.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate, Utc};
use clap::Args;
use mcp_odoo_archive::{Filter, Library, Summary};

use super::table::{self, plain};
use crate::config::Config;

/// More are not listed at once.
const AT_MOST: usize = 1000;
/// What `--status` takes: the states of quotations and handoffs.
const STATUSES: [&str; 9] =
    ["queued", "processing", "completed", "failed", "sent", "delivered", "read", "undelivered", "unreadable"];
/// Days that are listed unless others are asked for.
const DAYS: Days = Days::new(30);

/// What to list.
#[derive(Args)]
pub struct Arguments {
    /// Show this one, whole: `quot_…` or `sms_…`
    id: Option<String>,
    /// From the bucket rather than LOG_DIR
    #[arg(long)]
    s3: bool,
    /// From this UTC day on, e.g. 2026-01-30 (default: the last 30 days; for one log: all)
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Up to this UTC day (default: today)
    #[arg(long)]
    to: Option<NaiveDate>,
    /// Only those with this status
    #[arg(long, value_parser = STATUSES)]
    status: Option<String>,
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

/// Logs on stdout; what there is to say about them on stderr.
///
/// # Errors
/// When the configuration is bad, the disk or the store refuses, or stdout is closed.
pub async fn run(file: Option<&Path>, arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to) {
        ensure!(from <= to, "--from {from} is after --to {to}: --from takes the earlier of the two days");
    }
    let config = Config::load(file)?;
    let library = if arguments.s3 {
        Library::bucket(config.s3.as_ref().context("S3_LOGS_BUCKET is not set")?).await
    } else {
        Library::Folder(config.log_dir)
    };
    // Another clock may have named the newest.
    let today = Utc::now().date_naive().succ_opt().unwrap_or_default();
    let to = arguments.to.unwrap_or(today);
    match &arguments.id {
        Some(id) => show(&library, id, &Filter { from: arguments.from, to, status: None }).await,
        None => {
            let from = arguments.from.or_else(|| to.checked_sub_days(DAYS));
            list(&library, &Filter { from, to, status: arguments.status }, arguments.json).await
        }
    }
}

async fn show(library: &Library, id: &str, filter: &Filter) -> anyhow::Result<ExitCode> {
    let Some(content) = library.find(id, filter).await? else {
        writeln!(io::stderr(), "mcp-odoo: there is no log of {}", plain(id))?;
        return Ok(ExitCode::FAILURE);
    };
    io::stdout().write_all(&content)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(library: &Library, filter: &Filter, json: bool) -> anyhow::Result<ExitCode> {
    let (logs, more) = library.list(filter, AT_MOST).await?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&logs)?)?;
    } else {
        table(&logs, &mut out)?;
    }
    if more {
        writeln!(io::stderr(), "There are more: ask for fewer days with --from and --to")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(logs: &[Summary], out: &mut impl Write) -> io::Result<()> {
    let row = |log: &Summary| {
        let error = log.error.as_deref().unwrap_or_default();
        [&log.date, &log.time, &log.id, &log.status, &log.what, error].map(plain)
    };
    table::write(["DATE", "TIME", "ID", "STATUS", "WHAT", "ERROR"], logs.iter().map(row), out)
}
