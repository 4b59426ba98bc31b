//! The life of one quotation after it was accepted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder;
use futures::FutureExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::Inner;
use super::estimate::Running;
use super::place::{OutOfTime, TimeLeft, is_refused, refused};
use super::task::Task;
use crate::journal::JournalError;
use crate::odoo::OdooError;
use crate::quotation::error::{Failure, QuotationError};
use crate::quotation::pipeline::{Before, Draft};
use crate::quotation::status::{QuotationOutput, QuotationStatus, State};
use crate::quotation::texts;
use crate::timestamp::Timestamp;

/// A state that is over sooner is not written down: nobody gets to read it.
const MOMENT: Duration = Duration::from_millis(100);

/// How a quotation ended.
type Outcome = Result<QuotationOutput, (Failure, QuotationOutput)>;

/// The process is stopping; the journal has what is to be taken up.
pub(super) struct Stopped;

impl Inner {
    pub(super) async fn run(
        self: &Arc<Self>,
        task: &Arc<Task>,
        place: Option<OwnedSemaphorePermit>,
        before: Before,
    ) {
        // What a restart takes up waits here for its place in the queue.
        let place = match place {
            Some(place) => Ok(place),
            None => self
                .unless_stopping(Arc::clone(&self.queue).acquire_owned())
                .await
                .and_then(|place| place.map_err(|_| Stopped)),
        };
        let Ok(place) = place else { return };
        let mut draft = Draft::new(before);
        let mut begun = None;
        let made = AssertUnwindSafe(self.make(task, &mut draft, &mut begun)).catch_unwind().await;
        let outcome = match made {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(Stopped)) => return,
            Err(_) => Err((Failure::internal(&task.status().tracking_id), draft.output())),
        };
        let took = begun.map_or(Duration::ZERO, |running| running.since().elapsed());
        if outcome.is_ok() {
            self.durations.record(took);
        }
        let written = self.finish(task, outcome).await;
        let status = task.status();
        let (milliseconds, id) = (took.as_millis(), &status.tracking_id);
        match &status.error_code {
            None => tracing::info!(tracking_id = %id, milliseconds, "quotation completed"),
            Some(code) => tracing::warn!(tracking_id = %id, milliseconds, code, "quotation failed"),
        }
        if let Err(error) = written {
            self.keep_writing(task, error).await;
        }
        // The quotation is told and its place free for the next.
        drop(place);
        // Delivery reports find it in memory as long as its salesperson is being told.
        self.notify(task, false).await;
        self.retire(task);
    }

    /// Makes the end durable, then tells it: who hears of it may at once ask for more.
    async fn finish(&self, task: &Task, outcome: Outcome) -> Result<(), JournalError> {
        let mut status = (**task.status()).clone();
        let _alone = self.locks.lock(&status.tracking_id).await;
        conclude(&mut status, outcome);
        self.plan_notification(&mut status);
        status.updated_at = Timestamp::now();
        let written = self.journal.write(&status).await;
        task.update(|told| *told = status);
        written
    }

    /// Tries until it is made, refused, out of time, or the process stops.
    async fn make<'a>(
        self: &'a Arc<Self>,
        task: &Arc<Task>,
        draft: &mut Draft,
        begun: &mut Option<Running<'a>>,
    ) -> Result<Outcome, Stopped> {
        let mut pauses = self.config.pauses().build();
        let mut time = TimeLeft::new(self.config.deadline);
        let mut error = QuotationError::from(OdooError::TimedOut(self.config.deadline));
        let error = loop {
            let Some(place) = self.place(task, begun.is_some(), &mut time).await? else { break refused() };
            if self.gate.is_closed() {
                // It tries for all: should time run out, this is what it waited for.
                error = refused();
            }
            let (running, began) = (begun.get_or_insert_with(|| self.durations.begin()), Instant::now());
            match time.spend(self.attempt(task, running, draft)).await {
                Ok(Ok(Ok(output))) => {
                    self.gate.passed(began);
                    self.outage.ended(&task.status().tracking_id);
                    return Ok(Ok(output));
                }
                Ok(Ok(Err(met))) => error = met,
                Ok(Err(stopped)) => return Err(stopped),
                // Cut short: what the try before it met says more.
                Err(OutOfTime) => break error,
            }
            drop(place);
            let id = &task.status().tracking_id;
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
            let pause = pauses.next().unwrap_or(self.config.longest_retry);
            if time.is_over_in(pause) {
                break error;
            }
            self.outage.met(id, &error);
            task.update(|status| status.progress = texts::waiting(&error, pause));
            match time.spend(self.unless_stopping(tokio::time::sleep(pause))).await {
                Ok(waited) => waited?,
                Err(OutOfTime) => break error,
            }
        };
        self.outage.given_up(&task.status().tracking_id);
        if let Some(made) = draft.made().filter(|_| error.is_transient()) {
            return Ok(Ok(made));
        }
        let failure = Failure::new(&error, draft.outcome_unknown(), &task.status().tracking_id);
        Ok(Err((failure, draft.output())))
    }

    /// One try.
    async fn attempt(
        self: &Arc<Self>,
        task: &Arc<Task>,
        running: &Running<'_>,
        draft: &mut Draft,
    ) -> Result<Result<QuotationOutput, QuotationError>, Stopped> {
        let was_queued = task.status().status == State::Queued;
        let status = task.update(|status| status.status = State::Processing);
        running.tries();
        let attempt = self.pipeline.attempt(&status.external_ids, &status.input, draft, |step| {
            running.done(step.number());
            task.update(|status| step.text().clone_into(&mut status.progress));
        });
        if was_queued {
            self.background.tracker.spawn(Arc::clone(self).write_processing(Arc::clone(task)));
        }
        tokio::select! {
            result = attempt => Ok(result),
            () = self.background.abort.cancelled() => Err(Stopped),
        }
    }

    /// Only a courtesy to readers, where it lasts: the journal takes up a queued quotation just as well.
    async fn write_processing(self: Arc<Self>, task: Arc<Task>) {
        let _ = self.unless_stopping(tokio::time::sleep(MOMENT)).await;
        if task.status().status.is_final() {
            return;
        }
        if let Err(error) = self.write_down(&task).await {
            tracing::debug!(tracking_id = %task.status().tracking_id, %error, "log file not written");
        }
    }

    /// Writes the state as it is now, unless a later run of the same quotation has taken over.
    async fn write_down(&self, task: &Arc<Task>) -> Result<(), JournalError> {
        let id = task.status().tracking_id.clone();
        let _alone = self.locks.lock(&id).await;
        let current = self.tasks.get(&id).is_some_and(|current| Arc::ptr_eq(&current, task));
        if current { self.journal.write(&task.status()).await } else { Ok(()) }
    }

    /// Keeps at it while the disk refuses: the quotation exists and its log must say so.
    async fn keep_writing(&self, task: &Arc<Task>, mut error: JournalError) {
        let mut patience = self.background.patience();
        loop {
            let id = task.status().tracking_id.clone();
            tracing::debug!(tracking_id = %id, %error, "log file not written; trying again");
            if !patience.wait().await {
                return;
            }
            match self.write_down(task).await {
                Ok(()) => return,
                Err(again) => error = again,
            }
        }
    }

    pub(super) async fn unless_stopping<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            () = self.background.stop.cancelled() => Err(Stopped),
            done = work => Ok(done),
        }
    }
}

fn conclude(status: &mut QuotationStatus, outcome: Outcome) {
    match outcome {
        Ok(output) => {
            status.status = State::Completed;
            texts::COMPLETED.clone_into(&mut status.progress);
            status.output = Some(output);
        }
        Err((failure, made)) => {
            status.status = State::Failed;
            texts::FAILED.clone_into(&mut status.progress);
            status.output = Some(made);
            status.error = Some(failure.sentence);
            status.error_code = Some(failure.code.to_owned());
        }
    }
}
