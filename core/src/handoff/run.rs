//! The life of one handoff after it was accepted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::Inner;
use super::record::{HandoffRecord, HandoffState};
use crate::journal::{Journal, JournalError};
use crate::messages::{
    Concerns, Errand, Failure, Ledger, Letter, Messenger, Occasion, Order, Recipient, Route, Unsent,
};
use crate::phone::Phone;
use crate::timestamp::Timestamp;

/// A handoff in memory: its state, its changes as they come, and one writer of its log at a time.
pub(super) struct Live {
    record: watch::Sender<Arc<HandoffRecord>>,
    /// Held while its log is written; whether the log lacks the last change.
    writing: Mutex<bool>,
}

impl Live {
    pub(super) fn new(record: HandoffRecord) -> Self {
        Self { record: watch::Sender::new(Arc::new(record)), writing: Mutex::default() }
    }

    pub(super) fn record(&self) -> Arc<HandoffRecord> {
        Arc::clone(&self.record.borrow())
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<HandoffRecord>> {
        self.record.subscribe()
    }

    /// Makes a change durable, then tells it. What `change` leaves as it was is not written, unless the disk refused
    /// what was before.
    pub(super) async fn change(
        &self,
        journal: &Journal,
        change: impl FnOnce(&mut HandoffRecord) -> bool,
    ) -> Result<(), JournalError> {
        let mut behind = self.writing.lock().await;
        let mut record = (*self.record()).clone();
        if !change(&mut record) && !*behind {
            return Ok(());
        }
        record.updated_at = Timestamp::now();
        let written = journal.write_handoff(&record).await;
        *behind = written.is_err();
        if written.is_ok() || record.status.is_over() {
            self.record.send_replace(Arc::new(record));
        }
        written
    }
}

impl Inner {
    pub(super) async fn run(&self, messenger: &Messenger, live: &Live) {
        let id = live.record().handoff_id.clone();
        let began = Instant::now();
        let sending = AssertUnwindSafe(self.send(messenger, live)).catch_unwind();
        let end = match self.background.abort.run_until_cancelled(sending).await {
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
        let mut patience = self.background.patience();
        while let Err(error) = live.change(&self.journal, |record| conclude(record, &end)).await {
            tracing::debug!(handoff_id = %id, %error, "log file not written; trying again");
            if !patience.wait().await {
                break;
            }
        }
        self.live.remove(&id);
    }

    async fn send(&self, messenger: &Messenger, live: &Live) -> Result<String, Unsent> {
        let record = live.record();
        // One that an earlier process left is tried once, however late.
        let left = messenger.config().deadline.saturating_sub(record.updated_at.elapsed());
        let until = Instant::now() + left;
        let (lead_id, order_id) = (record.request.lead(), record.request.sale_order());
        let concerns = if self.journal.is_ours(&record.odoo) {
            Concerns::Handoff { lead_id, order_id }
        } else {
            Concerns::AnotherOdoo
        };
        // An earlier process, or an earlier try of which nobody knows the end, may have sent it there.
        let before = record.vendor_sms.as_deref().and_then(Phone::from_e164);
        let asked_until = if before.is_some() { Instant::now() } else { until };
        let mut recipient = messenger.recipient(concerns, asked_until, &self.background.stop).await;
        let unsure = before.is_some();
        if let Some(to) = before {
            let order = recipient.ok().and_then(|recipient| recipient.order);
            let route = record.route.unwrap_or(Route::Salesperson);
            recipient = Ok(Recipient { user_id: record.assigned_user_id, to, route, order });
        }
        let mut recipient = recipient?;
        let letter = letter(messenger, &record, recipient.order.take());
        let errand = Errand {
            letter: &letter,
            since: record.handoff_id.at(),
            until,
            unsure,
            stop: &self.background.stop,
        };
        messenger.send(recipient, &errand, &Log { journal: &self.journal, live }).await
    }
}

/// The log file of a handoff.
struct Log<'a> {
    journal: &'a Journal,
    live: &'a Live,
}

impl Ledger for Log<'_> {
    async fn assign(&self, recipient: &Recipient) -> Result<(), JournalError> {
        let assign = |record: &mut HandoffRecord| {
            record.assigned_user_id = recipient.user_id;
            record.route = Some(recipient.route);
            record.vendor_sms = Some(recipient.to.e164().to_owned());
            true
        };
        self.live.change(self.journal, assign).await
    }

    fn reported(&self) -> Option<String> {
        self.live.record().message_sid.clone()
    }
}

fn letter(messenger: &Messenger, record: &HandoffRecord, order: Option<Order>) -> Letter {
    let request = record.request.clone();
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
        reference: record.handoff_id.as_str().to_owned(),
    }
}

/// Tells whether it changed anything: a delivery report may have been faster.
fn conclude(record: &mut HandoffRecord, end: &Result<String, Failure>) -> bool {
    if record.status.is_over() {
        return false;
    }
    match end {
        Ok(sid) => {
            record.message_sid = Some(sid.clone());
            record.status = HandoffState::Sent;
        }
        Err(Failure { sentence, code }) => {
            record.status = HandoffState::Failed;
            record.error = Some(sentence.clone());
            record.error_code = Some(code.clone());
        }
    }
    true
}
