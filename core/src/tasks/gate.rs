//! Holds quotations back while Odoo refuses the log-in: an API key that expired would otherwise fail all of them. One at
//! a time tries, after growing pauses, and when it is let in, all go on.

use std::sync::{Mutex as State, MutexGuard as StateGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::Instant;

/// Whether Odoo lets the service in.
pub(super) struct Gate {
    closed: watch::Sender<bool>,
    pauses: ExponentialBuilder,
    longest: Duration,
    /// Held by the one that tries.
    trying: Mutex<()>,
    state: State<Refusals>,
}

struct Refusals {
    pauses: ExponentialBackoff,
    /// When the last pause began, and when it is over.
    since: Instant,
    until: Instant,
    /// When Odoo last let the service in again.
    opened: Option<Instant>,
}

impl Gate {
    /// An open one.
    pub(super) fn new(pauses: ExponentialBuilder, longest: Duration) -> Self {
        let now = Instant::now();
        let refusals = Refusals { pauses: pauses.build(), since: now, until: now, opened: None };
        Self {
            closed: watch::Sender::new(false),
            pauses,
            longest,
            trying: Mutex::default(),
            state: State::new(refusals),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Odoo refused the log-in in an attempt that began then.
    pub(super) fn refused(&self, began: Instant) {
        let mut state = self.state();
        if self.is_closed() {
            // Of attempts that began before the pause nothing new is learnt.
            if began >= state.since {
                state.pause(self.longest);
            }
        } else if state.opened.is_none_or(|opened| began >= opened) {
            state.pauses = self.pauses.build();
            state.pause(self.longest);
            self.closed.send_replace(true);
            tracing::error!(
                "Odoo refuses the log-in: quotations wait until it works again; check ODOO_LOGIN and ODOO_API_KEY"
            );
        }
    }

    /// Odoo let the service in, in an attempt that began then. One from before the pause may have been let in before
    /// the refusal.
    pub(super) fn passed(&self, began: Instant) {
        let mut state = self.state();
        if began >= state.since && self.closed.send_if_modified(std::mem::take) {
            state.opened = Some(Instant::now());
            tracing::info!("Odoo accepts the log-in again: quotations go on");
        }
    }

    /// Waits until all may go on (`None`), or the caller is the one to try.
    pub(super) async fn wait(&self) -> Option<MutexGuard<'_, ()>> {
        let mut closed = self.closed.subscribe();
        let turn = async {
            let alone = self.trying.lock().await;
            let until = self.state().until;
            tokio::time::sleep_until(until).await;
            alone
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| !closed) => None,
            alone = turn => Some(alone),
        }
    }

    fn state(&self) -> StateGuard<'_, Refusals> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refusals {
    fn pause(&mut self, longest: Duration) {
        self.since = Instant::now();
        self.until = self.since + self.pauses.next().unwrap_or(longest);
    }
}
