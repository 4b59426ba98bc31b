//! Quotations in progress: accepted durably, made in the background, remembered.
//!
//! Every accepted quotation is in the journal before its caller hears of it. Memory holds those that
//! are not finished (at most the queue's capacity) and the most recent finished ones; whatever has
//! left memory is answered from the journal.

mod adopt;
mod error;
mod estimate;
mod finished;
mod gate;
mod identify;
mod keys;
mod notify;
mod outage;
mod place;
mod queue;
mod repeats;
mod run;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use self::error::SubmitError;
pub use self::estimate::Estimate;
pub use self::repeats::RepeatWindows;

use self::estimate::Durations;
use self::finished::Finished;
use self::gate::Gate;
use self::place::Workers;
use self::queue::{Full, Queue, Queued};
use self::repeats::Earlier;
use crate::access::{Caller, Door};
use crate::backoff::Backoff;
use crate::journal::{Journal, JournalError};
use crate::key::IdempotencyKey;
use crate::language::Language;
use crate::messages::{Messenger, Report};
use crate::quotation::document::{Quotation, QuotationDocument};
use crate::quotation::error::worth_repeating;
use crate::quotation::id::{ExternalIds, TrackingId};
use crate::quotation::pipeline::{Before, Pipeline};
use crate::quotation::request::QuotationRequest;
use crate::quotation::status::{QuotationStatus, State};
use crate::quotation::texts;
use crate::quotation::told::Told;
use crate::store::{Document, Filter, Store, Stored};
use crate::timestamp::Timestamp;
use crate::trouble::Trouble;
use crate::work::{Known, Live, Work};

/// The state of a quotation, then each change, the last one final.
pub type Subscription = crate::work::Subscription<Quotation>;

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
    /// How often folders of windows that are gone are looked for.
    pub adopt_every: Duration,
    /// Nothing is changed (`MCP_MODE`): what an earlier process left waits.
    pub read_only: bool,
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
            adopt_every: Duration::from_secs(30),
            read_only: false,
        }
    }
}

impl TaskConfig {
    fn backoff(&self) -> Backoff {
        Backoff { first: self.first_retry, longest: self.longest_retry }
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
    work: Work<Quotation>,
    /// Tells salespeople, where that is configured.
    messenger: Option<Messenger>,
    finished: Mutex<Finished<Arc<Live<Quotation>>>>,
    queue: Queue,
    workers: Workers,
    gate: Gate,
    durations: Durations,
    /// Of Odoo.
    trouble: Trouble,
    earlier: Earlier,
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
    /// That it was asked for a moment ago, or is the first of its kind; and what such are known by.
    Same(TrackingId, String),
    /// Nothing.
    New,
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
            finished: Mutex::default(),
            queue: Queue::new(config.queue_capacity),
            workers: Workers::new(config.workers),
            gate: Gate::new(config.backoff()),
            durations: Durations::default(),
            trouble: Trouble::default(),
            earlier: Earlier::default(),
            config,
            pipeline,
            work: Work::new(journal),
            messenger,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes up every unfinished quotation of the journal; tells whether that was all of them. Requests may come meanwhile.
    pub async fn resume(&self) -> bool {
        self.take_up_unfinished().await
    }

    /// Whether nothing is being done.
    pub fn is_idle(&self) -> bool {
        self.inner.work.background.tracker.is_empty()
    }

    async fn take_up_unfinished(&self) -> bool {
        let work = &self.inner.work;
        let stop = work.background.stop.clone();
        let named = |Stored { document, .. }: Stored<Quotation>| {
            Some((document.content.status.tracking_id, document.head.odoo))
        };
        let unfinished = match work.journal.list(Filter { unfinished: true, since: None }, stop, named).await
        {
            Ok(unfinished) => unfinished,
            Err(error) => {
                tracing::error!(%error, "unfinished quotations could not be read; restart to try again");
                return false;
            }
        };
        if self.inner.config.read_only {
            if !unfinished.is_empty() {
                tracing::warn!(
                    count = unfinished.len(),
                    "unfinished quotations wait: MCP_MODE=readonly changes nothing"
                );
            }
            return unfinished.is_empty();
        }
        let (ours, elsewhere): (Vec<_>, Vec<_>) =
            unfinished.into_iter().partition(|(_, odoo)| work.journal.is_ours(odoo));
        if !elsewhere.is_empty() {
            tracing::warn!(
                count = elsewhere.len(),
                "unfinished quotations were accepted for another Odoo: they wait until ODOO_URL and ODOO_DB name it again"
            );
        }
        if !ours.is_empty() {
            tracing::info!(count = ours.len(), "taking up unfinished quotations");
        }
        let mut all = elsewhere.is_empty();
        for (id, _) in ours {
            all &= self.take_up(&id).await;
        }
        all
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
        (caller, door): (&Caller, Door),
        language: Language,
    ) -> Result<Accepted, SubmitError> {
        let name = match key {
            Some(key) => Name::Key(self.inner.reference(key)),
            None => match self.inner.config.repeat_windows.mark(&request, caller, door) {
                None => Name::New,
                Some((mark, window)) => Name::Same(self.inner.same(&mark, window).await?, mark),
            },
        };
        let (tasks, caller) = (self.clone(), caller.clone());
        // A caller that hangs up must not leave a quotation on disk that nobody works on.
        let accepting = async move { tasks.accept(request, name, &caller, language).await };
        self.inner.work.background.see_through(accepting).await.unwrap_or(Err(SubmitError::Stopping))
    }

    /// Whether Odoo refuses the service's log-in, and quotations wait for that to be mended.
    pub fn is_login_refused(&self) -> bool {
        self.inner.gate.is_closed()
    }

    /// Goes on with a quotation that an earlier process left, or tells the salesperson of one that it made. Tells whether
    /// it could.
    async fn take_up(&self, id: &TrackingId) -> bool {
        let work = &self.inner.work;
        // A stop meanwhile waits for this, and nothing is begun after it: the next process takes it up.
        let _taking_up = work.background.tracker.token();
        if work.background.stop.is_cancelled() {
            return false;
        }
        let _alone = work.lock(id.as_str()).await;
        match self.find_locked(id).await {
            Ok(Some(Known::Stored(stored)))
                if stored.document.content.status.is_unfinished() && self.inner.may_take_up(&stored) =>
            {
                self.resume_notification(stored);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(tracking_id = %id, %error, "not taken up; repeat it with its key, or restart");
                return false;
            }
        }
        true
    }

    /// The caller holds the quotation's lock.
    fn resume_notification(&self, stored: Stored<Quotation>) {
        // In memory, where delivery reports find it.
        let (inner, live) = (Arc::clone(&self.inner), self.inner.work.take_up(stored));
        self.inner.work.background.tracker.spawn(async move {
            inner.notify(&live, true).await;
            inner.retire(&live);
        });
    }

    /// Takes in what Twilio reports of the message about a quotation.
    ///
    /// # Errors
    /// When the journal cannot be read or written, or the process is stopping.
    pub async fn reported(&self, id: TrackingId, report: Report) -> Result<(), SubmitError> {
        let inner = Arc::clone(&self.inner);
        // Half taken in, it could be written over newer news.
        let taken_in =
            self.inner.work.background.see_through(async move { inner.reported(&id, &report).await });
        taken_in.await.map_or(Err(SubmitError::Stopping), |taken_in| Ok(taken_in?))
    }

    /// The state of a quotation, from memory or the journal.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn status(&self, id: &TrackingId) -> Result<Option<Arc<Told>>, JournalError> {
        Ok(self.inner.work.find(id.as_str()).await?.map(|known| self.inner.told(&known)))
    }

