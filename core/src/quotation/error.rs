//! Why a quotation could not be made.

use super::causes;
use super::id::TrackingId;
use super::texts::{self, Changed};
use crate::language::Language;
use crate::odoo::OdooError;

/// A failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum QuotationError {
    /// These products do not exist, or are archived.
    #[error("products {0:?} do not exist")]
    ProductNotFound(Vec<i64>),
    /// No product has these references or names.
    #[error("some products are not known by what they are called")]
    ProductNotCalled(Vec<String>),
    /// Several products are called so.
    #[error("a product's name stands for several")]
    ProductAmbiguous(Ambiguous),
    /// These products exist but may not be sold.
    #[error("products {0:?} are not for sale")]
    ProductNotSellable(Vec<i64>),
    /// These products belong to another company than the order, each with the company's name.
    #[error("some products are another company's")]
    ProductOfOtherCompany(Vec<(i64, String)>),
    /// Odoo keeps fewer decimals than this quantity or price has, so that nothing would be left of it.
    #[error("{0}")]
    RoundsToZero(Rounding),
    /// The given salesperson is not an active internal user.
    #[error("user {0} is no active internal user")]
    SalespersonNotFound(i64),
    /// No active internal user has this name or e-mail address.
    #[error("no salesperson is called so")]
    SalespersonNotCalled(String),
    /// Several have it.
    #[error("a salesperson's name stands for several")]
    SalespersonAmbiguous(Ambiguous),
    /// The record that `x_studio_producto` names does not exist.
    #[error("x_studio_producto {0} does not exist")]
    StudioValueNotFound(i64),
    /// The account does not work for the company that this is for; id and name of those that it works for.
    #[error("company {wanted} is none of the account's")]
    CompanyNotFound {
        /// Where the caller works.
        wanted: i64,
        /// Where they could.
        companies: Vec<(i64, String)>,
    },
    /// There is nobody to give the quotation to.
    #[error("there is no salesperson")]
    NoSalesperson,
    /// The opportunity of this quotation is there, but its order is not: somebody deleted it.
    #[error("the order of opportunity {0} is gone")]
    OrderDeleted(i64),
    /// A record of this quotation exists, but this service's user may not read it.
    #[error("the {0} of this quotation exists but may not be read")]
    Unreadable(&'static str),
    /// Odoo failed or refused.
    #[error(transparent)]
    Odoo(#[from] OdooError),
}

/// What somebody called a record, and which it may be: id and name of each.
#[derive(Debug)]
pub struct Ambiguous {
    /// As the request has it.
    pub called: String,
    /// Which it may be.
    pub candidates: Vec<(i64, String)>,
}

/// A number of a line of which Odoo keeps nothing.
#[derive(Debug, thiserror::Error)]
#[error("a number becomes 0")]
pub struct Rounding {
    /// What the product is called in Odoo, or its id.
    pub product: String,
    /// Which number.
    pub what: Changed,
    /// What was asked for.
    pub value: f64,
}

impl QuotationError {
    /// Whether another attempt may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Odoo(error) => error.is_transient(),
            Self::ProductNotFound(_)
            | Self::ProductNotCalled(_)
            | Self::ProductAmbiguous(_)
            | Self::ProductNotSellable(_)
            | Self::ProductOfOtherCompany(_)
            | Self::RoundsToZero(_)
            | Self::SalespersonNotFound(_)
            | Self::SalespersonNotCalled(_)
            | Self::SalespersonAmbiguous(_)
            | Self::StudioValueNotFound(_)
            | Self::CompanyNotFound { .. }
            | Self::NoSalesperson
            | Self::OrderDeleted(_)
            | Self::Unreadable(_) => false,
        }
    }

    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProductNotFound(_) | Self::ProductNotCalled(_) => "product_not_found",
            Self::ProductAmbiguous(_) => "product_ambiguous",
            Self::ProductNotSellable(_) => "product_not_sellable",
            Self::ProductOfOtherCompany(_) => "product_of_other_company",
            Self::RoundsToZero(_) => "rounds_to_zero",
            Self::SalespersonNotFound(_) | Self::SalespersonNotCalled(_) => "salesperson_not_found",
            Self::SalespersonAmbiguous(_) => "salesperson_ambiguous",
            Self::StudioValueNotFound(_) => "x_studio_producto_not_found",
            Self::CompanyNotFound { .. } => "company_not_found",
            Self::NoSalesperson => "no_salesperson",
            Self::OrderDeleted(_) => "order_deleted",
            Self::Unreadable(_) => OUTSIDE_ACCESS,
            Self::Odoo(error) => error.code(),
        }
    }
}

const OUTSIDE_ACCESS: &str = "odoo_access_error";
const OUTCOME_UNKNOWN: &str = "outcome_unknown";
const INTERNAL: &str = "internal_error";

/// Failures that the request itself caused: repeating it unchanged cannot help.
const CAUSED_BY_THE_REQUEST: [&str; 8] = [
    "product_not_found",
    "product_ambiguous",
    "product_not_sellable",
    "product_of_other_company",
    "rounds_to_zero",
    "salesperson_not_found",
    "salesperson_ambiguous",
    "x_studio_producto_not_found",
];

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
    pub fn new(error: &QuotationError, outcome_unknown: bool, id: &TrackingId, language: Language) -> Self {
        let code = if outcome_unknown { OUTCOME_UNKNOWN } else { error.code() };
        Self { code, sentence: causes::failure(error, outcome_unknown, id, language) }
    }

    /// A defect of this service.
    pub fn internal(id: &TrackingId, language: Language) -> Self {
        Self { code: INTERNAL, sentence: texts::internal(id, language) }
    }
}
