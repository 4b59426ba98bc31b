//! Handing a customer over to a salesperson: accepted durably, sent in the background, told truly.

mod error;
pub mod id;
mod log;
pub mod record;
mod repeats;
mod report;
pub mod request;
mod run;
mod texts;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use dashmap::DashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell, watch};
use utoipa::ToSchema;

pub use self::error::HandoffError;

use self::id::HandoffId;
use self::record::{HandoffRecord, HandoffState, HandoffStatus};
use self::repeats::{Repeats, key_mark};
use self::request::HandoffRequest;
use self::run::Live;
use crate::background::Background;
use crate::journal::{Journal, JournalError, LogName};
use crate::key::IdempotencyKey;
use crate::messages::{Messenger, OUTCOME_UNKNOWN, Report};
use crate::timestamp::Timestamp;

/// Handoffs that are being sent at once, at most.
const CAPACITY: usize = 1000;
/// Keys of one handoff, about: its log is written for each.
const KEYS: usize = 100;

/// The handoffs of this process; a cheap handle.
#[derive(Clone)]
pub struct Handoffs {
    inner: Arc<Inner>,
}

struct Inner {
    /// Or the variables that it lacks.
    messenger: Result<Messenger, Vec<&'static str>>,
    journal: Journal,
    /// Read from the journal once. Held while a handoff is accepted, so that of two equal requests at once one is
    /// the repeat.
    repeats: OnceCell<Mutex<Repeats>>,
    /// Held while a delivery report is taken in.
    reports: Mutex<()>,
    live: DashMap<HandoffId, Arc<Live>>,
    background: Background,
}

/// What the caller of a handoff is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct HandoffAnswer {
    /// `ok`: Twilio took the message. `queued`: it is being sent; ask again later.
    pub status: Answered,
    /// For people.
    #[schema(example = "Notificación SMS enviada al vendedor")]
    pub message: String,
    /// Twilio's id of the message.
    #[schema(example = "SM1234567890")]
    pub message_sid: Option<String>,
    /// Salesperson, `res.users`.
    #[schema(example = 42)]
    pub assigned_user_id: Option<i64>,
    /// The number it goes to.
    #[schema(example = "+5215587654321")]
    pub selected_number: Option<String>,
    /// Names the handoff.
    #[schema(value_type = String, example = "sms_1769767200_3f2a9c0d")]
    #[schemars(with = "String")]
    pub handoff_id: HandoffId,
}

/// How far a handoff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answered {
    /// Twilio took the message.
    Ok,
    /// It is kept and tried again.
    Queued,
    /// Twilio took the message, but could not deliver it.
    Undelivered,
}

