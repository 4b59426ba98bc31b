//! Quotations in progress: accepted durably, made in the background, remembered.
//!
//! Every accepted quotation is in the journal before its caller hears of it. Memory holds those that
//! are not finished (at most the queue's capacity) and the most recent finished ones; whatever has
//! left memory is answered from the journal.

mod adopt;
mod estimate;
mod finished;
mod gate;
mod identify;
mod locks;
mod notify;
mod outage;
mod place;
mod repeats;
mod run;
mod task;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::ExponentialBuilder;
use dashmap::DashMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::estimate::Estimate;
pub use self::repeats::{Caller, Door, RepeatWindows};
pub use self::task::Subscription;

use self::estimate::Durations;
use self::finished::Finished;
use self::gate::Gate;
use self::locks::Locks;
use self::outage::Outage;
use self::place::Workers;
use self::repeats::Repeats;
use self::task::Task;
use crate::background::Background;
use crate::journal::{Journal, JournalError, Logged};
use crate::key::IdempotencyKey;
use crate::messages::{Messenger, Report};
use crate::quotation::error;
use crate::quotation::id::{ExternalIds, TrackingId};
use crate::quotation::pipeline::{Before, Pipeline};
use crate::quotation::request::QuotationRequest;
use crate::quotation::status::{QuotationStatus, State};
use crate::quotation::told::Told;
use crate::timestamp::Timestamp;

/// How quotations are queued, retried and remembered.
#[derive(Clone, Debug)]
pub struct TaskConfig {
    /// Accepted quotations that are not finished, at most (`QUEUE_CAPACITY`).
    pub queue_capacity: usize,
    /// Quotations being made at once, at most (`QUOTATION_WORKERS`).
    pub workers: usize,
    /// How long a finished quotation stays in memory (`TASK_RETENTION_HOURS`).
    pub retention: Duration,
    /// How long a quotation is tried before it fails (`QUOTATION_DEADLINE_SECONDS`).
    pub deadline: Duration,
    /// The pause before the first retry; it doubles, with jitter.
    pub first_retry: Duration,
    /// The longest pause between two tries.
    pub longest_retry: Duration,
    /// How long the same request is the same quotation (`REPEAT_WINDOW_SECONDS`).
    pub repeat_windows: RepeatWindows,
    /// How long after the start Odoo is asked which database it is, unless something waits for that.
    pub identify_after: Duration,
}

impl Default for TaskConfig {
    fn default() -> Self {
        Self {
            queue_capacity: 10_000,
            workers: 8,
            retention: Duration::from_secs(24 * 3600),
            deadline: Duration::from_secs(900),
            first_retry: Duration::from_millis(200),
            longest_retry: Duration::from_secs(15),
            repeat_windows: RepeatWindows::default(),
            identify_after: Duration::from_secs(60),
        }
    }
}

impl TaskConfig {
    fn pauses(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(self.first_retry)
            .with_max_delay(self.longest_retry)
            .with_jitter()
            .without_max_times()
    }
}

/// The quotations of this process; a cheap handle.
#[derive(Clone)]
pub struct Tasks {
    inner: Arc<Inner>,
}

struct Inner {
    config: TaskConfig,
    pipeline: Pipeline,
    journal: Journal,
    /// Tells salespeople, where that is configured.
    messenger: Option<Messenger>,
    tasks: DashMap<TrackingId, Arc<Task>>,
    finished: Mutex<Finished<Arc<Task>>>,
    queue: Arc<Semaphore>,
    workers: Workers,
    gate: Gate,
    repeats: Repeats,
    durations: Durations,
    locks: Locks,
    outage: Outage,
    background: Background,
}

/// A quotation that was accepted, now or by an earlier request with the same key.
#[derive(Debug)]
pub struct Accepted {
    /// Its state now.
    pub status: Arc<Told>,
    /// When it should be done, from recent durations.
    pub estimate: Estimate,
    /// Its changes from here on, none missed.
    pub changes: Subscription,
    /// Whether it is that of an earlier request, to which this one is the same though neither has a key.
    pub is_repeat: bool,
}

