//! Quotations and orders, read.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::page::{Listing, contains};
use super::value::{plain, text, time};
use super::{Erp, ErpError, Named, Page, default_limit, yes};
use crate::input::trimmed_or_absent;
use crate::odoo::{OdooError, Record, SearchRead};
use crate::quotation::rules;

pub(super) const MODEL: &str = "sale.order";
pub(super) const SUMMARY: [&str; 7] =
    ["name", "partner_id", "user_id", "state", "date_order", "amount_total", "currency_id"];
const DETAILS: [&str; 6] =
    ["client_order_ref", "payment_term_id", "opportunity_id", "validity_date", "amount_untaxed", "note"];

/// Where a sale stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[expect(missing_docs, reason = "the names are Odoo's")]
pub enum SaleState {
    Draft,
    Sent,
    Sale,
    Done,
    Cancel,
}

/// Which sales to list.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleFilter {
    /// Customer
    #[garde(inner(custom(rules::record_id(1))))]
    pub partner_id: Option<i64>,
    /// Salesperson
    #[garde(inner(custom(rules::record_id(1))))]
    pub user_id: Option<i64>,
    /// draft, sent: quotation; sale: confirmed; done: locked
    #[garde(skip)]
    pub state: Option<SaleState>,
    /// Part of the number, customer or reference
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub q: Option<String>,
    /// At most 500
    #[serde(default = "default_limit")]
    #[garde(range(min = 1))]
    pub limit: u32,
}

/// Which sale to read.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleRequest {
    /// From list_sales
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// With its lines
    #[serde(default = "yes")]
    #[garde(skip)]
    pub include_lines: bool,
}

/// One sale of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaleSummary {
    /// Id
    pub id: i64,
    /// Number
    pub name: String,
    /// Customer
    pub partner: Option<Named>,
    /// Salesperson
    pub user: Option<Named>,
    /// State
    pub state: Option<String>,
    /// UTC
    pub date_order: Option<String>,
    /// With taxes
    pub amount_total: Option<f64>,
    /// ISO code
    pub currency: Option<String>,
}

/// One sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sale {
    /// What lists show, too.
    #[serde(flatten)]
    pub summary: SaleSummary,
    /// Without taxes
    pub amount_untaxed: Option<f64>,
    /// Customer's reference
    pub client_order_ref: Option<String>,
    /// Payment terms
    pub payment_term: Option<Named>,
    /// Opportunity
    pub opportunity: Option<Named>,
    /// Valid until
    pub validity_date: Option<String>,
    /// Plain text
    pub note: Option<String>,
    /// Web page
    pub url: String,
    /// Lines
    pub lines: Option<Vec<SaleLine>>,
}

/// One line of a sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct SaleLine {
    /// Id
    pub id: i64,
    /// Absent on a section or note
    pub product: Option<Named>,
    /// Text
    pub name: String,
    /// Quantity
    pub qty: Option<f64>,
    /// Unit
    pub unit: Option<String>,
    /// Unit price
    pub price_unit: Option<f64>,
    /// Percent
    pub discount: Option<f64>,
    /// Without taxes
    pub subtotal: Option<f64>,
}

impl Erp {
    /// Sales, the newest first.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn sales(&self, filter: &SaleFilter) -> Result<Page<SaleSummary>, ErpError> {
        let is = |field: &str, id: Option<i64>| id.map(|id| json!([field, "=", id]));
        let mut domain: Vec<Value> = [is("partner_id", filter.partner_id), is("user_id", filter.user_id)]
            .into_iter()
            .flatten()
            .collect();
        match filter.state {
            // Odoo 17 made a mark of this state.
            Some(SaleState::Done) if self.odoo.connection().await?.version.major >= 17 => {
                domain.push(json!(["locked", "=", true]));
            }
            Some(state) => domain.push(json!(["state", "=", state])),
            None => {}
        }
        let searched = ["name", "partner_id.name", "client_order_ref", "origin"];
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &searched)));
        let listing = Listing {
            model: MODEL,
            domain,
            fields: &SUMMARY,
            order: Some("date_order desc, id desc"),
            limit: filter.limit,
        };
        Ok(listing.page(&self.odoo, summary).await?)
    }

    /// One sale, with its lines if wanted.
    ///
    /// # Errors
    /// When Odoo fails or there is no such sale.
    pub async fn sale(&self, request: &SaleRequest) -> Result<Sale, ErpError> {
        let id = request.sale_id;
        let fields = [SUMMARY.as_slice(), &DETAILS].concat();
        let lines = async {
            match request.include_lines {
                true => self.lines(id).await.map(Some),
                false => Ok(None),
            }
        };
        let (record, lines) = tokio::try_join!(self.record(MODEL, id, &fields), lines)?;
        let record = record.ok_or(ErpError::NotFound { what: "sale", id, find: "list_sales" })?;
        Ok(Sale {
            summary: summary(&record)?,
            amount_untaxed: record.float("amount_untaxed")?,
            client_order_ref: text(&record, "client_order_ref")?,
            payment_term: Named::of(&record, "payment_term_id")?,
            opportunity: Named::of(&record, "opportunity_id")?,
            validity_date: time(&record, "validity_date")?,
            note: plain(&record, "note")?,
            url: self.odoo.record_url(MODEL, id),
            lines,
        })
    }

    async fn lines(&self, sale_id: i64) -> Result<Vec<SaleLine>, OdooError> {
        let unit = match self.odoo.connection().await?.version.major {
            ..19 => "product_uom",
            19.. => "product_uom_id",
        };
        let fields =
            ["product_id", "name", "product_uom_qty", unit, "price_unit", "discount", "price_subtotal"];
        let query = SearchRead { fields: &fields, order: Some("sequence, id"), ..SearchRead::default() };
        let domain = json!([["order_id", "=", sale_id]]);
        let lines = self.odoo.search_read("sale.order.line", domain, &query).await?;
        let line = |line: &Record| {
            Ok(SaleLine {
                id: line.id()?,
                product: Named::of(line, "product_id")?,
                name: text(line, "name")?.unwrap_or_default(),
                qty: line.float("product_uom_qty")?,
                unit: Named::of(line, unit)?.map(|unit| unit.name),
                price_unit: line.float("price_unit")?,
                discount: line.float("discount")?,
                subtotal: line.float("price_subtotal")?,
            })
        };
        lines.iter().map(line).collect()
    }
}

fn summary(sale: &Record) -> Result<SaleSummary, OdooError> {
    Ok(SaleSummary {
        id: sale.id()?,
        name: text(sale, "name")?.unwrap_or_default(),
        partner: Named::of(sale, "partner_id")?,
        user: Named::of(sale, "user_id")?,
        state: text(sale, "state")?,
        date_order: time(sale, "date_order")?,
        amount_total: sale.float("amount_total")?,
        currency: Named::of(sale, "currency_id")?.map(|currency| currency.name),
    })
}
