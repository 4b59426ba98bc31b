//! What is told of a handoff.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::HandoffId;
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
