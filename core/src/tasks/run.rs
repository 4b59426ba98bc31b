//! The life of one quotation after it was accepted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures::FutureExt;
use tokio::time::Instant;

use super::Inner;
use super::estimate::Running;
use super::place::{OutOfTime, TimeLeft, is_refused, refused};
use super::queue::Queued;
use crate::journal::JournalError;
use crate::odoo::OdooError;
use crate::quotation::document::{Quotation, QuotationDocument};
use crate::quotation::error::{Failure, QuotationError};
use crate::quotation::pipeline::{Before, Draft};
use crate::quotation::status::{QuotationOutput, State};
use crate::quotation::texts;
use crate::work::Live;

/// A state that is over sooner is not written down: nobody gets to read it.
const MOMENT: Duration = Duration::from_millis(100);

/// How a quotation ended.
type Outcome = Result<QuotationOutput, (Failure, QuotationOutput)>;

/// The process is stopping; the journal has what is to be taken up.
pub(super) struct Stopped;

impl Inner {
    pub(super) async fn run(
        self: &Arc<Self>,
        live: &Arc<Live<Quotation>>,
        mut place: Queued,
        before: Before,
    ) {
        // What a restart takes up waits here for its place in the queue.
        if self.unless_stopping(place.wait()).await.is_err() {
            return;
        }
        let language = live.told().document().content.language;
        let mut draft = Draft::new(before, language);
        let mut begun = None;
        let made = AssertUnwindSafe(self.make(live, &mut draft, &mut begun)).catch_unwind().await;
        let outcome = match made {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(Stopped)) => return,
            Err(_) => Err((Failure::internal(&live.told().tracking_id, language), draft.output())),
        };
        let took = begun.map_or(Duration::ZERO, |running| running.since().elapsed());
        if outcome.is_ok() {
            self.durations.record(took);
        }
        // The end is durable, then told: who hears of it may at once ask for more.
        let ended = live.change(&self.work.journal, |document| self.conclude(document, outcome)).await;
        if matches!(ended, Err(JournalError::TakenOver)) {
            tracing::warn!(tracking_id = %live.told().tracking_id, "another process goes on with this quotation");
            return self.work.forget(live);
        }
        let status = live.told();
        let (milliseconds, id) = (took.as_millis(), &status.tracking_id);
        match &status.error_code {
            None => tracing::info!(tracking_id = %id, milliseconds, "quotation completed"),
            Some(code) => tracing::warn!(tracking_id = %id, milliseconds, code, "quotation failed"),
        }
        if ended.is_err() {
            self.work.insist(live, |_| false).await;
        }
        // The quotation is told and its place free for the next.
        drop(place);
        // Delivery reports find it in memory as long as its salesperson is being told.
        self.notify(live, false).await;
        self.retire(live);
    }

    /// Tries until it is made, refused, out of time, or the process stops.
    async fn make<'a>(
        self: &'a Arc<Self>,
        live: &Arc<Live<Quotation>>,
        draft: &mut Draft,
        begun: &mut Option<Running<'a>>,
    ) -> Result<Outcome, Stopped> {
        let mut pauses = self.config.backoff().pauses();
        let deadline_at = live.told().document().head.deadline_at;
        let mut time = TimeLeft::new(self.config.deadline, deadline_at, Utc::now());
        let mut error = QuotationError::from(OdooError::TimedOut(self.config.deadline));
        let error = loop {
            let Some(place) = self.place(live, begun.is_some(), &mut time).await? else { break refused() };
            if self.gate.is_closed() {
                // It tries for all: should time run out, this is what it waited for.
                error = refused();
            }
            self.goes_on(live, &mut time);
            let (running, began) = (begun.get_or_insert_with(|| self.durations.begin()), Instant::now());
            match time.spend(self.attempt(live, running, draft)).await {
                Ok(Ok(Ok(output))) => {
                    self.gate.passed(began);
                    self.answered(&live.told().tracking_id);
                    return Ok(Ok(output));
                }
                Ok(Ok(Err(met))) => error = met,
                Ok(Err(stopped)) => return Err(stopped),
                // Cut short: what the try before it met says more.
                Err(OutOfTime) => break error,
            }
            drop(place);
            let id = &live.told().tracking_id;
            tracing::debug!(tracking_id = %id, code = error.code(), "attempt failed");
            if is_refused(&error) {
                self.gate.refused(began);
                continue;
            }
            if !error.is_transient() {
                // Its own answer, to one that it knows.
                self.gate.passed(began);
                break error;
            }
            let pause = pauses.pause();
            if time.is_over_in(pause) {
                break error;
            }
            self.failed(id, &error);
            live.update(|document| {
                document.content.status.progress = texts::waiting(&error, pause, draft.language())
            });
            match time.spend(self.unless_stopping(tokio::time::sleep(pause))).await {
                Ok(waited) => waited?,
                Err(OutOfTime) => break error,
            }
        };
        self.trouble.given_up(live.told().tracking_id.as_str());
        if let Some(made) = draft.made().filter(|_| error.is_transient()) {
            return Ok(Ok(made));
        }
        let id = &live.told().tracking_id;
        let failure = Failure::new(&error, draft.outcome_unknown(), id, draft.language());
        Ok(Err((failure, draft.output())))
    }

    /// One try.
    async fn attempt(
        self: &Arc<Self>,
        live: &Arc<Live<Quotation>>,
        running: &Running<'_>,
        draft: &mut Draft,
    ) -> Result<Result<QuotationOutput, QuotationError>, Stopped> {
        let told = live.update(|document| document.content.status.status = State::Processing);
        running.tries();
        let (head, content) = (&told.document().head, &told.document().content);
        let language = content.language;
        let pipeline = self.pipeline.of_company(head.company);
        let attempt = pipeline.attempt(&content.external_ids, &content.status.input, draft, |step| {
            running.done(step.number());
            live.update(|document| step.text(language).clone_into(&mut document.content.status.progress));
        });
        tokio::select! {
            result = attempt => Ok(result),
            () = self.work.background.abort.cancelled() => Err(Stopped),
        }
    }

    /// Beyond a moment, readers and who takes it up see that it is being made, and till when.
    pub(super) async fn write_what_lasts(self: Arc<Self>, live: Arc<Live<Quotation>>) {
        let _ = self.unless_stopping(tokio::time::sleep(MOMENT)).await;
        if live.told().status.is_final() {
            return;
        }
        if let Err(error) = live.write(&self.work.journal).await {
            tracing::debug!(tracking_id = %live.told().tracking_id, %error, "log file not written");
        }
    }

    pub(super) async fn unless_stopping<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            () = self.work.background.stop.cancelled() => Err(Stopped),
            done = work => Ok(done),
        }
    }

    fn conclude(&self, document: &mut QuotationDocument, outcome: Outcome) -> bool {
        let Quotation { status, language, .. } = &mut document.content;
        match outcome {
            Ok(output) => {
                status.status = State::Completed;
                texts::completed(*language).clone_into(&mut status.progress);
                status.output = Some(output);
            }
            Err((failure, made)) => {
                status.status = State::Failed;
                texts::failed(*language).clone_into(&mut status.progress);
                status.output = Some(made);
                status.error = Some(failure.sentence);
                status.error_code = Some(failure.code.to_owned());
            }
        }
        document.head.deadline_at = self.plan_notification(&mut document.content.status);
        true
    }
}