/// What names a quotation that is asked for.
enum Name {
    /// A caller's key.
    Key(TrackingId),
    /// That it was asked for a moment ago, or is the first of its kind.
    Same(TrackingId),
    /// Nothing.
    New,
}

/// Why a quotation was not accepted. Nothing was kept of it.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too many unfinished quotations.
    #[error("{} quotations are waiting already; repeat in {} s", .capacity, .retry_after.as_secs())]
    QueueFull {
        /// The bound.
        capacity: usize,
        /// When there should be room.
        retry_after: Duration,
    },
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another quotation: use a new key for a new quotation")]
    KeyReused,
    /// The key was used when the service worked on another Odoo.
    #[error(
        "this Idempotency-Key was used for a quotation in another Odoo, before ODOO_URL or ODOO_DB changed: \
         use a new key, or give each Odoo a LOG_DIR of its own"
    )]
    OtherOdoo,
    /// It could not be made durable.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The process is stopping.
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
}

impl Tasks {
    /// A manager with nothing in it; [`Tasks::resume`] takes up what the journal holds.
    pub fn new(
        config: TaskConfig,
        pipeline: Pipeline,
        journal: Journal,
        messenger: Option<Messenger>,
    ) -> Self {
        let inner = Inner {
            tasks: DashMap::new(),
            finished: Mutex::default(),
            queue: Arc::new(Semaphore::new(config.queue_capacity)),
            workers: Workers::new(config.workers),
            gate: Gate::new(config.pauses(), config.longest_retry),
            repeats: Repeats::new(config.repeat_windows),
            durations: Durations::default(),
            locks: Locks::default(),
            outage: Outage::default(),
            background: Background::default(),
            config,
            pipeline,
            journal,
            messenger,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes up every unfinished quotation of the journal. Requests may come meanwhile.
    pub async fn resume(&self) {
        self.take_up_unfinished().await;
    }

    async fn take_up_unfinished(&self) {
        let unfinished = match self.inner.journal.unfinished(self.inner.background.stop.clone()).await {
            Ok(unfinished) => unfinished,
            Err(error) => {
                return tracing::error!(%error, "unfinished quotations could not be read; restart to try again");
            }
        };
        if unfinished.elsewhere > 0 {
            tracing::warn!(
                count = unfinished.elsewhere,
                "unfinished quotations were accepted for another Odoo: they wait until ODOO_URL and ODOO_DB name it again"
            );
        }
        if !unfinished.ids.is_empty() {
            tracing::info!(count = unfinished.ids.len(), "taking up unfinished quotations");
        }
        for id in unfinished.ids {
            self.take_up(&id).await;
        }
    }

    /// Accepts a quotation: durable, and under way, when this returns. A repeat of a key answers with
    /// the quotation it named before; one that failed for a passing reason is tried again. So does, for a while, the same
    /// request of the same caller without a key.
    ///
    /// # Errors
    /// See [`SubmitError`]; nothing was accepted.
    pub async fn submit(
        &self,
        request: QuotationRequest,
        key: Option<&IdempotencyKey>,
        caller: &Caller,
    ) -> Result<Accepted, SubmitError> {
        let scope = self.inner.journal.target().key_scope();
        let name = match key {
            Some(key) => Name::Key(TrackingId::from_key(scope, key)),
            None => self.inner.repeats.id(&request, caller).map_or(Name::New, Name::Same),
        };
        let tasks = self.clone();
        // A caller that hangs up must not leave a quotation on disk that nobody works on.
        let accepted = self.inner.background.see_through(async move { tasks.accept(request, name).await });
        accepted.await.unwrap_or(Err(SubmitError::Stopping))
    }

    /// Whether Odoo refuses the service's log-in, and quotations wait for that to be mended.
    pub fn is_login_refused(&self) -> bool {
        self.inner.gate.is_closed()
    }

    /// Goes on with a quotation that an earlier process left, or tells the salesperson of one that it made.
    async fn take_up(&self, id: &TrackingId) {
        // A stop meanwhile waits for this, and nothing is begun after it: the next process takes it up.
        let _taking_up = self.inner.background.tracker.token();
        if self.inner.background.stop.is_cancelled() {
            return;
        }
        let _alone = self.inner.locks.lock(id).await;
        match self.find_locked(id).await {
            Ok(Some(Known::Logged(logged))) if logged.status.is_unfinished() && !logged.other_odoo => {
                self.resume_notification((**logged.status).clone());
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(tracking_id = %id, %error, "not taken up; repeat it with its key, or restart");
            }
        }
    }

    /// The caller holds the quotation's lock.
    fn resume_notification(&self, status: QuotationStatus) {
        let (inner, task) = (Arc::clone(&self.inner), Arc::new(Task::new(status)));
        // In memory, where delivery reports find it.
        inner.tasks.insert(task.status().tracking_id.clone(), Arc::clone(&task));
        self.inner.background.tracker.spawn(async move {
            inner.notify(&task, true).await;
            inner.retire(&task);
        });
    }

    /// Takes in what Twilio reports of the message about a quotation.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or the process is stopping.
    pub async fn reported(&self, id: TrackingId, report: Report) -> Result<(), SubmitError> {
        let inner = Arc::clone(&self.inner);
        // Half taken in, it could be written over newer news.
        let taken_in = self.inner.background.see_through(async move { inner.reported(&id, &report).await });
        taken_in.await.map_or(Err(SubmitError::Stopping), |taken_in| Ok(taken_in?))
    }

    /// The state of a quotation, from memory or the journal.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn status(&self, id: &TrackingId) -> Result<Option<Arc<Told>>, JournalError> {
        if let Some(status) = self.inner.tasks.get(id).map(|task| task.status()) {
            return Ok(Some(status));
        }
        Ok(self.inner.journal.find(id).await?.map(|logged| logged.status))
    }

    /// The state of a quotation and its changes until it is finished.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn subscribe(&self, id: &TrackingId) -> Result<Option<Subscription>, JournalError> {
        if let Some(task) = self.inner.tasks.get(id) {
            return Ok(Some(task.subscribe()));
        }
        Ok(self.find(id).await?.map(|known| known.subscribe()))
    }

