//! Which report is meant.

use serde_json::{Value, json};

use super::{ReportError, failed};
use crate::access::models::{Models, Verb};
use crate::names;
use crate::odoo::{OdooError, Record, SearchRead};
use crate::records::Records;
use crate::records::retry::retried;

const MODEL: &str = "ir.actions.report";
const FIELDS: [&str; 4] = ["name", "report_name", "report_type", "model"];
/// More reports than any Odoo has.
const MOST: u64 = 1000;
/// So many that may be meant are named.
const NAMED: usize = 12;
/// Shorter parts of a name say nothing.
const TELLING: usize = 3;

/// A report that Odoo has.
pub(super) struct Known {
    pub(super) report_name: String,
    pub(super) model: String,
    /// It is text by its nature: labels, say.
    pub(super) is_text: bool,
    title: String,
}

impl Known {
    /// The report of this name, else the only one that people call so.
    pub(super) async fn find(records: &Records, models: &Models, name: &str) -> Result<Self, ReportError> {
        let exactly = Self::search(records, json!([["report_name", "=", name]])).await?;
        if let Some(known) = exactly.into_iter().next() {
            return Ok(known);
        }
        let mut all = Self::search(records, json!([])).await?;
        all.retain(|report| models.allow(&report.model, Verb::Read).is_ok());
        let wanted = names::plain(name);
        let (mut called_so, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|report| names::plain(&report.title) == wanted);
        match (called_so.len(), called_so.pop()) {
            (1, Some(only)) => Ok(only),
            (_, last) => {
                let near = near(&wanted, called_so.into_iter().chain(last).chain(others).collect());
                Err(ReportError::Unknown { name: name.to_owned(), near })
            }
        }
    }

    async fn search(records: &Records, domain: Value) -> Result<Vec<Self>, ReportError> {
        let query = SearchRead {
            fields: &FIELDS,
            limit: Some(MOST),
            order: Some("model, id"),
            ..SearchRead::default()
        };
        let found = retried(|| records.odoo.search_read(MODEL, domain.clone(), &query)).await;
        let found = found.map_err(|(error, _)| error);
        let known = found.and_then(|found| found.iter().map(Self::read).collect());
        known.map_err(|error| failed(records, error))
    }

    fn read(record: &Record) -> Result<Self, OdooError> {
        let text = |field: &str| Ok(record.text(field)?.unwrap_or_default().to_owned());
        let is_text = record.text("report_type")? == Some("qweb-text");
        Ok(Self { report_name: text("report_name")?, model: text("model")?, is_text, title: text("name")? })
    }
}

/// Those that share a part of their name, or of their model's, with what was asked for; else the first of all.
fn near(wanted: &str, all: Vec<Known>) -> Vec<String> {
    let parts: Vec<&str> = wanted.split(|c: char| !c.is_alphanumeric()).collect();
    let telling = parts.into_iter().filter(|part| part.len() >= TELLING && *part != "report");
    let telling: Vec<&str> = telling.collect();
    let shared = |report: &Known| {
        let has = names::plain(&format!("{} {} {}", report.report_name, report.title, report.model));
        telling.iter().filter(|part| has.contains(**part)).count()
    };
    let mut all: Vec<(usize, Known)> = all.into_iter().map(|report| (shared(&report), report)).collect();
    all.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    let most = all.first().map_or(0, |(shared, _)| *shared);
    let near = all.into_iter().filter(|(shared, _)| *shared > 0 || most == 0).take(NAMED);
    near.map(|(_, report)| format!("{} ({}, {})", report.report_name, report.title, report.model)).collect()
}