impl Handoffs {
    /// Handoffs sent by this messenger, or by none: then every one is refused with the variables that are missing.
    pub fn new(messenger: Result<Messenger, Vec<&'static str>>, journal: Journal) -> Self {
        let inner = Inner {
            messenger,
            journal,
            repeats: OnceCell::new(),
            reports: Mutex::default(),
            live: DashMap::new(),
            background: Background::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What sends the messages.
    ///
    /// # Errors
    /// When Twilio is not configured.
    pub fn messenger(&self) -> Result<&Messenger, HandoffError> {
        self.inner.messenger.as_ref().map_err(|missing| HandoffError::NotConfigured(missing.clone()))
    }

    /// Takes up what an earlier process left. Requests may come meanwhile: they wait until repeats can be told.
    pub async fn resume(&self) {
        if let Err(error) = self.repeats().await {
            tracing::error!(%error, "handoffs could not be read; the next one tries again");
        }
    }

    /// Takes up what the journal took in since: handoffs of another window.
    pub async fn take_up(&self, logs: &[LogName]) {
        for id in logs.iter().filter_map(log::id) {
            if let Err(error) = self.take_up_one(&id).await {
                tracing::error!(handoff_id = %id, %error, "handoff not taken up; restart to try again");
            }
        }
    }

    async fn take_up_one(&self, id: &HandoffId) -> Result<(), JournalError> {
        let mut repeats = self.repeats().await?.lock().await;
        let _taking_up = self.inner.background.tracker.token();
        let Some(record) = self.inner.journal.handoff(id).await? else { return Ok(()) };
        repeats.remember(&record);
        let left = !record.status.is_over() && !self.inner.live.contains_key(id);
        if let (true, false, Ok(messenger)) =
            (left, self.inner.background.stop.is_cancelled(), &self.inner.messenger)
        {
            self.start(messenger, record);
        }
        Ok(())
    }

    async fn repeats(&self) -> Result<&Mutex<Repeats>, JournalError> {
        let read = || async {
            // A stop meanwhile waits for this, and nothing is begun after it: the next process takes it up.
            let _reading = self.inner.background.tracker.token();
            let mut records = self.inner.journal.handoffs(Utc::now() - repeats::KEY).await?;
            records.sort_by_key(|record| record.handoff_id.at());
            let mut repeats = Repeats::default();
            for record in records {
                repeats.remember(&record);
                if !record.status.is_over()
                    && !self.inner.background.stop.is_cancelled()
                    && let Ok(messenger) = &self.inner.messenger
                {
                    self.start(messenger, record);
                }
            }
            Ok(Mutex::new(repeats))
        };
        self.inner.repeats.get_or_try_init(read).await
    }

    /// Tells a salesperson that a customer wants to speak with one. Durable when it begins; a repeat (one of the same
    /// keys, or the same conversation and reason) answers as the first did, and tries again one that failed.
    ///
    /// # Errors
    /// See [`HandoffError`].
    pub async fn hand_off(
        &self,
        request: HandoffRequest,
        keys: &[IdempotencyKey],
    ) -> Result<HandoffAnswer, HandoffError> {
        let messenger = self.messenger()?.clone();
        let patience = messenger.config().answer_within;
        let keys: Vec<String> = keys.iter().map(key_mark).collect();
        let handoffs = self.clone();
        // A caller that hangs up must not leave a handoff on disk that nobody sends.
        let accepting = async move { handoffs.accept(&messenger, request, keys).await };
        let accepted = self.inner.background.see_through(accepting).await;
        let mut record = accepted.unwrap_or(Err(HandoffError::Stopping))?;
        let over = record.wait_for(|record| record.status.is_over());
        // Late or not, what is known by then is told.
        let _ = tokio::time::timeout(patience, over).await;
        let record = Arc::clone(&record.borrow());
        texts::answer(self.messenger()?.language(), &record)
    }

    /// Where a handoff is, however old.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn status(&self, id: &HandoffId) -> Result<Option<HandoffStatus>, JournalError> {
        Ok(self.record(id).await?.as_deref().map(HandoffStatus::from))
    }

    /// Takes in what Twilio reports of a message.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or the process is stopping.
    pub async fn reported(&self, id: HandoffId, report: Report) -> Result<(), HandoffError> {
        let handoffs = self.clone();
        // Half taken in, it could be written over newer news.
        let taken_in = self.inner.background.see_through(async move { handoffs.take_in(&id, &report).await });
        taken_in.await.map_or(Err(HandoffError::Stopping), |taken_in| Ok(taken_in?))
    }

    async fn take_in(&self, id: &HandoffId, report: &Report) -> Result<(), JournalError> {
        // What an earlier process left is in memory first: this is not to be lost on it.
        self.repeats().await?;
        let _alone = self.inner.reports.lock().await;
        let live = self.inner.live.get(id).map(|live| Arc::clone(&live));
        let live = match live {
            Some(live) => live,
            None => match self.inner.journal.handoff(id).await? {
                Some(record) => Arc::new(Live::new(record)),
                None => return Ok(()),
            },
        };
        let language = self.inner.messenger.as_ref().map(Messenger::language).unwrap_or_default();
        live.change(&self.inner.journal, |record| report::take_in(language, record, report)).await
    }

    /// Lets running tries finish for so long, then leaves the rest to the journal.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.background.shutdown(grace).await;
    }

