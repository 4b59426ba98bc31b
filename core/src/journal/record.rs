//! The JSON log file of one quotation.

use std::io;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LogName, Logged, not_understood};
use crate::kept::{self, Kept};
use crate::quotation::id::{ExternalIds, TrackingId};
use crate::quotation::request::QuotationRequest;
use crate::quotation::status::{QuotationOutput, QuotationStatus, State};
use crate::quotation::texts;
use crate::quotation::told::Told;
use crate::timestamp::Timestamp;

/// Of what is written here. Higher with each change that an older version would misread, not with fields it may pass on.
pub(crate) const VERSION: u32 = 1;

/// What a log file holds.
#[derive(Serialize, Deserialize)]
pub struct Record {
    tracking_id: TrackingId,
    /// When the quotation was accepted.
    timestamp: Timestamp,
    date: NaiveDate,
    time: String,
    status: State,
    #[serde(default)]
    progress: String,
    input: QuotationRequest,
    output: Option<QuotationOutput>,
    error: Option<String>,
    #[serde(default)]
    error_code: Option<String>,
    updated_at: Timestamp,
    /// The number that the salesperson is told under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vendor_sms: Option<String>,
    /// Absent in logs of before they were remembered.
    #[serde(default)]
    external_ids: Option<ExternalIds>,
    /// The Odoo it was accepted for.
    #[serde(default)]
    odoo: String,
    #[serde(default)]
    version: u32,
    #[serde(skip)]
    kept: Kept,
}

impl Record {
    /// The state of a quotation in this Odoo.
    pub fn new(status: &QuotationStatus, odoo: &str) -> Self {
        Self {
            tracking_id: status.tracking_id.clone(),
            timestamp: status.created_at,
            date: status.created_at.date(),
            time: status.created_at.time_of_day(),
            status: status.status,
            progress: status.progress.clone(),
            input: status.input.clone(),
            output: status.output.clone(),
            error: status.error.clone(),
            error_code: status.error_code.clone(),
            updated_at: status.updated_at,
            vendor_sms: status.vendor_sms.clone(),
            external_ids: Some(status.external_ids.clone()),
            odoo: odoo.to_owned(),
            version: status.kept.version.max(VERSION),
            kept: status.kept.clone(),
        }
    }

    /// As a log has it.
    pub fn read(log: Value) -> io::Result<Self> {
        let version = log.get("version").and_then(Value::as_u64).and_then(|version| version.try_into().ok());
        let (mut record, mut kept) = kept::read::<Self>(log).map_err(|_| not_understood(version))?;
        kept.version = record.version;
        record.kept = kept;
        Ok(record)
    }

    /// As it is written.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut text = if self.kept.is_empty() {
            serde_json::to_vec_pretty(self)?
        } else {
            let mut log = serde_json::to_value(self)?;
            self.kept.put_back(&mut log);
            serde_json::to_vec_pretty(&log)?
        };
        text.push(b'\n');
        Ok(text)
    }

    /// The Odoo it was accepted for.
    pub fn odoo(&self) -> &str {
        &self.odoo
    }

    /// For a process that works on that Odoo, or on another one.
    pub fn logged(self, other_odoo: bool) -> Logged {
        let waits = other_odoo && !self.status.is_final();
        let derived = || ExternalIds::new(&self.tracking_id, &self.input);
        let status = QuotationStatus {
            external_ids: self.external_ids.unwrap_or_else(derived),
            tracking_id: self.tracking_id,
            status: self.status,
            progress: if waits { texts::OTHER_ODOO.to_owned() } else { self.progress },
            input: self.input,
            output: self.output,
            error: self.error,
            error_code: self.error_code,
            created_at: self.timestamp,
            updated_at: self.updated_at,
            vendor_sms: self.vendor_sms,
            kept: self.kept,
        };
        Logged { status: Arc::new(Told::from(status)), other_odoo }
    }
}

/// `2026-01-30_quot_abc123def456.log`
pub fn file_name(date: NaiveDate, id: &TrackingId) -> String {
    LogName::new(date, id.as_str()).file_name()
}

/// The day and the id in a file's name; `None` for files that are not logs of quotations.
pub fn parse_file_name(name: &str) -> Option<(NaiveDate, TrackingId)> {
    let name = LogName::parse(name)?;
    Some((name.date(), name.id().parse().ok()?))
}
