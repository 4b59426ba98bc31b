//! Why a quotation could not be made.

use super::id::TrackingId;
use super::texts;
use crate::odoo::OdooError;

/// A failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum QuotationError {
    /// These products do not exist, or are archived.
    #[error("products {0:?} do not exist")]
    ProductNotFound(Vec<i64>),
    /// These products exist but may not be sold.
    #[error("products {0:?} are not for sale")]
    ProductNotSellable(Vec<i64>),
    /// The given salesperson is not an active internal user.
    #[error("user {0} is no active internal user")]
    SalespersonNotFound(i64),
    /// The record that `x_studio_producto` names does not exist.
    #[error("x_studio_producto {0} does not exist")]
    StudioValueNotFound(i64),
    /// There is nobody to give the quotation to.
    #[error("there is no salesperson")]
    NoSalesperson,
    /// A record of this quotation exists, but this service's user may not read it.
    #[error("the {0} of this quotation exists but may not be read")]
    Unreadable(&'static str),
    /// Odoo failed or refused.
    #[error(transparent)]
    Odoo(#[from] OdooError),
}

impl QuotationError {
    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Odoo(error) => error.is_transient(),
            Self::ProductNotFound(_)
            | Self::ProductNotSellable(_)
            | Self::SalespersonNotFound(_)
            | Self::StudioValueNotFound(_)
            | Self::NoSalesperson
            | Self::Unreadable(_) => false,
        }
    }

    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProductNotFound(_) => "product_not_found",
            Self::ProductNotSellable(_) => "product_not_sellable",
            Self::SalespersonNotFound(_) => "salesperson_not_found",
            Self::StudioValueNotFound(_) => "x_studio_producto_not_found",
            Self::NoSalesperson => "no_salesperson",
            Self::Unreadable(_) => OUTSIDE_ACCESS,
            Self::Odoo(error) => error.code(),
        }
    }
}

const OUTSIDE_ACCESS: &str = "odoo_access_error";
const OUTCOME_UNKNOWN: &str = "outcome_unknown";
const INTERNAL: &str = "internal_error";

/// Failures that the request itself caused: repeating it unchanged cannot help.
const CAUSED_BY_THE_REQUEST: [&str; 4] =
    ["product_not_found", "product_not_sellable", "salesperson_not_found", "x_studio_producto_not_found"];

/// Whether the same request, repeated with its key, is to be tried again.
pub fn worth_repeating(code: Option<&str>) -> bool {
    code.is_none_or(|code| !CAUSED_BY_THE_REQUEST.contains(&code))
}

/// How a quotation failed for good, as callers are told.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable name.
    pub code: &'static str,
    /// One sentence a person can act on.
    pub sentence: String,
}

impl Failure {
    /// What the last attempt failed of. `outcome_unknown`: records may have been made that are not known of.
    pub fn new(error: &QuotationError, outcome_unknown: bool, id: &TrackingId) -> Self {
        let hidden = outcome_unknown && error.is_transient();
        let code = if hidden { OUTCOME_UNKNOWN } else { error.code() };
        Self { code, sentence: texts::failure(error, outcome_unknown, id) }
    }

    /// A defect of this service.
    pub fn internal(id: &TrackingId) -> Self {
        Self { code: INTERNAL, sentence: texts::internal(id) }
    }
}