    /// The state of a quotation and its changes until it is finished.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn subscribe(&self, id: &TrackingId) -> Result<Option<Subscription>, JournalError> {
        if let Some(live) = self.inner.work.live(id.as_str()) {
            return Ok(Some(live.subscribe()));
        }
        let _alone = self.inner.work.lock(id.as_str()).await;
        Ok(self.find_locked(id).await?.map(|known| self.inner.subscribe(&known)))
    }

    /// When a quotation accepted now should be done.
    pub fn estimate(&self) -> Estimate {
        let config = &self.inner.config;
        self.inner.durations.estimate(self.inner.queue.taken(), config.workers)
    }

    /// Takes no new work, lets what runs finish for so long, then leaves the rest to the journal.
    pub async fn shutdown(&self, grace: Duration) {
        self.inner.work.background.shutdown(grace).await;
    }

    async fn accept(
        &self,
        request: QuotationRequest,
        name: Name,
        caller: &Caller,
        language: Language,
    ) -> Result<Accepted, SubmitError> {
        let inner = &self.inner;
        let company = caller.works_in.company.or(inner.pipeline.company());
        let id = match &name {
            Name::Key(reference) => inner.id_of(reference).await?,
            Name::Same(id, _) => id.clone(),
            Name::New => TrackingId::random(),
        };
        let _alone = inner.work.lock(id.as_str()).await;
        let known = match &name {
            // A random id is known to nobody.
            Name::New => None,
            Name::Key(_) | Name::Same(..) => self.find_locked(&id).await?,
        };
        let is_repeat = matches!(name, Name::Same(..));
        let Some(known) = known else {
            let (reference, before, repeat_mark) = match name {
                Name::Key(reference) => (reference, Before::Elsewhere, None),
                Name::Same(_, mark) => (id.clone(), Before::Nobody, Some(mark)),
                Name::New => (id.clone(), Before::Nobody, None),
            };
            let apart = company.filter(|_| company != inner.pipeline.company());
            let external_ids = ExternalIds::new(&reference, &request).of_company(apart);
            let status = QuotationStatus::queued(id, request, Timestamp::now(), language);
            let target = inner.work.journal.target();
            let quotation = Quotation { status, external_ids, repeat_mark, language };
            let document = Document::new(quotation, target.name(), caller.id())
                .of_tenant(target.tenant())
                .of_company(company);
            return self.begin(document, None, before, false).await;
        };
        if let Known::Stored(stored) = &known
            && !inner.may_take_up(stored)
        {
            return Err(SubmitError::OtherOdoo);
        }
        // None of its changes is missed.
        let (changes, told) = (inner.subscribe(&known), known.told());
        let head = &told.document().head;
        // What others asked for is not told, not even that it is the same.
        if told.input != request
            || !caller.may_see(&head.owner)
            || head.company.or(inner.pipeline.company()) != company
        {
            return Err(SubmitError::KeyReused);
        }
        let again = is_repeat || worth_repeating(told.error_code.as_deref());
        if told.status == State::Failed && again {
            let earlier = told.document();
            let status = QuotationStatus::queued(id, request, told.created_at, language);
            let document = earlier.again(Quotation { status, language, ..earlier.content.clone() });
            return self.begin(document, Some(&known), Before::Run, is_repeat).await;
        }
        Ok(Accepted { status: told, estimate: self.estimate(), changes, is_repeat })
    }

    /// Makes a quotation durable and starts it. The caller holds its lock.
    async fn begin(
        &self,
        document: QuotationDocument,
        earlier: Option<&Known<Quotation>>,
        before: Before,
        is_repeat: bool,
    ) -> Result<Accepted, SubmitError> {
        let inner = &self.inner;
        // Before it takes its place: it is not ahead of itself.
        let estimate = self.estimate();
        let (capacity, retry_after) = (inner.config.queue_capacity, estimate.until_a_place_is_free());
        let place = inner.queue.place(&document.head.owner).map_err(|full| match full {
            Full::OfAll => SubmitError::QueueFull { capacity, retry_after },
            Full::OfTheirs => SubmitError::QueueShare { capacity, retry_after },
        })?;
        let live = inner.work.accept(document, earlier).await?;
        self.start(&live, place, before);
        Ok(Accepted { status: live.told(), estimate, changes: live.subscribe(), is_repeat })
    }

    /// What is known of a quotation; one that is unfinished is taken up. The caller holds its lock.
    async fn find_locked(&self, id: &TrackingId) -> Result<Option<Known<Quotation>>, JournalError> {
        Ok(self.inner.work.find(id.as_str()).await?.map(|known| match known {
            Known::Stored(stored)
                if !stored.document.content.status.status.is_final() && self.inner.may_take_up(&stored) =>
            {
                let place = self.inner.queue.later(&stored.document.head.owner);
                let live = self.inner.work.take_up(stored);
                self.start(&live, place, Before::Run);
                Known::Live(live)
            }
            known => known,
        }))
    }

    /// Starts a run. The caller holds the quotation's lock.
    fn start(&self, live: &Arc<Live<Quotation>>, place: Queued, before: Before) {
        let (inner, running) = (Arc::clone(&self.inner), Arc::clone(live));
        self.inner.work.background.tracker.spawn(async move { inner.run(&running, place, before).await });
    }
}

