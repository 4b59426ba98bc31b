//! Says once, not once for every quotation, that Odoo fails, and that it answers again.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::odoo::OdooError;
use crate::quotation::error::QuotationError;

/// Whether Odoo is failing.
#[derive(Default)]
pub(super) struct Outage(AtomicBool);

impl Outage {
    /// An attempt failed and will be made again.
    pub(super) fn met(&self, error: &QuotationError) {
        if self.0.swap(true, Ordering::Relaxed) {
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
    pub(super) fn ended(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!("Odoo answers again");
        }
    }
}
