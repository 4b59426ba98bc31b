//! What Twilio reports of a message that it took
//! ([Track the message status](https://www.twilio.com/docs/messaging/guides/track-outbound-message-status)).

use crate::language::Language;
use crate::twilio::texts;

/// Twilio does not know either.
const UNKNOWN: u32 = 30008;

/// What Twilio says became of a message.
pub struct Report {
    /// Its id.
    pub sid: String,
    /// `queued`, `sent`, `delivered`, `read`, `undelivered`, `failed`, …
    pub status: String,
    /// Why it was not delivered.
    pub error_code: Option<u32>,
}

/// How far a message came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Twilio has it.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was read.
    Read,
    /// It will not get there.
    Undelivered,
}

impl Report {
    /// How far it came; `None` for a state that tells nothing new.
    pub(crate) fn delivery(&self) -> Option<Delivery> {
        match self.status.as_str() {
            "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(Delivery::Sent),
            "delivered" => Some(Delivery::Delivered),
            "read" => Some(Delivery::Read),
            "undelivered" | "failed" => Some(Delivery::Undelivered),
            _ => None,
        }
    }

    /// Why it was not delivered, and what to do; and the stable name of that.
    pub(crate) fn failure(&self, language: Language) -> Option<(String, String)> {
        if self.delivery() != Some(Delivery::Undelivered) {
            return None;
        }
        let code = self.error_code.unwrap_or(UNKNOWN);
        Some((texts::undelivered(code, language), format!("twilio_{code}")))
    }
}