impl Inner {
    /// Whether this process may go on with what another left.
    fn may_take_up(&self, stored: &Stored<Quotation>) -> bool {
        !self.config.read_only && self.work.journal.is_ours(&stored.document.head.odoo)
    }

    /// What is told of it: also, what it waits for.
    fn told(&self, known: &Known<Quotation>) -> Arc<Told> {
        match known {
            Known::Stored(stored)
                if !stored.document.content.status.status.is_final() && !self.may_take_up(stored) =>
            {
                let mut document = stored.document.clone();
                let content = &mut document.content;
                let waits = if self.config.read_only { texts::read_only } else { texts::other_odoo };
                waits(content.language).clone_into(&mut content.status.progress);
                Arc::new(document.into())
            }
            known => known.told(),
        }
    }

    fn subscribe(&self, known: &Known<Quotation>) -> Subscription {
        match known {
            Known::Live(live) => live.subscribe(),
            Known::Stored(_) => Subscription::finished(self.told(known)),
        }
    }

    /// Remembers a finished quotation for a while, and forgets older ones.
    fn retire(&self, live: &Arc<Live<Quotation>>) {
        let size = approximate_size(&live.told());
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        finished.add(Arc::clone(live), size, self.config.retention, |old| {
            // A later run of the same quotation stays until it is over itself: its end may not be on the disk yet.
            self.work.forget(old);
        });
    }
}

/// Bytes that a finished quotation takes in memory, about: its texts take what they take in JSON, which is kept,
/// too.
fn approximate_size(status: &Told) -> usize {
    const EMPTY: usize = 1000;
    EMPTY + 2 * status.json().len()
}
