//! What a caller asks for, and the rules it must keep.

use std::fmt;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::together;
use crate::input::{trimmed, trimmed_or_absent};
use crate::rules;

pub use crate::rules::PRICELIST;

/// A quotation to make: one partner, one opportunity, one sale order with its lines.
///
/// Texts are trimmed. Amounts are in the currency of the order's pricelist, quantities in the
/// product's unit of measure.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(transform = name_required)]
#[schema(example = json!({
    "partner_name": "Almacenes Torres", "contact_name": "Luis Fernández", "email": "luis@almacenes-torres.example",
    "phone": "+52 155 1234 5678", "lead_name": "Cotización Robot PUDU", "product_id": 26174, "product_qty": 1,
    "description": "Para restaurante", "ciudad": "Guadalajara"
}))]
pub struct QuotationRequest {
    /// The customer: a company or a person.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::name))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 256,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    pub partner_name: String,
    /// The person who asks.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::name))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 256,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    pub contact_name: String,
    /// The customer is found by it.
    #[serde(default, deserialize_with = "normalised_email")]
    #[garde(custom(rules::email))]
    #[schema(required = true, format = Email)]
    pub email: String,
    /// Digits, `+ - ( ) .` and spaces.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::phone))]
    #[schema(
        required = true,
        min_length = 3,
        max_length = 32,
        pattern = "^([0-9][0-9+() .-]*[0-9+().-]|[+().-][0-9+() .-]*[0-9]([0-9+() .-]*[0-9+().-])?)$"
    )]
    pub phone: String,
    /// Title of the opportunity.
    #[serde(default, deserialize_with = "trimmed")]
    #[garde(custom(rules::name))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 256,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
    )]
    pub lead_name: String,
    /// One product (`product.product`); 0: none.
    #[serde(default)]
    #[garde(custom(rules::record_id(0)), custom(together::one_product_form(self)))]
    #[schema(minimum = 0, maximum = 2_147_483_647, default = 0)]
    pub product_id: i64,
    /// The product by its internal reference or exact name, instead of its id.
    #[serde(default, deserialize_with = "trimmed_or_absent", skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(rules::name)), custom(together::one_product(self.product_id)))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    pub product: Option<String>,
    /// Its quantity.
    #[serde(default = "one")]
    #[garde(custom(rules::quantity))]
    #[schema(exclusive_minimum = 0, maximum = 1_000_000_000, default = 1)]
    pub product_qty: f64,
    /// Its unit price; -1: the pricelist's.
    #[serde(default = "pricelist")]
    #[garde(custom(rules::price))]
    #[schema(schema_with = price)]
    pub product_price: f64,
    /// Several products instead.
    #[serde(default)]
    #[garde(custom(together::line_count), dive)]
    #[schema(min_items = 1, max_items = 1000)]
    pub products: Option<Vec<ProductLine>>,
    /// Salesperson (`res.users`); 0: the least busy.
    #[serde(default)]
    #[garde(custom(rules::record_id(0)))]
    #[schema(minimum = 0, maximum = 2_147_483_647, default = 0)]
    pub user_id: i64,
    /// The salesperson by name or e-mail, instead of the id.
    #[serde(default, deserialize_with = "trimmed_or_absent", skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(rules::name)), custom(together::one_salesperson(self.user_id)))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    pub salesperson: Option<String>,
    /// Notes for the opportunity.
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::description)))]
    #[schema(max_length = 10_000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")]
    pub description: Option<String>,
    /// City of a new customer.
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(rules::name)))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    pub ciudad: Option<String>,
    /// For the opportunity's field of that name, if any.
    #[serde(default)]
    #[garde(inner(custom(rules::integer)))]
    #[schema(minimum = -2_147_483_648, maximum = 2_147_483_647)]
    pub x_studio_producto: Option<i64>,
}

/// One line of the quotation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "product_id": 26174, "qty": 2, "price": -1 }))]
pub struct ProductLine {
    /// Product (`product.product`).
    #[serde(default, skip_serializing_if = "is_zero")]
    #[garde(custom(rules::record_id(0)), custom(together::some_product(self.product.is_some())))]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub product_id: i64,
    /// The product by its internal reference or exact name, instead of its id.
    #[serde(default, deserialize_with = "trimmed_or_absent", skip_serializing_if = "Option::is_none")]
    #[garde(inner(custom(rules::name)), custom(together::one_product(self.product_id)))]
    #[schema(max_length = 256, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    pub product: Option<String>,
    /// Quantity.
    #[serde(default = "one")]
    #[garde(custom(rules::quantity))]
    #[schema(exclusive_minimum = 0, maximum = 1_000_000_000, default = 1)]
    pub qty: f64,
    /// Unit price; -1: the pricelist's.
    #[serde(default = "pricelist")]
    #[garde(custom(rules::price))]
    #[schema(schema_with = price)]
    pub price: f64,
}

impl QuotationRequest {
    /// Whether some lines have a price and others leave it to the pricelist.
    pub fn mixes_prices(&self) -> bool {
        let lines = self.lines();
        lines.iter().any(ProductLine::has_price) && !lines.iter().all(ProductLine::has_price)
    }

    /// The lines to order, whichever form they were given in.
    pub fn lines(&self) -> Vec<ProductLine> {
        match &self.products {
            Some(lines) => lines.clone(),
            None if self.product_id == 0 && self.product.is_none() => Vec::new(),
            None => vec![ProductLine {
                product_id: self.product_id,
                product: self.product.clone(),
                qty: self.product_qty,
                price: self.product_price,
            }],
        }
    }
}

impl ProductLine {
    /// Whether the caller names the price; else the pricelist does.
    pub fn has_price(&self) -> bool {
        self.price != PRICELIST
    }
}

/// Personal data: never printed whole.
impl fmt::Debug for QuotationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuotationRequest").field("lines", &self.lines().len()).finish_non_exhaustive()
    }
}

/// serde fills these in when they are missing, so that all bad fields are named at once.
fn name_required(schema: &mut schemars::Schema) {
    schema.insert(
        "required".to_owned(),
        ["partner_name", "contact_name", "email", "phone", "lead_name"].as_slice().into(),
    );
}

fn is_zero(id: &i64) -> bool {
    *id == 0
}

/// Nothing lies between the pricelist's sign and 0.
fn price() -> Schema {
    let number = || ObjectBuilder::new().schema_type(Type::Number);
    let pricelist = number().enum_values(Some([PRICELIST]));
    let given = number().minimum(Some(0)).maximum(Some(1_000_000_000_000_i64));
    let description = Some("Unit price; -1: the pricelist's.");
    OneOfBuilder::new()
        .item(pricelist)
        .item(given)
        .default(Some(PRICELIST.into()))
        .description(description)
        .into()
}

fn one() -> f64 {
    1.0
}

fn pricelist() -> f64 {
    PRICELIST
}

/// As Odoo fills `email_normalized`: a local part that is not ASCII keeps its case.
fn normalised_email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = trimmed(deserializer)?;
    Ok(match text.rsplit_once('@') {
        Some((local, domain)) if !local.is_ascii() => format!("{local}@{}", domain.to_lowercase()),
        _ => text.to_lowercase(),
    })
}
