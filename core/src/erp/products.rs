//! Products that are sold: found by words, with what they cost a customer.

use std::collections::HashMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::finding::Finding;
use super::lookup::not_blank;
use super::reference::{Reference, Unresolved};
use super::value::{plain, text};
use super::words::singular;
use super::{Document, Erp, ErpError, Named, ten};
use crate::input::{FieldError, trimmed};
use crate::odoo::{Call, OdooError, Record};

pub(super) const MODEL: &str = "product.product";
/// What tells the variants of a product apart.
pub(super) const VARIANT: &str = "product_template_attribute_value_ids";
pub(super) const DETAILS: [&str; 8] = [
    "display_name",
    "default_code",
    "barcode",
    "lst_price",
    "currency_id",
    "uom_id",
    "type",
    "description_sale",
];
/// From this version on Odoo is told by nested fields what to answer of an order that is thought up, before by dotted names.
const NESTED: u32 = 17;

/// Which products to find.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProductQuery {
    /// Words of the name, the reference or the barcode
    #[serde(deserialize_with = "trimmed")]
    #[garde(custom(not_blank))]
    pub q: String,
    /// Id, name or e-mail: tells his prices
    #[schemars(with = "Option<String>")]
    #[garde(skip)]
    pub customer: Option<Reference>,
    /// At most 50
    #[serde(default = "ten")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

/// Products that were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Products {
    /// Each
    pub items: Vec<Product>,
    /// All, if more
    pub total: Option<usize>,
    /// What price is
    pub price_is: String,
    /// Whose
    pub customer: Option<Named>,
}

/// A product as a quotation needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Product {
    /// Id
    pub id: i64,
    /// Name
    pub name: String,
    /// Internal reference
    pub reference: Option<String>,
    /// Barcode
    pub barcode: Option<String>,
    /// Of one unit
    pub price: Option<f64>,
    /// ISO code
    pub currency: Option<String>,
    /// Unit
    pub unit: Option<String>,
    /// On hand, where Odoo counts it
    pub stock: Option<f64>,
}

impl Erp {
    /// Products that are sold, by words in any order, with the price of one for this customer.
    ///
    /// # Errors
    /// When Odoo fails, or the customer is not one.
    pub async fn find_products(&self, query: &ProductQuery) -> Result<Products, ErpError> {
        let customer = async {
            match &query.customer {
                None => Ok(None),
                Some(reference) => {
                    if let Reference::Name(_) = reference {
                        self.asks_by_text("res.partner")?;
                    }
                    self.records.resolve("res.partner", reference).await.map(Some)
                }
            }
        };
        let (found, customer) = tokio::join!(self.products(&query.q), customer);
        let (found, customer) = (found?, customer.map_err(|error| self.no_customer(error))?);
        let total = Some(found.len()).filter(|found| *found > query.limit.min(50) as usize);
        let ids: Vec<i64> =
            found.into_iter().map(|product| product.id).take(query.limit.min(50) as usize).collect();
        let prices = async {
            match &customer {
                Some(customer) => self.prices(customer.id, &ids).await,
                None => None,
            }
        };
        let (read, prices) = tokio::join!(self.read_products(&ids), prices);
        let mut read = read?;
        let price_is = match (&prices, &customer) {
            _ if read.is_empty() => {
                "of nothing: no product that is sold has all these words; try fewer or others"
            }
            (Some(_), _) => "of one unit for this customer, before taxes",
            (None, Some(_)) => "the list price: the customer's, which may differ, is not known",
            (None, None) => "the list price; give customer for his",
        };
        let (prices, currency) = prices.unwrap_or_default();
        for product in &mut read {
            if let Some(price) = prices.get(&product.id) {
                product.price = Some(*price);
                product.currency = currency.clone().or(product.currency.take());
            }
        }
        Ok(Products { items: read, total, price_is: price_is.to_owned(), customer })
    }

    /// The products that have all these words in their name in some language, reference or barcode.
    pub(super) async fn products(&self, query: &str) -> Result<Vec<Named>, OdooError> {
        let known = self.records.fields(MODEL).await?;
        let variants = known.contains_key(VARIANT).then_some("product_template_attribute_value_ids.name");
        let finding = Finding {
            model: MODEL,
            among: vec![json!(["sale_ok", "=", true])],
            searched: ["name", "default_code", "barcode"].into_iter().chain(variants).collect(),
            read: vec!["display_name", "name", "default_code", "barcode"],
            translated: true,
        };
        let named = |product: &Record| {
            Ok(Named { id: product.id()?, name: text(product, "display_name")?.unwrap_or_default() })
        };
        let mut found = finding.by_words(self, query).await?;
        if let (true, Some(one)) = (found.is_empty(), singular(query)) {
            found = finding.by_words(self, &one).await?;
        }
        found.iter().map(named).collect()
    }

