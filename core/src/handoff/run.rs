//! The life of one handoff after it was accepted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::time::Instant;

use super::Inner;
use super::document::{Handoff, HandoffDocument};
use super::status::{HandoffState, HandoffStatus};
use crate::journal::{Journal, JournalError};
use crate::messages::{
    Concerns, Errand, Failure, Ledger, Letter, Messenger, Occasion, Order, Recipient, Route, Unsent,
};
use crate::phone::Phone;
use crate::timestamp::Timestamp;
use crate::work::Live;

impl Inner {
    pub(super) async fn run(&self, messenger: &Messenger, live: &Arc<Live<Handoff>>) {
        let id = live.told().handoff_id.clone();
        let began = Instant::now();
        let sending = AssertUnwindSafe(self.send(messenger, live)).catch_unwind();
        let end = match self.work.background.abort.run_until_cancelled(sending).await {
            Some(Ok(end)) => end,
            Some(Err(_)) => Err(Unsent::Failed(Failure::defect(messenger.language()))),
            None => Err(Unsent::Stopped),
        };
        let milliseconds = began.elapsed().as_millis();
        let end = match end {
            Ok(sid) => {
                tracing::info!(handoff_id = %id, milliseconds, "handoff sent");
                Ok(sid)
            }
            Err(Unsent::Failed(failure)) => {
                tracing::warn!(handoff_id = %id, milliseconds, code = failure.code, "handoff not sent");
                Err(failure)
            }
            Err(Unsent::Stopped) => return,
        };
        // Until the disk takes it: after a crash before that, Twilio is asked what it has.
        self.work.insist(live, |document| conclude(&mut document.content.status, &end)).await;
        self.work.forget(live);
    }

    async fn send(&self, messenger: &Messenger, live: &Live<Handoff>) -> Result<String, Unsent> {
        let told = live.told();
        let (head, handoff) = (&told.document().head, &told.document().content);
        // One that an earlier process left is tried once, however late. Logs of before it was remembered have when
        // they changed.
        let since_then = || messenger.config().deadline.saturating_sub(told.updated_at.elapsed());
        let until = Instant::now() + head.deadline_at.map_or_else(since_then, Timestamp::remaining);
        let (lead_id, order_id) = (handoff.request.lead(), handoff.request.sale_order());
        let concerns = if self.work.journal.is_ours(&head.odoo) {
            Concerns::Handoff { lead_id, order_id }
        } else {
            Concerns::AnotherOdoo
        };
        // An earlier process, or an earlier try of which nobody knows the end, may have sent it there.
        let before = head.vendor_sms.as_deref().and_then(Phone::from_e164);
        let asked_until = if before.is_some() { Instant::now() } else { until };
        let mut recipient =
            messenger.recipient((concerns, head.company), asked_until, &self.work.background.stop).await;
        let unsure = before.is_some();
        if let Some(to) = before {
            let order = recipient.ok().and_then(|recipient| recipient.order);
            let route = handoff.route.unwrap_or(Route::Salesperson);
            recipient = Ok(Recipient { user_id: told.assigned_user_id, to, route, order });
        }
        let mut recipient = recipient?;
        let letter = letter(messenger, handoff, recipient.order.take());
        let errand = Errand {
            letter: &letter,
            since: told.handoff_id.at(),
            until,
            unsure,
            stop: &self.work.background.stop,
        };
        messenger.send(recipient, &errand, &Log { journal: &self.work.journal, live }).await
    }
}

/// The log file of a handoff.
struct Log<'a> {
    journal: &'a Journal,
    live: &'a Live<Handoff>,
}

impl Ledger for Log<'_> {
    async fn assign(&self, recipient: &Recipient) -> Result<(), JournalError> {
        let assign = |document: &mut HandoffDocument| {
            document.content.status.assigned_user_id = recipient.user_id;
            document.content.route = Some(recipient.route);
            document.head.vendor_sms = Some(recipient.to.e164().to_owned());
            true
        };
        self.live.change(self.journal, assign).await
    }

    fn reported(&self) -> Option<String> {
        self.live.told().message_sid.clone()
    }
}

fn letter(messenger: &Messenger, handoff: &Handoff, order: Option<Order>) -> Letter {
    let request = handoff.request.clone();
    let url = request.sale_order().map(|id| messenger.order_url(id));
    Letter {
        occasion: Occasion::Handoff,
        lead_id: request.lead(),
        customer: request.user_name,
        phone: request.user_phone,
        reason: Some(request.reason),
        conversation: request.conversation_id,
        context: request.additional_context,
        order: order.map(|order| Order { url, ..order }),
        reference: handoff.status.handoff_id.as_str().to_owned(),
    }
}

/// Tells whether it changed anything: a delivery report may have been faster.
fn conclude(status: &mut HandoffStatus, end: &Result<String, Failure>) -> bool {
    if status.status.is_over() {
        return false;
    }
    match end {
        Ok(sid) => {
            status.message_sid = Some(sid.clone());
            status.status = HandoffState::Sent;
        }
        Err(Failure { sentence, code }) => {
            status.status = HandoffState::Failed;
            status.error = Some(sentence.clone());
            status.error_code = Some(code.clone());
        }
    }
    true
}
