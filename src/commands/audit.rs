//! Shows who had what done.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use chrono::NaiveDate;
use clap::Args;
use mcp_odoo_core::audit::search::{Filter, search};
use mcp_odoo_core::audit::{Id, Line};

use super::table;
use crate::config::Config;

/// Which lines to show.
#[derive(Args)]
pub struct Arguments {
    /// From this UTC day on, e.g. 2026-01-30 (default: all there are)
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Up to this UTC day (default: today)
    #[arg(long)]
    to: Option<NaiveDate>,
    /// Only of this caller
    #[arg(long)]
    caller: Option<String>,
    /// Only for this tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Only by this transport
    #[arg(long, value_parser = ["rest", "mcp", "stdio"])]
    transport: Option<String>,
    /// Only this operation, e.g. dev_create_quotation
    #[arg(long)]
    operation: Option<String>,
    /// Only with this end: ok, or a code such as forbidden or rate_limited
    #[arg(long)]
    outcome: Option<String>,
    /// Only about this model, e.g. sale.order
    #[arg(long)]
    model: Option<String>,
    /// Only with this record, quotation or handoff: 42, quot_… or sms_…
    #[arg(long)]
    id: Option<String>,
    /// At most so many
    #[arg(long, default_value = "1000")]
    limit: NonZeroUsize,
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

/// Lines on stdout, the newest first; what there is to say about them on stderr.
///
/// # Errors
/// When the configuration is bad, the disk refuses, or stdout is closed.
pub async fn run(file: Option<&Path>, arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (arguments.from, arguments.to) {
        ensure!(from <= to, "--from {from} is after --to {to}: --from takes the earlier of the two days");
    }
    let folder = Config::load(file)?.audit.folder;
    let (limit, json, filter) = (arguments.limit.get(), arguments.json, arguments.filter());
    let found = tokio::task::spawn_blocking(move || search(&folder, &filter, limit)).await?;
    let (lines, more) = found.context("cannot read LOG_DIR/audit")?;
    let lines: Vec<Line<'_>> = lines.iter().filter_map(|line| Line::parse(line)).collect();
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&lines)?)?;
    } else {
        const HEADING: [&str; 10] =
            ["TIME", "CALLER", "TENANT", "FROM", "BY", "OPERATION", "MODEL", "IDS", "OUTCOME", "MS"];
        table::write(HEADING, lines.iter().map(row), &mut out)?;
    }
    if more {
        writeln!(
            io::stderr(),
            "There are more: ask for fewer with --from, --to and others, or for more with --limit"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn filter(self) -> Filter {
        let fields = [
            ("caller", self.caller),
            ("tenant", self.tenant),
            ("transport", self.transport),
            ("operation", self.operation),
            ("outcome", self.outcome),
            ("model", self.model),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let id = self.id.map(|id| id.parse().map_or(Id::Named(id), Id::Record));
        Filter { from: self.from, to: self.to, fields, id }
    }
}

fn row(line: &Line<'_>) -> [String; 10] {
    let ids = line.ids.iter().map(|id| match id {
        Id::Record(id) => id.to_string(),
        Id::Named(id) => id.clone(),
    });
    let outcome = match (line.lost, line.repeated) {
        (0, 0) if line.not_done > 0 => format!("{}, not {}", line.outcome, line.not_done),
        (0, 0) => line.outcome.clone().into_owned(),
        (0, repeated) => format!("{}, {repeated} more", line.outcome),
        (lost, _) => format!("{} {lost}", line.outcome),
    };
    [
        line.time.clone().into_owned(),
        line.caller.clone().into_owned(),
        line.tenant.clone().into_owned(),
        line.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        line.transport.clone().into_owned(),
        line.operation.clone().into_owned(),
        line.model.clone().unwrap_or_default().into_owned(),
        ids.collect::<Vec<_>>().join(","),
        outcome,
        line.milliseconds.to_string(),
    ]
    .map(|cell| table::plain(&cell))
}
