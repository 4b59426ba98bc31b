//! The orders of a quotation, read whole: by one call where the server has `web_search_read` with specifications
//! (17 and later), else by two at once.

use serde_json::{Map, Value, json};

use super::status::OrderedProduct;
use crate::odoo::{Call, Odoo, OdooError, Record, SearchRead};

const MODEL: &str = "sale.order";
const LINE: &str = "sale.order.line";
const FIELDS: [&str; 9] = [
    "name",
    "origin",
    "partner_id",
    "opportunity_id",
    "user_id",
    "amount_untaxed",
    "amount_tax",
    "amount_total",
    "currency_id",
];
const LINE_FIELDS: [&str; 5] = ["order_id", "product_id", "name", "product_uom_qty", "price_unit"];
const LINE_ORDER: &str = "sequence, id";
/// Orders of one opportunity that are looked through.
const MOST: u64 = 20;

/// Which orders.
#[derive(Clone, Copy)]
pub(super) enum Which<'a> {
    /// Of this source document.
    Origin(&'a str),
    /// Of this opportunity.
    Lead(i64),
    /// This one.
    Id(i64),
}

/// An order as it stands.
pub(super) struct Order {
    pub(super) id: i64,
    pub(super) name: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) partner: Option<(i64, String)>,
    pub(super) lead: Option<(i64, String)>,
    pub(super) user_id: Option<i64>,
    pub(super) amount_untaxed: Option<f64>,
    pub(super) amount_tax: Option<f64>,
    pub(super) amount_total: Option<f64>,
    pub(super) currency: Option<String>,
    pub(super) lines: Vec<OrderedProduct>,
}

/// The orders, lowest id first. Those that the service's user may not read are left out.
pub(super) async fn find(odoo: &Odoo, which: Which<'_>) -> Result<Vec<Order>, OdooError> {
    if odoo.connection().await?.version.has_web_read() {
        return nested(odoo, which).await;
    }
    let query = SearchRead { fields: &FIELDS, limit: Some(MOST), order: Some("id"), ..SearchRead::default() };
    let line_query = SearchRead { fields: &LINE_FIELDS, order: Some(LINE_ORDER), ..SearchRead::default() };
    let (orders, lines) = tokio::try_join!(
        odoo.search_read(MODEL, which.domain(""), &query),
        odoo.search_read(LINE, which.domain("order_id."), &line_query),
    )?;
    let of = |id: i64| {
        let own = move |line: &&Record| line.many2one("order_id").ok().flatten().is_some_and(|it| it.0 == id);
        lines.iter().filter(own).map(|line| ordered(line.as_map())).collect::<Result<_, _>>()
    };
    orders.iter().map(|record| order(record.as_map(), of(record.id()?)?)).collect()
}

impl Which<'_> {
    fn domain(self, of: &str) -> Value {
        let (field, value) = match self {
            Self::Origin(origin) => ("origin", json!(origin)),
            Self::Lead(lead) => ("opportunity_id", json!(lead)),
            Self::Id(id) => ("id", json!(id)),
        };
        json!([[format!("{of}{field}"), "=", value]])
    }
}

async fn nested(odoo: &Odoo, which: Which<'_>) -> Result<Vec<Order>, OdooError> {
    let named = |fields: &[&'static str]| -> Map<String, Value> {
        let value = |field: &str| match field {
            "currency_id" => json!({ "fields": { "name": {} } }),
            field if field.ends_with("_id") => json!({ "fields": { "display_name": {} } }),
            _ => json!({}),
        };
        fields.iter().map(|field| ((*field).to_owned(), value(field))).collect()
    };
    let mut specification = named(&FIELDS);
    let lines = json!({ "fields": named(&LINE_FIELDS), "order": LINE_ORDER });
    specification.insert("order_line".to_owned(), lines);
    let call = Call::new(MODEL, "web_search_read")
        .arg("domain", which.domain(""))
        .arg("specification", specification)
        .kwarg("limit", MOST)
        .kwarg("order", "id");
    let mut answer = odoo.call(call).await?;
    let records = match answer.get_mut("records").map(Value::take) {
        Some(Value::Array(records)) => records,
        _ => return Err(OdooError::Malformed("a search without records".to_owned())),
    };
    records
        .iter()
        .filter_map(Value::as_object)
        .map(|record| {
            let lines = record.get("order_line").and_then(Value::as_array).into_iter().flatten();
            let lines = lines.filter_map(Value::as_object).map(ordered).collect::<Result<_, _>>()?;
            order(record, lines)
        })
        .collect()
}

fn order(record: &Map<String, Value>, lines: Vec<OrderedProduct>) -> Result<Order, OdooError> {
    let float = |field: &str| record.get(field).and_then(Value::as_f64);
    Ok(Order {
        id: id(record)?,
        name: text(record, "name"),
        origin: text(record, "origin"),
        partner: related(record, "partner_id"),
        lead: related(record, "opportunity_id"),
        user_id: related(record, "user_id").map(|(id, _)| id),
        amount_untaxed: float("amount_untaxed"),
        amount_tax: float("amount_tax"),
        amount_total: float("amount_total"),
        currency: related(record, "currency_id").map(|(_, name)| name),
        lines,
    })
}

fn ordered(line: &Map<String, Value>) -> Result<OrderedProduct, OdooError> {
    let product = related(line, "product_id");
    let (product_id, name) = match product {
        Some((id, name)) => (Some(id), Some(name)),
        None => (None, text(line, "name")),
    };
    let float = |field: &str| line.get(field).and_then(Value::as_f64).unwrap_or(0.0);
    Ok(OrderedProduct {
        line_id: id(line)?,
        product_id,
        product_name: name.unwrap_or_default(),
        qty: float("product_uom_qty"),
        price: float("price_unit"),
    })
}

fn id(record: &Map<String, Value>) -> Result<i64, OdooError> {
    let id = record.get("id").and_then(Value::as_i64);
    id.ok_or_else(|| OdooError::Malformed("a record without an id".to_owned()))
}

fn text(record: &Map<String, Value>, field: &str) -> Option<String> {
    record.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// A many2one: `[7, "Ana"]` in lists of fields, `{"id": 7, "display_name": "Ana"}` in specifications.
fn related(record: &Map<String, Value>, field: &str) -> Option<(i64, String)> {
    let (id, name) = match record.get(field)? {
        Value::Array(pair) => (pair.first()?, pair.get(1)?),
        Value::Object(fields) => {
            (fields.get("id")?, fields.get("display_name").or_else(|| fields.get("name"))?)
        }
        _ => return None,
    };
    Some((id.as_i64()?, name.as_str().unwrap_or_default().to_owned()))
}
