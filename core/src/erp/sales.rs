//! Quotations and orders, read.

use chrono::NaiveDate;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Value, json};

use super::page::{Listing, MOST, contains, size};
use super::reference::Unresolved;
use super::value::{datetime_rule, odoo_datetime, plain, text, time};
use super::words::plain as plain_word;
use super::{Erp, ErpError, Named, Page, default_limit, yes};
use crate::input::trimmed_or_absent;
use crate::odoo::{OdooError, Record};
use crate::rules;

pub(super) const MODEL: &str = "sale.order";
pub(super) const SUMMARY: [&str; 7] =
    ["name", "partner_id", "user_id", "state", "date_order", "amount_total", "currency_id"];
const DETAILS: [&str; 7] = [
    "client_order_ref",
    "payment_term_id",
    "opportunity_id",
    "validity_date",
    "amount_untaxed",
    "amount_tax",
    "note",
];

/// Where a sale stands: Odoo's states, and what people call several of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SaleState {
    Open,
    Won,
    Lost,
    Draft,
    Sent,
    Sale,
    Done,
    Cancel,
}

impl<'de> Deserialize<'de> for SaleState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = plain_word(&String::deserialize(deserializer)?);
        Ok(match word.trim_end_matches('s') {
            "open" | "abierta" | "abierto" | "quotation" | "cotizacion" | "cotizacione" | "presupuesto" => {
                Self::Open
            }
            "won" | "ganada" | "ganado" => Self::Won,
            "lost" | "perdida" | "perdido" => Self::Lost,
            "draft" | "borrador" | "borradore" => Self::Draft,
            "sent" | "enviada" | "enviado" => Self::Sent,
            "sale" | "confirmed" | "confirmada" | "confirmado" | "venta" | "pedido" => Self::Sale,
            "done" | "locked" | "bloqueada" | "bloqueado" => Self::Done,
            "cancel" | "cancelled" | "canceled" | "cancelada" | "cancelado" => Self::Cancel,
            _ => {
                let words = "must be open, won, lost, draft, sent, sale, done or cancel (abierta, ganada, perdida, borrador, \
                             enviada, confirmada, bloqueada, cancelada)";
                return Err(de::Error::custom(words));
            }
        })
    }
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
    /// Customer's name, instead of partner_id
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(custom(not_both(self.partner_id, "partner_id")))]
    pub customer: Option<String>,
    /// Salesperson's name, instead of user_id
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(custom(not_both(self.user_id, "user_id")))]
    pub salesperson: Option<String>,
    /// First day or time, UTC
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(datetime_rule)))]
    pub from: Option<String>,
    /// Last day or time
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(inner(custom(datetime_rule)))]
    pub to: Option<String>,
    /// open: draft, sent; won: sale (confirmed), done (locked); lost: cancel
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
    /// Skip so many
    #[serde(default)]
    #[garde(skip)]
    pub offset: u32,
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
    /// Skip so many lines
    #[serde(default)]
    #[garde(skip)]
    pub lines_offset: u32,
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
    /// Taxes
    pub amount_tax: Option<f64>,
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
    /// All, if more
    pub lines_total: Option<u64>,
    /// If more: the lines_offset to go on with
    pub lines_next_offset: Option<u64>,
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
            Some(SaleState::Done) if self.records.odoo.connection().await?.version.major >= 17 => {
                domain.push(json!(["locked", "=", true]));
            }
            Some(state) => domain.push(json!(["state", "in", state.names()])),
            None => {}
        }
        if let Some(name) = &filter.salesperson {
            domain.push(json!(["user_id", "=", self.user_called(name, "user_id").await?]));
        }
        if let Some(name) = &filter.customer {
            self.asks_by_text_or("res.partner", "partner_id")?;
            let found = self.customers(name).await?;
            let ids = found.iter().map(Record::id).collect::<Result<Vec<_>, _>>()?;
            if ids.is_empty() {
                return Err(self.no_customer(Unresolved::Nothing(name.clone())));
            }
            domain.push(json!(["partner_id", "in", ids]));
        }
        domain
            .extend(bound(filter.from.as_deref(), "00:00:00").map(|from| json!(["date_order", ">=", from])));
        domain.extend(bound(filter.to.as_deref(), "23:59:59").map(|to| json!(["date_order", "<=", to])));
        let searched = ["name", "partner_id.name", "client_order_ref", "origin"];
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &searched)));
        let listing = Listing {
            model: MODEL,
            domain,
            fields: &SUMMARY,
            order: Some("date_order desc, id desc"),
            limit: filter.limit,
            offset: filter.offset,
        };
        Ok(listing.page(&self.records.odoo, summary).await?)
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
                true => self.lines(id, request.lines_offset).await.map(Some),
                false => Ok(None),
            }
        };
        let (record, lines) = tokio::try_join!(self.records.odoo.read_one(MODEL, id, &fields), lines)?;
        let record = record.ok_or(ErpError::NotFound { what: "sale", id, find: "list_sales" })?;
        let mut sale = Sale {
            summary: summary(&record)?,
            amount_untaxed: record.float("amount_untaxed")?,
            amount_tax: record.float("amount_tax")?,
            client_order_ref: text(&record, "client_order_ref")?,
            payment_term: Named::of(&record, "payment_term_id")?,
            opportunity: Named::of(&record, "opportunity_id")?,
            validity_date: time(&record, "validity_date")?,
            note: plain(&record, "note")?,
            url: self.records.odoo.record_url(MODEL, id),
            lines: None,
            lines_total: None,
            lines_next_offset: None,
        };
        if let Some(lines) = lines {
            let lines = lines.beside(size(&sale), request.lines_offset);
            sale.lines = Some(lines.items);
            (sale.lines_total, sale.lines_next_offset) = (lines.total, lines.next_offset);
        }
        Ok(sale)
    }

    async fn lines(&self, sale_id: i64, offset: u32) -> Result<Page<SaleLine>, OdooError> {
        let unit = match self.records.odoo.connection().await?.version.major {
            ..19 => "product_uom",
            19.. => "product_uom_id",
        };
        let fields =
            ["product_id", "name", "product_uom_qty", unit, "price_unit", "discount", "price_subtotal"];
        let listing = Listing {
            model: "sale.order.line",
            domain: vec![json!(["order_id", "=", sale_id])],
            fields: &fields,
            order: Some("sequence, id"),
            limit: MOST,
            offset,
        };
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
        listing.page(&self.records.odoo, line).await
    }
}

fn not_both(id: Option<i64>, name: &'static str) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |text, _| match (id, text) {
        (Some(_), Some(_)) => Err(garde::Error::new(format!("cannot be given together with {name}"))),
        _ => Ok(()),
    }
}

/// A time as Odoo compares it; of a day, this one.
fn bound(text: Option<&str>, time: &str) -> Option<String> {
    let text = text?.trim();
    match text.parse::<NaiveDate>() {
        Ok(day) => Some(format!("{day} {time}")),
        Err(_) => odoo_datetime(text),
    }
}

impl SaleState {
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Open => &["draft", "sent"],
            Self::Won => &["sale", "done"],
            Self::Lost | Self::Cancel => &["cancel"],
            Self::Draft => &["draft"],
            Self::Sent => &["sent"],
            Self::Sale => &["sale"],
            Self::Done => &["done"],
        }
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
