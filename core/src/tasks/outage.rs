//! Says once, not once for every quotation, that Odoo fails, and that it answers again.

use crate::odoo::OdooError;
use crate::quotation::error::QuotationError;
use crate::quotation::id::TrackingId;
use crate::trouble::Trouble;

/// Whether Odoo is failing.
#[derive(Default)]
pub(super) struct Outage(Trouble);

impl Outage {
    /// An attempt failed and will be made again.
    pub(super) fn met(&self, id: &TrackingId, error: &QuotationError) {
        if !self.0.met(id.as_str(), true) {
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
    pub(super) fn ended(&self, id: &TrackingId) {
        if self.0.passed(id.as_str()) {
            tracing::info!("Odoo answers again");
        }
    }

    /// It is not tried any more.
    pub(super) fn given_up(&self, id: &TrackingId) {
        self.0.given_up(id.as_str());
    }
}
