//! Says once, not once for every quotation, that Odoo fails, and that it answers again.

use std::sync::PoisonError;

use tokio::time::Instant;

use super::Inner;
use crate::odoo::OdooError;
use crate::quotation::error::QuotationError;

impl Inner {
    /// An attempt failed and will be made again.
    pub(super) fn failed(&self, error: &QuotationError) {
        if !self.outage.lock().unwrap_or_else(PoisonError::into_inner).met(Instant::now()) {
            return;
        }
        // Other words come from Odoo, and may quote what a customer typed.
        let cause = match error {
            QuotationError::Odoo(OdooError::Unreachable(cause)) => cause.as_str(),
            _ => "",
        };
        tracing::warn!(code = error.code(), cause, "Odoo fails: quotations wait and are tried again");
    }

    /// An attempt succeeded.
    pub(super) fn answered(&self) {
        if self.outage.lock().unwrap_or_else(PoisonError::into_inner).ended(Instant::now()) {
            tracing::info!("Odoo answers again");
        }
    }
}
