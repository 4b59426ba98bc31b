//! Handing a customer over to a salesperson: accepted durably, sent in the background, told truly.

pub mod document;
mod error;
pub mod id;
mod repeats;
mod report;
pub mod request;
mod run;
pub mod status;
mod texts;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::Utc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};
use utoipa::ToSchema;

pub use self::error::HandoffError;

use self::document::{Handoff, HandoffDocument};
use self::id::HandoffId;
use self::repeats::{Repeats, key_mark};
use self::request::HandoffRequest;
use self::status::HandoffState;
use crate::access::Caller;
use crate::background::Background;
use crate::journal::{Journal, JournalError, LogName};
use crate::key::IdempotencyKey;
use crate::messages::{Messenger, OUTCOME_UNKNOWN, Report};
use crate::shares::{Share, Shares};
use crate::store::{Document, Filter, Store, Stored, Told};
use crate::timestamp::Timestamp;
use crate::work::{Known, Live, Work};

/// Handoffs that are being sent at once, at most; half of them for one caller with a key.
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
    /// Nothing is sent that an earlier process left.
    read_only: bool,
    work: Work<Handoff>,
    /// Read from the journal once. Held while a handoff is accepted, so that of two equal requests at once one is
    /// the repeat.
    repeats: OnceCell<Mutex<Repeats>>,
    shares: Shares,
    /// One that an earlier process left was not begun.
    left: AtomicBool,
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
    /// Handoffs sent by this messenger, or by none: then every one is refused with the variables that are missing. Where
    /// nothing is to be sent (`MCP_MODE`), what an earlier process left waits.
    pub fn new(messenger: Result<Messenger, Vec<&'static str>>, journal: Journal, read_only: bool) -> Self {
        let inner = Inner {
            messenger,
            read_only,
            work: Work::new(journal),
            repeats: OnceCell::new(),
            shares: Shares::default(),
            left: AtomicBool::new(false),
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

    /// Takes up what an earlier process left; tells whether that was all of it. Requests may come meanwhile: they wait
    /// until repeats can be told.
    pub async fn resume(&self) -> bool {
        if let Err(error) = self.repeats().await {
            tracing::error!(%error, "handoffs could not be read; the next one tries again");
            return false;
        }
        !self.inner.left.load(Ordering::Relaxed)
    }

    /// Whether nothing is being done.
    pub fn is_idle(&self) -> bool {
        self.inner.work.background.tracker.is_empty()
    }

    /// Takes up what the journal took in since: handoffs of another window.
    pub async fn take_up(&self, logs: &[LogName]) {
        for id in logs.iter().filter_map(|log| log.id().parse().ok()) {
            if let Err(error) = self.take_up_one(&id).await {
                tracing::error!(handoff_id = %id, %error, "handoff not taken up; restart to try again");
            }
        }
    }

    async fn take_up_one(&self, id: &HandoffId) -> Result<(), JournalError> {
        let work = &self.inner.work;
        let mut repeats = self.repeats().await?.lock().await;
        let _taking_up = work.background.tracker.token();
        let _alone = work.lock(id.as_str()).await;
        if let Some(Known::Stored(stored)) = work.find(id.as_str()).await? {
            repeats.remember(&stored.document.content);
            self.go_on(stored);
        }
        Ok(())
    }

    async fn repeats(&self) -> Result<&Mutex<Repeats>, JournalError> {
        let read = || async {
            let Background { tracker, stop, .. } = &self.inner.work.background;
            // A stop meanwhile waits for this, and nothing is begun after it: the next process takes it up.
            let _reading = tracker.token();
            let filter = Filter { unfinished: true, since: Some(Utc::now() - repeats::KEY) };
            let mut recent: Vec<Stored<Handoff>> =
                self.inner.work.journal.list(filter, stop.clone(), Some).await?;
            recent.sort_by_key(|stored| stored.document.content.status.handoff_id.at());
            let mut repeats = Repeats::default();
            for stored in recent {
                repeats.remember(&stored.document.content);
                self.go_on(stored);
            }
            Ok(Mutex::new(repeats))
        };
        self.inner.repeats.get_or_try_init(read).await
    }

    /// Sends what an earlier process did not, unless it is over or this one stops.
    fn go_on(&self, stored: Stored<Handoff>) {
        let work = &self.inner.work;
        if stored.document.content.status.status.is_over() {
            return;
        }
        match &self.inner.messenger {
            Ok(messenger) if !self.inner.read_only && !work.background.stop.is_cancelled() => {
                let share = self.inner.shares.held(Caller::share(&stored.document.head.owner));
                self.start(messenger, &work.take_up(stored), share);
            }
            _ => self.inner.left.store(true, Ordering::Relaxed),
        }
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
        caller: &Caller,
    ) -> Result<HandoffAnswer, HandoffError> {
        let messenger = self.messenger()?.clone();
        let patience = messenger.config().answer_within;
        let keys: Vec<String> = keys.iter().map(key_mark).collect();
        let (handoffs, caller) = (self.clone(), caller.clone());
        // A caller that hangs up must not leave a handoff on disk that nobody sends.
        let accepting = async move { handoffs.accept(&messenger, request, keys, &caller).await };
        let accepted = self.inner.work.background.see_through(accepting).await;
        let live = accepted.unwrap_or(Err(HandoffError::Stopping))?;
        // Late or not, what is known by then is told.
        let _ = tokio::time::timeout(patience, live.over()).await;
        texts::answer(self.messenger()?.language(), live.told().document())
    }

    /// Where a handoff is, however old.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn status(&self, id: &HandoffId) -> Result<Option<Arc<Told<Handoff>>>, JournalError> {
        Ok(self.inner.work.find(id.as_str()).await?.map(|known| known.told()))
    }

    /// Takes in what Twilio reports of a message.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or the process is stopping.
    pub async fn reported(&self, id: HandoffId, report: Report) -> Result<(), HandoffError> {
        let handoffs = self.clone();
        // Half taken in, it could be written over newer news.
        let taken_in =
            self.inner.work.background.see_through(async move { handoffs.take_in(&id, &report).await });
        taken_in.await.map_or(Err(HandoffError::Stopping), |taken_in| Ok(taken_in?))
    }

    async fn take_in(&self, id: &HandoffId, report: &Report) -> Result<(), JournalError> {
        // What an earlier process left is in memory first: this is not to be lost on it.
        self.repeats().await?;
        let language = self.inner.messenger.as_ref().map(Messenger::language).unwrap_or_default();
        let take_in = |document: &mut HandoffDocument| report::take_in(language, document, report);
        self.inner.work.report(id.as_str(), take_in).await
    }

    /// Lets running tries finish for so long, then leaves the rest to the journal.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.work.background.shutdown(grace).await;
    }

    async fn accept(
        &self,
        messenger: &Messenger,
        request: HandoffRequest,
        keys: Vec<String>,
        caller: &Caller,
    ) -> Result<Arc<Live<Handoff>>, HandoffError> {
        let work = &self.inner.work;
        let mut repeats = self.repeats().await?.lock().await;
        if work.background.stop.is_cancelled() {
            return Err(HandoffError::Stopping);
        }
        let company = caller.works_in.company.or(messenger.company());
        let with_key = keys.iter().find_map(|key| repeats.with_key(key)).cloned();
        let has_key = with_key.is_some();
        if let Some(id) = with_key.or_else(|| repeats.of_conversation(&request).cloned()) {
            // A report is taken in before, or finds it running.
            let _no_report = work.lock(id.as_str()).await;
            let first = work.find(id.as_str()).await?;
            let is_theirs = first.as_ref().is_some_and(|it| {
                let told = it.told();
                let head = &told.document().head;
                caller.may_see(&head.owner) && head.company.or(messenger.company()) == company
            });
            // What others asked for is not told; without a key it is another conversation.
            if let Some(first) = first.filter(|_| is_theirs || has_key) {
                if has_key && (!is_theirs || first.told().document().content.request != request) {
                    return Err(HandoffError::KeyReused);
                }
                let is_running = matches!(first, Known::Live(_));
                let first = first.live();
                self.also_known_by(&first, keys, &mut repeats).await?;
                return if is_running { Ok(first) } else { self.repeat(messenger, first).await };
            }
        }
        let handoff = Handoff::queued(request, keys, messenger.channel().as_str());
        repeats.remember(&handoff);
        let target = work.journal.target();
        let document =
            Document::new(handoff, target.name(), caller.id()).of_tenant(target.tenant()).of_company(company);
        self.begin(messenger, document, None).await
    }

    /// A repeat's keys, too, are those of the first: it may come once more when its conversation is forgotten.
    async fn also_known_by(
        &self,
        first: &Live<Handoff>,
        mut keys: Vec<String>,
        repeats: &mut Repeats,
    ) -> Result<(), JournalError> {
        let told = first.told();
        let known = &told.document().content;
        keys.retain(|key| !known.keys.contains(key));
        if keys.is_empty() || known.keys.len() >= KEYS {
            return Ok(());
        }
        let add = |document: &mut HandoffDocument| {
            document.content.keys.extend_from_slice(&keys);
            true
        };
        first.change(&self.inner.work.journal, add).await?;
        repeats.remember_keys(&known.status.handoff_id, keys);
        Ok(())
    }

    /// One that failed, or that is on disk and nobody sends, is tried again; of any other the state is told.
    async fn repeat(
        &self,
        messenger: &Messenger,
        first: Arc<Live<Handoff>>,
    ) -> Result<Arc<Live<Handoff>>, HandoffError> {
        let told = first.told();
        if !matches!(told.status, HandoffState::Queued | HandoffState::Failed) {
            return Ok(first);
        }
        let mut document = told.document().clone();
        let status = &mut document.content.status;
        if status.status == HandoffState::Failed && status.error_code.as_deref() != Some(OUTCOME_UNKNOWN) {
            // Refused for certain, perhaps because of the number.
            document.head.vendor_sms = None;
        }
        status.status = HandoffState::Queued;
        (status.error, status.error_code) = (None, None);
        status.updated_at = Timestamp::now();
        self.begin(messenger, document, Some(&Known::Live(first))).await
    }

    async fn begin(
        &self,
        messenger: &Messenger,
        mut document: HandoffDocument,
        first: Option<&Known<Handoff>>,
    ) -> Result<Arc<Live<Handoff>>, HandoffError> {
        if self.inner.work.count() >= CAPACITY {
            return Err(HandoffError::TooMany);
        }
        let share = self.inner.shares.place(Caller::share(&document.head.owner), CAPACITY);
        let share = share.ok_or(HandoffError::TooManyOfOne)?;
        document.head.deadline_at = Some(Timestamp::after(Utc::now(), messenger.config().deadline));
        let live = self.inner.work.accept(document, first).await?;
        self.start(messenger, &live, share);
        Ok(live)
    }

    fn start(&self, messenger: &Messenger, live: &Arc<Live<Handoff>>, share: Share) {
        let (inner, messenger, running) = (Arc::clone(&self.inner), messenger.clone(), Arc::clone(live));
        self.inner.work.background.tracker.spawn(async move {
            inner.run(&messenger, &running).await;
            drop(share);
        });
    }
}
