//! A quotation as it is told.

use super::document::Quotation;

/// One state of it; what of that callers are told is a [`QuotationStatus`](super::status::QuotationStatus).
pub type Told = crate::store::Told<Quotation>;