    /// When a quotation accepted now should be done.
    pub fn estimate(&self) -> Estimate {
        let config = &self.inner.config;
        let ahead = config.queue_capacity.saturating_sub(self.inner.queue.available_permits());
        self.inner.durations.estimate(ahead, config.workers)
    }

    /// Takes no new work, lets what runs finish for so long, then leaves the rest to the journal.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.background.shutdown(grace).await;
    }

    async fn accept(&self, request: QuotationRequest, name: Name) -> Result<Accepted, SubmitError> {
        let inner = &self.inner;
        let id = match &name {
            Name::Key(reference) => inner.journal.id_of(reference).await?,
            Name::Same(id) => id.clone(),
            Name::New => TrackingId::random(),
        };
        let _alone = inner.locks.lock(&id).await;
        let known = match &name {
            // A random id is known to nobody.
            Name::New => None,
            Name::Key(_) | Name::Same(_) => self.find_locked(&id).await?,
        };
        let is_repeat = matches!(name, Name::Same(_));
        let (known, changes) = match known {
            None => {
                let (reference, before) = match name {
                    Name::Key(reference) => (reference, Before::Elsewhere),
                    Name::Same(_) | Name::New => (id.clone(), Before::Nobody),
                };
                let ids = ExternalIds::new(&reference, &request);
                let status = QuotationStatus::queued(id, ids, request, Timestamp::now());
                return self.begin(status, before, false).await;
            }
            Some(Known::Logged(logged)) if logged.other_odoo => return Err(SubmitError::OtherOdoo),
            Some(known) => (known.status(), known.subscribe()),
        };
        if known.input != request {
            return Err(SubmitError::KeyReused);
        }
        let again = is_repeat || error::worth_repeating(known.error_code.as_deref());
        if known.status == State::Failed && again {
            let ids = known.external_ids.clone();
            let mut status = QuotationStatus::queued(id, ids, request, known.created_at);
            status.kept = known.kept.clone();
            return self.begin(status, Before::Run, is_repeat).await;
        }
        Ok(Accepted { status: known, estimate: self.estimate(), changes, is_repeat })
    }

    /// Makes a quotation durable and starts it. The caller holds its lock.
    async fn begin(
        &self,
        status: QuotationStatus,
        before: Before,
        is_repeat: bool,
    ) -> Result<Accepted, SubmitError> {
        let inner = &self.inner;
        // Before it takes its place: it is not ahead of itself.
        let estimate = self.estimate();
        let place = Arc::clone(&inner.queue).try_acquire_owned().map_err(|_| SubmitError::QueueFull {
            capacity: inner.config.queue_capacity,
            retry_after: estimate.until_a_place_is_free(),
        })?;
        inner.journal.accept(&status).await?;
        let task = self.start(status, Some(place), before);
        Ok(Accepted { status: task.status(), estimate, changes: task.subscribe(), is_repeat })
    }

    /// What is known of a quotation; one that is unfinished is taken up.
    async fn find(&self, id: &TrackingId) -> Result<Option<Known>, JournalError> {
        let _alone = self.inner.locks.lock(id).await;
        self.find_locked(id).await
    }

    /// The same for who holds its lock.
    async fn find_locked(&self, id: &TrackingId) -> Result<Option<Known>, JournalError> {
        if let Some(task) = self.inner.tasks.get(id) {
            return Ok(Some(Known::Task(Arc::clone(&task))));
        }
        Ok(self.inner.journal.find(id).await?.map(|logged| {
            let over = logged.status.status.is_final() || logged.other_odoo;
            if over {
                Known::Logged(logged)
            } else {
                Known::Task(self.start((**logged.status).clone(), None, Before::Run))
            }
        }))
    }

    /// Starts a run. The caller holds the quotation's lock.
    fn start(
        &self,
        status: QuotationStatus,
        place: Option<OwnedSemaphorePermit>,
        before: Before,
    ) -> Arc<Task> {
        let (inner, id) = (Arc::clone(&self.inner), status.tracking_id.clone());
        let task = Arc::new(Task::new(status));
        self.inner.tasks.insert(id, Arc::clone(&task));
        let running = Arc::clone(&task);
        self.inner.background.tracker.spawn(async move { inner.run(&running, place, before).await });
        task
    }
}