    /// Products by id, in that order, at their list price.
    async fn read_products(&self, ids: &[i64]) -> Result<Vec<Product>, OdooError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.records.fields(MODEL).await?;
        let stock = known.contains_key("qty_available").then_some("qty_available");
        let fields: Vec<&str> = DETAILS.into_iter().chain(stock).collect();
        self.records.odoo.read(MODEL, ids, &fields).await?.iter().map(product).collect()
    }

    /// What an order of one each would cost this customer, and the currency; nothing where Odoo does not tell.
    async fn prices(&self, customer: i64, ids: &[i64]) -> Option<(HashMap<i64, f64>, Option<String>)> {
        if ids.is_empty() {
            return None;
        }
        let told = self.order_of(customer, ids, None).await?;
        let currency_of = |pointer: &str| told.pointer(pointer).and_then(Value::as_i64);
        // While it is thought up, a line has the company's currency, which 16 does not tell: of a price without a rule
        // Odoo makes none of the order's, unless it is told which that is.
        let told = match currency_of("/currency_id/id").or_else(|| currency_of("/currency_id/0")) {
            Some(orders) if currency_of("/company_id/currency_id") != Some(orders) => {
                self.order_of(customer, ids, Some(orders)).await?
            }
            _ => told,
        };
        let price = |line: &Value| {
            let id = line.get(1)?.as_str()?.strip_prefix('v')?.parse().ok()?;
            let number = |field: &str| line.get(2)?.get(field)?.as_f64();
            let discount = 1.0 - number("discount").unwrap_or_default() / 100.0;
            Some((id, (number("price_unit")? * discount * 1e6).round() / 1e6))
        };
        let prices = told.get("order_line")?.as_array()?.iter().filter_map(price).collect();
        let currency = told.pointer("/currency_id/name").or_else(|| told.pointer("/currency_id/1"));
        let currency = currency.and_then(Value::as_str).map(str::to_owned);
        Some((prices, currency))
    }

    /// What Odoo makes of an order of one each, without making it.
    async fn order_of(&self, customer: i64, ids: &[i64], currency: Option<i64>) -> Option<Value> {
        let line = |id: &i64| {
            let mut values = json!({ "product_id": id, "product_uom_qty": 1 });
            if let (Some(currency), Some(values)) = (currency, values.as_object_mut()) {
                values.insert("currency_id".to_owned(), currency.into());
            }
            json!([0, format!("v{id}"), values])
        };
        let lines: Vec<Value> = ids.iter().map(line).collect();
        let wanted = if self.records.odoo.connection().await.ok()?.version.major < NESTED {
            json!({
                "currency_id": "",
                "order_line": "",
                "order_line.price_unit": "",
                "order_line.discount": "",
            })
        } else {
            json!({
                "currency_id": { "fields": { "name": {} } },
                "company_id": { "fields": { "currency_id": {} } },
                "order_line": { "fields": { "price_unit": {}, "discount": {} } },
            })
        };
        let no_names: [&str; 0] = [];
        let call = Call::new("sale.order", "onchange")
            .on(&[])
            .arg("values", json!({ "partner_id": customer, "order_line": lines }))
            .arg("field_names", no_names.as_slice())
            .arg("fields_spec", wanted);
        let mut told = self.records.odoo.call(call).await.ok()?;
        told.get_mut("value").map(Value::take)
    }

    pub(super) fn no_customer(&self, error: Unresolved) -> ErpError {
        match error {
            Unresolved::Odoo(error) => self.failed(error),
            error => {
                let ambiguous = matches!(error, Unresolved::Several(..));
                let message = match &error {
                    Unresolved::ById(_) => error.to_string(),
                    error => format!("{error} (find_customers)"),
                };
                let errors = vec![FieldError { path: "customer".to_owned(), message }];
                ErpError::Values { errors, code: if ambiguous { "ambiguous_name" } else { "invalid_value" } }
            }
        }
    }

    pub(super) async fn product_document(&self, id: i64) -> Result<Document, ErpError> {
        let record = self.records.odoo.read_one(MODEL, id, &DETAILS).await?;
        let record = record.ok_or(ErpError::NotFound { what: "product", id, find: "find_products" })?;
        let found = self.read_products(&[id]).await?.into_iter().next();
        let found = found.ok_or(ErpError::NotFound { what: "product", id, find: "find_products" })?;
        let priced = |price: f64| format!("{price:.2} {}", found.currency.clone().unwrap_or_default());
        let facts = [
            ("reference", found.reference.clone()),
            ("barcode", found.barcode.clone()),
            ("list_price", found.price.map(priced)),
            ("unit", found.unit.clone()),
            ("stock", found.stock.map(|stock| stock.to_string())),
        ];
        let body = [plain(&record, "description_sale")?.unwrap_or_default()];
        let url = self.records.odoo.record_url(MODEL, id);
        Ok(Document::new(format!("product:{id}"), found.name, facts, &body, url))
    }
}

fn product(record: &Record) -> Result<Product, OdooError> {
    let counted = record.text("type")? != Some("service");
    Ok(Product {
        id: record.id()?,
        name: text(record, "display_name")?.unwrap_or_default(),
        reference: text(record, "default_code")?,
        barcode: text(record, "barcode")?,
        price: record.float("lst_price")?,
        currency: Named::of(record, "currency_id")?.map(|currency| currency.name),
        unit: Named::of(record, "uom_id")?.map(|unit| unit.name),
        stock: record.float("qty_available")?.filter(|_| counted),
    })
}
