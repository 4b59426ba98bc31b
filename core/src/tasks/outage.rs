//! Says once, not once for every quotation, that Odoo fails, and that it answers again.

use super::Inner;
use crate::odoo::OdooError;
use crate::quotation::error::QuotationError;
use crate::quotation::id::TrackingId;

impl Inner {
    /// An attempt failed and will be made again.
    pub(super) fn failed(&self, id: &TrackingId, error: &QuotationError) {
        if !self.trouble.met(id.as_str(), true) {
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
    pub(super) fn answered(&self, id: &TrackingId) {
        if self.trouble.passed(id.as_str()) {
            tracing::info!("Odoo answers again");
        }
    }
}