/// What is known of a quotation.
enum Known {
    /// In memory.
    Task(Arc<Task>),
    /// In the journal only: finished, or made for another Odoo.
    Logged(Logged),
}

impl Known {
    fn status(&self) -> Arc<Told> {
        match self {
            Self::Task(task) => task.status(),
            Self::Logged(logged) => Arc::clone(&logged.status),
        }
    }

    fn subscribe(&self) -> Subscription {
        match self {
            Self::Task(task) => task.subscribe(),
            Self::Logged(logged) => Subscription::finished(Arc::clone(&logged.status)),
        }
    }
}

impl Inner {
    /// Remembers a finished quotation for a while, and forgets older ones.
    fn retire(&self, task: &Arc<Task>) {
        let size = approximate_size(&task.status());
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.add(Arc::clone(task), size, self.config.retention, |old| {
            // A later run of the same quotation stays until it is over itself: its end may not be on the disk yet.
            let id = &old.status().tracking_id;
            self.tasks.remove_if(id, |_, current| Arc::ptr_eq(current, old));
        });
    }
}

/// Bytes that a finished quotation takes in memory, about: its texts take what they take in JSON, which is kept,
/// too.
fn approximate_size(status: &Told) -> usize {
    const EMPTY: usize = 1000;
    EMPTY + 2 * status.json().len()
}
