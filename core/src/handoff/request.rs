//! What is asked for when a customer is handed over to a salesperson.

use std::fmt;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::input::{trimmed, trimmed_or_absent};
use crate::rules;

/// A customer who wants to speak with a salesperson.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(transform = name_required)]
#[schema(example = json!({
    "user_phone": "+52 33 1234 5678", "user_name": "Luis Torres", "reason": "Quiere un descuento por volumen",
    "conversation_id": "conv_01jx", "sale_order_id": 42
}))]
pub struct HandoffRequest {
    /// The customer's phone.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::text(64)))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 64,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    pub user_phone: String,
    /// Why they want a person.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::text(2000)))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 2_000,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    pub reason: String,
    /// The customer's name.
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::text(256))))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")]
    pub user_name: Option<String>,
    /// The conversation; a repeat with the same reason within 10 minutes sends nothing.
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::text(256))))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")]
    pub conversation_id: Option<String>,
    /// Opportunity (`crm.lead`) they speak of; 0: none.
    #[serde(default)]
    #[garde(inner(custom(rules::record_id(0))))]
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub lead_id: Option<i64>,
    /// Quotation (`sale.order`) they speak of; 0: none.
    #[serde(default)]
    #[garde(inner(custom(rules::record_id(0))))]
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    pub sale_order_id: Option<i64>,
    /// What else the salesperson should know.
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::description)))]
    #[schema(max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")]
    pub additional_context: Option<String>,
}

impl HandoffRequest {
    /// The opportunity they speak of.
    pub fn lead(&self) -> Option<i64> {
        self.lead_id.filter(|id| *id > 0)
    }

    /// The quotation they speak of.
    pub fn sale_order(&self) -> Option<i64> {
        self.sale_order_id.filter(|id| *id > 0)
    }
}

/// Personal data: never printed whole.
impl fmt::Debug for HandoffRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lead, order) = (self.lead_id, self.sale_order_id);
        f.debug_struct("HandoffRequest")
            .field("lead_id", &lead)
            .field("sale_order_id", &order)
            .finish_non_exhaustive()
    }
}

/// serde fills these in when they are missing, so that all bad fields are named at once.
fn name_required(schema: &mut schemars::Schema) {
    schema.insert("required".to_owned(), ["user_phone", "reason"].as_slice().into());
}
