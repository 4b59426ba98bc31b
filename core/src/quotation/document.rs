//! A quotation as it is remembered.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Error, Value};

use super::id::{ExternalIds, TrackingId};
use super::request::QuotationRequest;
use super::status::{QuotationOutput, QuotationStatus, State};
use crate::language::Language;
use crate::store::{Content, Document, Head, Reader};
use crate::timestamp::Timestamp;

/// What a quotation's log file holds.
pub type QuotationDocument = Document<Quotation>;

/// What is remembered of a quotation beside what is of any piece of work.
#[derive(Clone)]
pub struct Quotation {
    /// What is told of it.
    pub status: QuotationStatus,
    /// What its records in Odoo are known by.
    pub external_ids: ExternalIds,
    /// What an equal request without a key is known by.
    pub repeat_mark: Option<String>,
    /// What who asked for it reads.
    pub language: Language,
}

#[derive(Serialize)]
struct Keys<'a> {
    status: State,
    progress: &'a str,
    input: &'a QuotationRequest,
    output: &'a Option<QuotationOutput>,
    error: &'a Option<String>,
    error_code: &'a Option<String>,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_mark: &'a Option<String>,
    external_ids: &'a ExternalIds,
    language: Language,
}

#[derive(Deserialize)]
struct Beside {
    /// Absent in logs of before they were remembered.
    external_ids: Option<ExternalIds>,
    repeat_mark: Option<String>,
    #[serde(default)]
    language: Language,
}

impl Content for Quotation {
    type Status = QuotationStatus;
    const KIND: &'static str = "quotation";
    const ID: &'static str = "tracking_id";

    fn id(&self) -> &str {
        self.status.tracking_id.as_str()
    }

    fn may_be(id: &str, _: NaiveDate) -> bool {
        id.parse::<TrackingId>().is_ok()
    }

    fn status(&self) -> &QuotationStatus {
        &self.status
    }

    fn accepted_at(&self) -> Timestamp {
        self.status.created_at
    }

    fn touch(&mut self) {
        self.status.updated_at = Timestamp::now();
    }

    fn is_over(&self) -> bool {
        self.status.status.is_final()
    }

    fn is_unfinished(&self) -> bool {
        self.status.is_unfinished()
    }

    fn keys(&self) -> impl Serialize {
        let status = &self.status;
        Keys {
            status: status.status,
            progress: &status.progress,
            input: &status.input,
            output: &status.output,
            error: &status.error,
            error_code: &status.error_code,
            updated_at: status.updated_at,
            repeat_mark: &self.repeat_mark,
            external_ids: &self.external_ids,
            language: self.language,
        }
    }

    fn read(log: &mut Reader, head: &mut Head) -> Result<Self, Error> {
        // For a few hours of the first day the number stood among what is told.
        let number = log.peek("/output/notification/selected_number").and_then(Value::as_str);
        head.vendor_sms = head.vendor_sms.take().or_else(|| number.map(str::to_owned));
        log.or_insert("progress", "");
        let status: QuotationStatus = log.take()?;
        let Beside { external_ids, repeat_mark, language } = log.take()?;
        let derived = || ExternalIds::new(&status.tracking_id, &status.input);
        Ok(Self { external_ids: external_ids.unwrap_or_else(derived), repeat_mark, language, status })
    }
}
