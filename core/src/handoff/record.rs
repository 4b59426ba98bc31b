//! A handoff as its log file holds it, and as callers are told of it.

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::id::HandoffId;
use super::request::HandoffRequest;
use crate::journal::VERSION;
use crate::messages::Route;
use crate::timestamp::Timestamp;

/// Where a handoff is in its life.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum HandoffState {
    /// Accepted and durable; not sent yet, or nobody knows.
    Queued,
    /// Taken by Twilio.
    Sent,
    /// On the salesperson's phone.
    Delivered,
    /// Read by the salesperson.
    Read,
    /// Taken by Twilio, but it could not be delivered; `error` says why.
    Undelivered,
    /// Not sent; `error` says why.
    Failed,
}

impl HandoffState {
    /// Whether sending it is over.
    pub fn is_over(self) -> bool {
        self != Self::Queued
    }
}

/// What a log file holds.
#[derive(Clone, Serialize, Deserialize)]
pub struct HandoffRecord {
    /// Names it.
    pub handoff_id: HandoffId,
    /// When it was accepted.
    pub timestamp: Timestamp,
    /// The day of it.
    pub date: NaiveDate,
    /// The time of day of it.
    pub time: String,
    /// Where it is.
    pub status: HandoffState,
    /// What was asked for.
    #[serde(flatten)]
    pub request: HandoffRequest,
    /// The salesperson.
    pub assigned_user_id: Option<i64>,
    /// The number it goes to. Once it stands here, a message may have been sent to it.
    pub vendor_sms: Option<String>,
    /// The channel, `whatsapp` or `sms`.
    #[serde(default)]
    pub channel: String,
    /// Whose number that is.
    #[serde(default)]
    pub route: Option<Route>,
    /// Twilio's id of the message.
    pub message_sid: Option<String>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
    /// Stable name of the failure.
    #[serde(default)]
    pub error_code: Option<String>,
    /// When this was written.
    pub updated_at: Timestamp,
    /// What stands for the caller's `Idempotency-Key` and for the signature.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The Odoo that its ids belong to.
    #[serde(default)]
    pub odoo: String,
    /// Of the log.
    #[serde(default = "version")]
    pub version: u32,
    /// What a newer version wrote besides.
    #[serde(flatten)]
    pub kept: Map<String, Value>,
}

fn version() -> u32 {
    VERSION
}

impl HandoffRecord {
    /// A handoff just accepted.
    pub(super) fn queued(request: HandoffRequest, keys: Vec<String>, odoo: &str, channel: &str) -> Self {
        let handoff_id = HandoffId::new(chrono::Utc::now());
        let timestamp = Timestamp::from(handoff_id.at());
        Self {
            handoff_id,
            timestamp,
            date: timestamp.date(),
            time: timestamp.time_of_day(),
            status: HandoffState::Queued,
            request,
            assigned_user_id: None,
            vendor_sms: None,
            channel: channel.to_owned(),
            route: None,
            message_sid: None,
            error: None,
            error_code: None,
            updated_at: timestamp,
            keys,
            odoo: odoo.to_owned(),
            version: VERSION,
            kept: Map::new(),
        }
    }
}

/// Personal data: never printed whole.
impl fmt::Debug for HandoffRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffRecord")
            .field("handoff_id", &self.handoff_id)
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

/// Where a handoff is, as `/api/handoff/{handoff_id}` tells it. What the customer said is not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct HandoffStatus {
    /// Names the handoff.
    #[schema(value_type = String, example = "sms_1769767200_3f2a9c0d")]
    #[schemars(with = "String")]
    pub handoff_id: HandoffId,
    /// Where it is.
    pub status: HandoffState,
    /// `whatsapp` or `sms`.
    pub channel: String,
    /// Twilio's id of the message.
    pub message_sid: Option<String>,
    /// Salesperson, `res.users`.
    pub assigned_user_id: Option<i64>,
    /// What to do, when it failed.
    pub error: Option<String>,
    /// Stable name of the failure.
    #[schema(example = "twilio_63016")]
    pub error_code: Option<String>,
    /// UTC.
    pub created_at: Timestamp,
    /// UTC.
    pub updated_at: Timestamp,
}

impl From<&HandoffRecord> for HandoffStatus {
    fn from(record: &HandoffRecord) -> Self {
        Self {
            handoff_id: record.handoff_id.clone(),
            status: record.status,
            channel: record.channel.clone(),
            message_sid: record.message_sid.clone(),
            assigned_user_id: record.assigned_user_id,
            error: record.error.clone(),
            error_code: record.error_code.clone(),
            created_at: record.timestamp,
            updated_at: record.updated_at,
        }
    }
}
