//! What a delivery report changes of a handoff.

use super::record::{HandoffRecord, HandoffState};
use crate::language::Language;
use crate::messages::{Delivery, Report};

/// Takes a report in; tells whether it changed anything. Reports come in any order: a state never goes back.
pub(super) fn take_in(language: Language, record: &mut HandoffRecord, report: &Report) -> bool {
    let of_this = record.message_sid.as_ref().is_none_or(|sid| *sid == report.sid);
    let Some(delivery) = report.delivery().filter(|_| of_this) else { return false };
    let state = match delivery {
        Delivery::Sent => HandoffState::Sent,
        Delivery::Delivered => HandoffState::Delivered,
        Delivery::Read => HandoffState::Read,
        Delivery::Undelivered => HandoffState::Undelivered,
    };
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