    async fn accept(
        &self,
        messenger: &Messenger,
        request: HandoffRequest,
        keys: Vec<String>,
    ) -> Result<watch::Receiver<Arc<HandoffRecord>>, HandoffError> {
        let inner = &self.inner;
        let mut repeats = self.repeats().await?.lock().await;
        // A report is taken in before, or finds it running.
        let _no_report = inner.reports.lock().await;
        if inner.background.stop.is_cancelled() {
            return Err(HandoffError::Stopping);
        }
        let with_key = keys.iter().find_map(|key| repeats.with_key(key)).cloned();
        let has_key = with_key.is_some();
        if let Some(id) = with_key.or_else(|| repeats.of_conversation(&request).cloned()) {
            let running = inner.live.get(&id).map(|live| Arc::clone(&live));
            let is_running = running.is_some();
            let first = match running {
                Some(live) => Some(live),
                // Its end was written before it left memory.
                None => inner.journal.handoff(&id).await?.map(|record| Arc::new(Live::new(record))),
            };
            if let Some(first) = first {
                if has_key && first.record().request != request {
                    return Err(HandoffError::KeyReused);
                }
                self.also_known_by(&first, keys, &mut repeats).await?;
                return if is_running {
                    Ok(first.subscribe())
                } else {
                    self.repeat(messenger, first.record()).await
                };
            }
        }
        let odoo = inner.journal.target().name();
        let record = HandoffRecord::queued(request, keys, odoo, messenger.channel().as_str());
        repeats.remember(&record);
        self.begin(messenger, record).await
    }

    /// A repeat's keys, too, are those of the first: it may come once more when its conversation is forgotten.
    async fn also_known_by(
        &self,
        first: &Live,
        mut keys: Vec<String>,
        repeats: &mut Repeats,
    ) -> Result<(), JournalError> {
        let known = first.record();
        keys.retain(|key| !known.keys.contains(key));
        if keys.is_empty() || known.keys.len() >= KEYS {
            return Ok(());
        }
        let add = |record: &mut HandoffRecord| {
            record.keys.extend_from_slice(&keys);
            true
        };
        first.change(&self.inner.journal, add).await?;
        repeats.remember_keys(&known.handoff_id, keys);
        Ok(())
    }

    /// One that failed, or that is on disk and nobody sends, is tried again; of any other the state is told.
    async fn repeat(
        &self,
        messenger: &Messenger,
        first: Arc<HandoffRecord>,
    ) -> Result<watch::Receiver<Arc<HandoffRecord>>, HandoffError> {
        if !matches!(first.status, HandoffState::Queued | HandoffState::Failed) {
            return Ok(watch::Sender::new(first).subscribe());
        }
        let mut record = (*first).clone();
        if record.status == HandoffState::Failed && record.error_code.as_deref() != Some(OUTCOME_UNKNOWN) {
            // Refused for certain, perhaps because of the number.
            record.vendor_sms = None;
        }
        record.status = HandoffState::Queued;
        (record.error, record.error_code) = (None, None);
        record.updated_at = Timestamp::now();
        self.begin(messenger, record).await
    }

    async fn begin(
        &self,
        messenger: &Messenger,
        record: HandoffRecord,
    ) -> Result<watch::Receiver<Arc<HandoffRecord>>, HandoffError> {
        if self.inner.live.len() >= CAPACITY {
            return Err(HandoffError::TooMany);
        }
        self.inner.journal.accept_handoff(&record).await?;
        Ok(self.start(messenger, record).subscribe())
    }

    fn start(&self, messenger: &Messenger, record: HandoffRecord) -> Arc<Live> {
        let id = record.handoff_id.clone();
        let live = Arc::new(Live::new(record));
        self.inner.live.insert(id, Arc::clone(&live));
        let (inner, messenger, running) = (Arc::clone(&self.inner), messenger.clone(), Arc::clone(&live));
        self.inner.background.tracker.spawn(async move { inner.run(&messenger, &running).await });
        live
    }

    async fn record(&self, id: &HandoffId) -> Result<Option<Arc<HandoffRecord>>, JournalError> {
        if let Some(live) = self.inner.live.get(id) {
            return Ok(Some(live.record()));
        }
        Ok(self.inner.journal.handoff(id).await?.map(Arc::new))
    }
}
