//! Holds quotations back while Odoo refuses the log-in: an API key that expired would otherwise fail all of them. One at
//! a time tries, after growing pauses, and when it is let in, all go on.

use std::sync::{Mutex as State, MutexGuard as StateGuard, PoisonError};

use tokio::sync::{Mutex, MutexGuard, watch};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::outage::Outage;

/// Whether Odoo lets the service in.
pub(super) struct Gate {
    closed: watch::Sender<bool>,
    /// Held by the one that tries.
    trying: Mutex<()>,
    outage: State<Outage>,
}

impl Gate {
    /// An open one.
    pub(super) fn new(backoff: Backoff) -> Self {
        Self {
            closed: watch::Sender::new(false),
            trying: Mutex::default(),
            outage: State::new(Outage::new(backoff)),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Odoo refused the log-in in an attempt that began then.
    pub(super) fn refused(&self, began: Instant) {
        let mut outage = self.outage();
        if outage.met(began) {
            self.closed.send_replace(true);
            tracing::error!(
                "Odoo refuses the log-in: quotations wait until it works again; check ODOO_LOGIN and ODOO_API_KEY"
            );
        }
    }

    /// Odoo let the service in, in an attempt that began then.
    pub(super) fn passed(&self, began: Instant) {
        let mut outage = self.outage();
        if outage.ended(began) {
            self.closed.send_replace(false);
            tracing::info!("Odoo accepts the log-in again: quotations go on");
        }
    }

    /// Waits until all may go on (`None`), or the caller is the one to try.
    pub(super) async fn wait(&self) -> Option<MutexGuard<'_, ()>> {
        let mut closed = self.closed.subscribe();
        let turn = async {
            let alone = self.trying.lock().await;
            let until = self.outage().until();
            tokio::time::sleep_until(until.unwrap_or_else(Instant::now)).await;
            alone
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| !closed) => None,
            alone = turn => Some(alone),
        }
    }

    fn outage(&self) -> StateGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
