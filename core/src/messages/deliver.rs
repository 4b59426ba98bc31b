//! One message, sent exactly once as far as Twilio lets.
//!
//! Twilio has no idempotency keys. When nobody knows whether it took a message, the account's recent messages to
//! that number are looked through for the reference before it is sent again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::letter::Letter;
use super::{Messenger, Recipient, Route, Unsent};
use crate::backoff::Backoff;
use crate::journal::JournalError;
use crate::phone::Phone;
use crate::twilio::{Content, Outgoing, TwilioError};

/// How far Twilio's clock may be from ours.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// What is to be sent, and how long it is tried.
pub(crate) struct Errand<'a> {
    /// What is said.
    pub letter: &'a Letter,
    /// No try was made before.
    pub since: DateTime<Utc>,
    /// No try is begun after, but the first.
    pub until: Instant,
    /// An earlier try may have sent it.
    pub unsure: bool,
    /// The process is stopping.
    pub stop: &'a CancellationToken,
}

/// Where it stands on disk how far an errand is.
pub(crate) trait Ledger: Sync {
    /// Writes down to whom it goes, before anything is sent there.
    fn assign(&self, recipient: &Recipient) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// The message's id, once a delivery report has told it.
    fn reported(&self) -> Option<String>;
}

struct Parcel<'a> {
    to: &'a Phone,
    content: Content,
    reference: &'a str,
    since: DateTime<Utc>,
}

/// Whether Twilio may have taken it.
struct Doubt {
    /// A try ended so that nobody knows: before each other one it is looked for.
    ever: bool,
    /// So did the last one, and it was not looked for since.
    now: bool,
}

impl Parcel<'_> {
    /// Whether a message that Twilio has is this one.
    fn is(&self, body: &str) -> bool {
        match self.content {
            // Its last word: a customer may speak of another message's reference.
            Content::Text(_) => body.trim_end().ends_with(self.reference),
            // Where it stands is up to who wrote the template.
            Content::Template { .. } => body.contains(self.reference),
        }
    }
}

impl Messenger {
    /// Sends it, trying again until it is sent, refused or out of time; gives Twilio's id of the message. Where the
    /// salesperson's number is no good it goes to `VENDEDOR_WHATSAPP`.
    pub(crate) async fn send(
        &self,
        mut recipient: Recipient,
        errand: &Errand<'_>,
        ledger: &impl Ledger,
    ) -> Result<String, Unsent> {
        let content = self.content(errand.letter);
        let mut unsure = errand.unsure;
        loop {
            if let Err(error) = ledger.assign(&recipient).await {
                tracing::error!(reference = errand.letter.reference, %error, "message not sent: log file not written");
                return Err(Unsent::Failed(Failure::disk(self.language(), unsure)));
            }
            let parcel = Parcel {
                to: &recipient.to,
                content: content.clone(),
                reference: &errand.letter.reference,
                since: errand.since - CLOCKS,
            };
            let (error, outcome_unknown) = match self.deliver(&parcel, unsure, errand, ledger).await {
                Ok(sid) => return Ok(sid),
                Err(None) => return Err(Unsent::Stopped),
                Err(Some(met)) => met,
            };
            let other = self.inner.config.phones.fallback.as_ref().filter(|other| **other != recipient.to);
            match other.filter(|_| !outcome_unknown && error.is_the_recipients()) {
                // The customer is not to be lost for a bad number.
                Some(other) => {
                    recipient.to = other.clone();
                    recipient.route = Route::NoNumber;
                    unsure = false;
                }
                None => {
                    return Err(Unsent::Failed(Failure::unsent(self.language(), &error, outcome_unknown)));
                }
            }
        }
    }

    /// The same to one number; fails with what the last try met and whether it may have been sent all the same, or
    /// with nothing when the process is stopping.
    async fn deliver(
        &self,
        parcel: &Parcel<'_>,
        unsure: bool,
        errand: &Errand<'_>,
        ledger: &impl Ledger,
    ) -> Result<String, Option<(TwilioError, bool)>> {
        let mut doubt = Doubt { ever: unsure, now: unsure };
        let config = &self.inner.config;
        let mut pauses = Backoff { first: config.first_retry, longest: config.longest_retry }.pauses();
        // A message that was just taken may not be listed at once, nor one that an earlier process sent as it died.
        let settling = tokio::time::sleep(config.settle);
        if doubt.now && errand.stop.run_until_cancelled(settling).await.is_none() {
            return Err(None);
        }
        loop {
            if let Some(sid) = ledger.reported() {
                return Ok(sid);
            }
            let turn =
                tokio::time::timeout_at(errand.until + config.call_timeout, self.inner.turns.acquire());
            let error = match errand.stop.run_until_cancelled(turn).await {
                None => return Err(None),
                // Many others wait for a Twilio that hangs.
                Some(Err(_)) => TwilioError::TimedOut(config.deadline),
                Some(Ok(_turn)) => match self.attempt(parcel, &mut doubt).await {
                    Ok(sid) => return Ok(sid),
                    Err(error) => error,
                },
            };
            let next = pauses.pause();
            let settle = if doubt.now { config.settle } else { Duration::ZERO };
            let pause = error.retry_after().unwrap_or(next).max(settle);
            if !error.is_transient() || Instant::now() + pause >= errand.until {
                return ledger.reported().ok_or(Some((error, doubt.now)));
            }
            tracing::debug!(reference = parcel.reference, code = error.code(), "message not sent yet");
            if errand.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Err(None);
            }
        }
    }

    async fn attempt(&self, parcel: &Parcel<'_>, doubt: &mut Doubt) -> Result<String, TwilioError> {
        if doubt.ever {
            if let Some(sid) = self.sent_before(parcel).await? {
                return Ok(sid);
            }
            doubt.now = false;
        }
        let callback = self.callback(parcel.reference);
        let (to, content) = (parcel.to, &parcel.content);
        let outgoing = Outgoing { to, content, status_callback: callback.as_ref() };
        match self.inner.twilio.send(&outgoing).await {
            Ok(accepted) => Ok(accepted.sid),
            Err(error) => {
                doubt.now = error.outcome_unknown();
                doubt.ever |= doubt.now;
                Err(error)
            }
        }
    }

    /// The message with this reference, if Twilio has taken one.
    async fn sent_before(&self, parcel: &Parcel<'_>) -> Result<Option<String>, TwilioError> {
        let listed = self.inner.twilio.recent(parcel.to, parcel.since).await?;
        Ok(listed.into_iter().find(|message| parcel.is(&message.body)).map(|message| message.sid))
    }
}
