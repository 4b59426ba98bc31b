//! What Twilio reports of a message that it took
//! ([Track the message status](https://www.twilio.com/docs/messaging/guides/track-outbound-message-status)).

use super::record::{HandoffRecord, HandoffState};
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

impl Report {
    /// What it means for a handoff; `None` for a state that tells nothing new.
    fn state(&self) -> Option<HandoffState> {
        match self.status.as_str() {
            "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(HandoffState::Sent),
            "delivered" => Some(HandoffState::Delivered),
            "read" => Some(HandoffState::Read),
            "undelivered" | "failed" => Some(HandoffState::Undelivered),
            _ => None,
        }
    }

    /// Why it was not delivered, and what to do.
    pub(crate) fn failure(&self, language: Language) -> Option<(String, String)> {
        if self.state() != Some(HandoffState::Undelivered) {
            return None;
        }
        let code = self.error_code.unwrap_or(UNKNOWN);
        Some((texts::undelivered(code, language), format!("twilio_{code}")))
    }
}

/// Takes a report in; tells whether it changed anything. Reports come in any order: a state never goes back.
pub(super) fn take_in(language: Language, record: &mut HandoffRecord, report: &Report) -> bool {
    let of_this = record.message_sid.as_ref().is_none_or(|sid| *sid == report.sid);
    let Some(state) = report.state().filter(|_| of_this) else { return false };
    let news = match record.status {
        // That Twilio reports it says that Twilio took it.
        HandoffState::Queued | HandoffState::Failed => true,
        HandoffState::Undelivered => false,
        known => state > known,
    };
    if news {
        record.message_sid = Some(report.sid.clone());
        record.status = state;
        (record.error, record.error_code) = report.failure(language).unzip();
    }
    news
}
