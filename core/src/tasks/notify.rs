//! Telling the salesperson of a quotation that was made. It neither delays nor fails the quotation: it begins after
//! its end is told, and until it is over the quotation's log says that it is to be done.

use std::panic::AssertUnwindSafe;

use chrono::Utc;
use futures::FutureExt;
use tokio::time::Instant;

use super::Inner;
use crate::journal::{Journal, JournalError};
use crate::messages::{
    Concerns, Errand, Failure, Ledger, Letter, Messenger, Occasion, Order, Product, Recipient, Report, Route,
    Unsent,
};
use crate::phone::Phone;
use crate::quotation::document::{Quotation, QuotationDocument};
use crate::quotation::id::TrackingId;
use crate::quotation::status::{Notification, Origin, QuotationOutput, QuotationStatus, State};
use crate::quotation::told::Told;
use crate::timestamp::Timestamp;
use crate::work::Live;

impl Inner {
    /// Writes into a completed quotation that its salesperson is to be told; gives till when that is tried.
    pub(super) fn plan_notification(&self, status: &mut QuotationStatus) -> Option<Timestamp> {
        let (Some(messenger), State::Completed) = (&self.messenger, status.status) else { return None };
        // Of a quotation that stood before, the process that made it has told.
        let stood = |output: &QuotationOutput| output.steps.sale_order == Some(Origin::Existing);
        let output = status.output.as_mut().filter(|output| !stood(output))?;
        output.notification.method = Some(messenger.channel().as_str().to_owned());
        Some(Timestamp::after(Utc::now(), messenger.config().deadline))
    }

    /// Tells the salesperson, if that is to be done. `unsure`: an earlier process may have done it.
    pub(super) async fn notify(&self, live: &Live<Quotation>, unsure: bool) {
        let Some(messenger) = &self.messenger else { return };
        let status = live.told();
        let id = &status.tracking_id;
        let Some(output) = status.output.as_ref().filter(|output| output.notification.is_pending()) else {
            return;
        };
        let telling = AssertUnwindSafe(self.tell(messenger, live, &status, output, unsure)).catch_unwind();
        let end = match self.work.background.abort.run_until_cancelled(telling).await {
            Some(Ok(Err(Unsent::Stopped))) | None => return,
            Some(Ok(Ok(sid))) => Ok(sid),
            Some(Ok(Err(Unsent::Failed(failure)))) => Err(failure),
            Some(Err(_)) => Err(Failure::defect(messenger.language())),
        };
        match &end {
            Ok(_) => tracing::info!(tracking_id = %id, "salesperson notified"),
            Err(failure) => {
                tracing::warn!(tracking_id = %id, code = failure.code, "salesperson not notified")
            }
        }
        self.work.insist(live, |document| conclude(&mut document.content.status, &end)).await;
    }

    async fn tell(
        &self,
        messenger: &Messenger,
        live: &Live<Quotation>,
        told: &Told,
        output: &QuotationOutput,
        unsure: bool,
    ) -> Result<String, Unsent> {
        let _place = messenger.place()?;
        let head = &told.document().head;
        // Logs of before it was remembered have when they changed.
        let since_then = || messenger.config().deadline.saturating_sub(told.updated_at.elapsed());
        let until = Instant::now() + head.deadline_at.map_or_else(since_then, Timestamp::remaining);
        // An order that staff have taken from everybody is nobody's.
        let concerns = output.user_id.map_or(Concerns::AnotherOdoo, Concerns::Salesperson);
        let before = head.vendor_sms.as_deref().and_then(Phone::from_e164);
        let recipient = match before {
            Some(to) => Recipient { user_id: output.user_id, to, route: Route::Salesperson, order: None },
            None => messenger.recipient((concerns, head.company), until, &self.work.background.stop).await?,
        };
        let letter = letter(told, output);
        let since = told.created_at.utc();
        let errand = Errand { letter: &letter, since, until, unsure, stop: &self.work.background.stop };
        messenger.send(recipient, &errand, &Log { journal: &self.work.journal, live }).await
    }

    /// Takes in what Twilio reports of the message about a quotation.
    pub(super) async fn reported(&self, id: &TrackingId, report: &Report) -> Result<(), JournalError> {
        let language = self.messenger.as_ref().map(Messenger::language).unwrap_or_default();
        let take_in = |document: &mut QuotationDocument| {
            let ours = self.work.journal.is_ours(&document.head.odoo);
            let notification = notification(&mut document.content.status).filter(|_| ours);
            let Some(notification) = notification else { return false };
            let of_this = notification.message_sid.as_ref().is_none_or(|sid| *sid == report.sid);
            let failure = report.failure(language);
            // That Twilio reports it says that Twilio took it.
            let news = failure.is_some() || notification.message_sid.is_none();
            if !of_this || !news {
                return false;
            }
            notification.message_sid = Some(report.sid.clone());
            notification.sent = failure.is_none();
            notification.error = failure.map(|(sentence, _)| sentence);
            true
        };
        self.work.report(id.as_str(), take_in).await
    }
}

/// The log file of a quotation.
struct Log<'a> {
    journal: &'a Journal,
    live: &'a Live<Quotation>,
}

impl Ledger for Log<'_> {
    async fn assign(&self, recipient: &Recipient) -> Result<(), JournalError> {
        let assign = |document: &mut QuotationDocument| {
            document.head.vendor_sms = Some(recipient.to.e164().to_owned());
            // Though it stands there: who has lost the work to somebody else must not send.
            true
        };
        self.live.change(self.journal, assign).await
    }

    fn reported(&self) -> Option<String> {
        self.live.told().output.as_ref().and_then(|output| output.notification.message_sid.clone())
    }
}

fn notification(status: &mut QuotationStatus) -> Option<&mut Notification> {
    status.output.as_mut().map(|output| &mut output.notification)
}

fn letter(status: &QuotationStatus, output: &QuotationOutput) -> Letter {
    let input = &status.input;
    let product = |line: &crate::quotation::status::OrderedProduct| Product {
        name: line.product_name.clone(),
        quantity: line.qty,
        price: line.price,
    };
    let order = Order {
        number: output.sale_order_name.clone().unwrap_or_default(),
        total: output.amount_total,
        currency: output.currency.clone().unwrap_or_default(),
        url: output.odoo_url.clone(),
        products: output.products_added.iter().map(product).collect(),
    };
    Letter {
        occasion: Occasion::Quotation,
        customer: Some(format!("{} ({})", input.partner_name, input.contact_name)),
        phone: input.phone.clone(),
        reason: Some(input.lead_name.clone()),
        conversation: None,
        context: input.description.clone(),
        lead_id: None,
        order: Some(order),
        reference: status.tracking_id.as_str().to_owned(),
    }
}

/// Tells whether it changed anything: a delivery report may have been faster.
fn conclude(status: &mut QuotationStatus, end: &Result<String, Failure>) -> bool {
    let pending = notification(status).filter(|notification| notification.is_pending());
    let Some(notification) = pending else { return false };
    match end {
        Ok(sid) => {
            notification.sent = true;
            notification.message_sid = Some(sid.clone());
        }
        Err(failure) => notification.error = Some(failure.sentence.clone()),
    }
    true
}
