//! Telling the salesperson of a quotation that was made. It neither delays nor fails the quotation: it begins after
//! its end is told, and until it is over the quotation's log says that it is to be done.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::time::Instant;

use super::Inner;
use super::task::Task;
use crate::journal::JournalError;
use crate::messages::{
    Concerns, Errand, Failure, Ledger, Letter, Messenger, Occasion, Order, Product, Recipient, Report, Route,
    Unsent,
};
use crate::phone::Phone;
use crate::quotation::id::TrackingId;
use crate::quotation::status::{Notification, Origin, QuotationOutput, QuotationStatus, State};
use crate::timestamp::Timestamp;

impl Inner {
    /// Writes into a completed quotation that its salesperson is to be told.
    pub(super) fn plan_notification(&self, status: &mut QuotationStatus) {
        let (Some(messenger), State::Completed) = (&self.messenger, status.status) else { return };
        // Of a quotation that stood before, the process that made it has told.
        let stood = |output: &QuotationOutput| output.steps.sale_order == Some(Origin::Existing);
        if let Some(output) = status.output.as_mut().filter(|output| !stood(output)) {
            output.notification.method = Some(messenger.channel().as_str().to_owned());
        }
    }

    /// Tells the salesperson, if that is to be done. `unsure`: an earlier process may have done it.
    pub(super) async fn notify(&self, task: &Task, unsure: bool) {
        let Some(messenger) = &self.messenger else { return };
        let status = task.status();
        let id = &status.tracking_id;
        let Some(output) = status.output.as_ref().filter(|output| output.notification.is_pending()) else {
            return;
        };
        let telling = AssertUnwindSafe(self.tell(messenger, task, &status, output, unsure)).catch_unwind();
        let end = match self.background.abort.run_until_cancelled(telling).await {
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
        let mut patience = self.background.patience();
        while let Err(error) = self.note(task, |status| conclude(status, &end)).await {
            tracing::debug!(tracking_id = %id, %error, "log file not written; trying again");
            if !patience.wait().await {
                return;
            }
        }
    }

    async fn tell(
        &self,
        messenger: &Messenger,
        task: &Task,
        status: &QuotationStatus,
        output: &QuotationOutput,
        unsure: bool,
    ) -> Result<String, Unsent> {
        let _place = messenger.place()?;
        let left = messenger.config().deadline.saturating_sub(status.updated_at.elapsed());
        let until = Instant::now() + left;
        // An order that staff have taken from everybody is nobody's.
        let concerns = output.user_id.map_or(Concerns::AnotherOdoo, Concerns::Salesperson);
        let before = status.vendor_sms.as_deref().and_then(Phone::from_e164);
        let recipient = match before {
            Some(to) => Recipient { user_id: output.user_id, to, route: Route::Salesperson, order: None },
            None => messenger.recipient(concerns, until, &self.background.stop).await?,
        };
        let letter = letter(status, output);
        let since = status.created_at.utc();
        let errand = Errand { letter: &letter, since, until, unsure, stop: &self.background.stop };
        messenger.send(recipient, &errand, &Log { inner: self, task }).await
    }

    /// Changes what stands of the notification: durable, then told. What `change` leaves as it was is not written.
    pub(super) async fn note(
        &self,
        task: &Task,
        change: impl FnOnce(&mut QuotationStatus) -> bool,
    ) -> Result<(), JournalError> {
        let _alone = self.locks.lock(&task.status().tracking_id).await;
        self.note_locked(task, change).await
    }

    /// The same for who holds its lock.
    async fn note_locked(
        &self,
        task: &Task,
        change: impl FnOnce(&mut QuotationStatus) -> bool,
    ) -> Result<(), JournalError> {
        let mut status = (**task.status()).clone();
        if !change(&mut status) {
            return Ok(());
        }
        status.updated_at = Timestamp::now();
        self.journal.write(&status).await?;
        task.update(|told| *told = status);
        Ok(())
    }

    /// Takes in what Twilio reports of the message about a quotation.
    pub(super) async fn reported(&self, id: &TrackingId, report: &Report) -> Result<(), JournalError> {
        let _alone = self.locks.lock(id).await;
        let in_memory = self.tasks.get(id).map(|task| Arc::clone(&task));
        let task = match in_memory {
            Some(task) => task,
            None => match self.journal.find(id).await? {
                Some(logged) if !logged.other_odoo => Arc::new(Task::new((**logged.status).clone())),
                _ => return Ok(()),
            },
        };
        let language = self.messenger.as_ref().map(Messenger::language).unwrap_or_default();
        self.note_locked(&task, |status| {
            let Some(notification) = notification(status) else { return false };
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
        })
        .await
    }
}

/// The log file of a quotation.
struct Log<'a> {
    inner: &'a Inner,
    task: &'a Task,
}

impl Ledger for Log<'_> {
    async fn assign(&self, recipient: &Recipient) -> Result<(), JournalError> {
        let number = recipient.to.e164();
        let assign = |status: &mut QuotationStatus| {
            let news = status.vendor_sms.as_deref() != Some(number);
            status.vendor_sms = Some(number.to_owned());
            news
        };
        self.inner.note(self.task, assign).await
    }

    fn reported(&self) -> Option<String> {
        self.task.status().output.as_ref().and_then(|output| output.notification.message_sid.clone())
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
