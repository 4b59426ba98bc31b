//! What a delivery report changes of a handoff.

use super::document::HandoffDocument;
use super::status::HandoffState;
use crate::language::Language;
use crate::messages::{Delivery, Report};

/// Takes a report in; tells whether it changed anything. Reports come in any order: a state never goes back.
pub(super) fn take_in(language: Language, document: &mut HandoffDocument, report: &Report) -> bool {
    let status = &mut document.content.status;
    let of_this = status.message_sid.as_ref().is_none_or(|sid| *sid == report.sid);
    let Some(delivery) = report.delivery().filter(|_| of_this) else { return false };
    let state = match delivery {
        Delivery::Sent => HandoffState::Sent,
        Delivery::Delivered => HandoffState::Delivered,
        Delivery::Read => HandoffState::Read,
        Delivery::Undelivered => HandoffState::Undelivered,
    };
    let news = match status.status {
        // That Twilio reports it says that Twilio took it.
        HandoffState::Queued | HandoffState::Failed => true,
        HandoffState::Undelivered => false,
        known => state > known,
    };
    if news {
        status.message_sid = Some(report.sid.clone());
        status.status = state;
        (status.error, status.error_code) = report.failure(language).unzip();
    }
    news
}
