//! What is told of a quotation.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::TrackingId;
use super::request::QuotationRequest;
use crate::timestamp::Timestamp;

/// Where a quotation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted and durable, not yet begun.
    Queued,
    /// Being made, or waiting to be tried again.
    Processing,
    /// Made, exactly once.
    Completed,
    /// Not made, or made in part; `error` says why.
    Failed,
}

impl State {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// A quotation as `/api/quotation/status` shows it.
#[derive(Clone, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct QuotationStatus {
    /// Names the quotation.
    #[schema(value_type = String, example = "quot_3f2a9c0d5e6b47a1b8c9d0e1f2a3b4c5")]
    #[schemars(with = "String")]
    pub tracking_id: TrackingId,
    /// Where it is.
    pub status: State,
    /// What is being done.
    #[schema(example = "Creando lead...")]
    pub progress: String,
    /// The request.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub input: QuotationRequest,
    /// What was made in Odoo, also before a failure.
    pub output: Option<QuotationOutput>,
    /// What to do, when `failed`.
    pub error: Option<String>,
    /// Stable name of the failure.
    #[schema(example = "product_not_found")]
    pub error_code: Option<String>,
    /// UTC.
    pub created_at: Timestamp,
    /// UTC.
    pub updated_at: Timestamp,
}

impl QuotationStatus {
    /// A quotation just accepted.
    pub fn queued(tracking_id: TrackingId, input: QuotationRequest, created_at: Timestamp) -> Self {
        Self {
            tracking_id,
            status: State::Queued,
            progress: "En cola...".to_owned(),
            input,
            output: None,
            error: None,
            error_code: None,
            created_at,
            updated_at: Timestamp::now(),
        }
    }

    /// Whether something of it is still to be done.
    pub fn is_unfinished(&self) -> bool {
        let to_be_told = |output: &QuotationOutput| output.notification.is_pending();
        !self.status.is_final() || self.output.as_ref().is_some_and(to_be_told)
    }
}

/// Personal data: never printed whole.
impl fmt::Debug for QuotationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuotationStatus")
            .field("tracking_id", &self.tracking_id)
            .field("status", &self.status)
            .field("error_code", &self.error_code)
            .finish_non_exhaustive()
    }
}

/// What exists in Odoo. A field is absent when the step that gives it was not reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(default)]
pub struct QuotationOutput {
    /// `res.partner`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<i64>,
    /// Name of the partner in Odoo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_name: Option<String>,
    /// `crm.lead` of type opportunity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<i64>,
    /// Title of the opportunity in Odoo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_name: Option<String>,
    /// The same as `lead_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opportunity_id: Option<i64>,
    /// `sale.order`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_order_id: Option<i64>,
    /// Number of the order in Odoo.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "S00042")]
    pub sale_order_name: Option<String>,
    /// Salesperson, `res.users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// Total without taxes, in `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_untaxed: Option<f64>,
    /// Taxes, in `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_tax: Option<f64>,
    /// Total with taxes, in `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_total: Option<f64>,
    /// ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "MXN")]
    pub currency: Option<String>,
    /// The lines as they stand in Odoo.
    pub products_added: Vec<OrderedProduct>,
    /// How each record came to be.
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub steps: Steps,
    /// Whether the salesperson was told.
    pub notification: Notification,
    /// Opens the order in Odoo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odoo_url: Option<String>,
    /// What is otherwise than it was asked for, or not known: one sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One line of the order, as Odoo has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct OrderedProduct {
    /// `sale.order.line`
    pub line_id: i64,
    /// `product.product`; absent on a section or note that staff added.
    pub product_id: Option<i64>,
    /// Name of the product in Odoo.
    pub product_name: String,
    /// Quantity in the line's unit of measure.
    pub qty: f64,
    /// Unit price in the order's currency.
    pub price: f64,
}

/// How a record came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It was in Odoo before.
    Existing,
    /// It was archived in Odoo, and is not any more.
    Reactivated,
    /// This quotation made it.
    Created,
    /// The request named it.
    Given,
    /// Chosen by the load of the salespeople.
    Balanced,
}

/// How each record came to be; a step that was not reached is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(default)]
pub struct Steps {
    /// The customer: `existing`, `reactivated` or `created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<Origin>,
    /// The salesperson: `given` or `balanced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Origin>,
    /// The opportunity: `created`, or `existing` where its key had made it elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<Origin>,
    /// The order with its lines, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_order: Option<Origin>,
}

/// Whether the salesperson was told of the quotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(default)]
pub struct Notification {
    /// Whether a message was sent.
    pub sent: bool,
    /// `whatsapp` or `sms`.
    pub method: Option<String>,
    /// The message's id at the messaging service.
    pub message_sid: Option<String>,
    /// Why none was sent.
    pub error: Option<String>,
}

impl Notification {
    /// Whether the salesperson is still to be told.
    pub fn is_pending(&self) -> bool {
        self.method.is_some() && !self.sent && self.error.is_none()
    }
}
