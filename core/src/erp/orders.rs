//! Orders and lines made one by one, read and changed by Odoo's own field names.

use std::collections::HashMap;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::sales::{MODEL, SUMMARY};
use super::value::{datetime_rule, odoo_datetime, readable, writable};
use super::{Account, Erp, ErpError, Single};
use crate::html;
use crate::input::trimmed_or_absent;
use crate::odoo::OdooError;
use crate::quotation::id::{IdempotencyKey, keyed_external_name, qualified};
use crate::quotation::rules;

const LINE: &str = "sale.order.line";
/// Tries of one call in all, and how long none is begun any more.
const TRIES: usize = 4;
const TRY_FOR: Duration = Duration::from_secs(20);

/// An order to make.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewSale {
    /// Customer (res.partner)
    #[garde(custom(rules::record_id(1)))]
    pub partner_id: i64,
    /// Salesperson (res.users)
    #[garde(inner(custom(rules::record_id(1))))]
    pub user_id: Option<i64>,
    /// ISO 8601, UTC
    #[garde(inner(custom(datetime_rule)))]
    pub date_order: Option<String>,
    /// Terms, plain text
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub note: Option<String>,
    /// Payment terms id
    #[garde(inner(custom(rules::record_id(1))))]
    pub payment_term_id: Option<i64>,
    /// Repeated: the same order
    #[garde(skip)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// An order that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeSale {
    /// Id
    pub id: i64,
    /// Number, if it could be read
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A line to add to an order.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewSaleLine {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub order_id: i64,
    /// product.product
    #[garde(custom(rules::record_id(1)))]
    pub product_id: i64,
    /// Quantity
    #[serde(default = "one")]
    #[garde(custom(rules::quantity))]
    pub product_uom_qty: f64,
    /// Left out: the pricelist's
    #[garde(inner(custom(rules::price)))]
    pub price_unit: Option<f64>,
    /// Text instead of the product's
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub name: Option<String>,
    /// Repeated: the same line
    #[garde(skip)]
    pub idempotency_key: Option<IdempotencyKey>,
}

fn one() -> f64 {
    1.0
}

/// A line that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MadeLine {
    /// Id
    pub line_id: i64,
}

/// Which order to read, and what of it.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleRecordRequest {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// Odoo's names; none: the usual ones
    #[serde(default)]
    #[garde(skip)]
    pub fields: Vec<String>,
}

/// What to change of an order.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleUpdate {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// By Odoo's field names; null empties
    #[garde(custom(some_value))]
    pub values: Map<String, Value>,
}

fn some_value(values: &Map<String, Value>, _: &()) -> garde::Result {
    match values.is_empty() {
        true => Err(garde::Error::new("must have at least one field to change")),
        false => Ok(()),
    }
}

/// A change that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedSale {
    /// Done
    pub ok: bool,
    /// Order
    pub id: i64,
}

impl Erp {
    /// Makes an order without lines, once for each key.
    ///
    /// # Errors
    /// When Odoo refuses, or nobody knows whether it was made.
    pub async fn make_sale(&self, request: &NewSale) -> Result<MadeSale, ErpError> {
        let id = |id: i64| id.to_string();
        let optional = [
            ("user_id/.id", request.user_id.map(id)),
            ("date_order", request.date_order.as_deref().and_then(odoo_datetime)),
            ("note", request.note.as_deref().map(html::from_text)),
            ("payment_term_id/.id", request.payment_term_id.map(id)),
        ];
        let mut cells = vec![("partner_id/.id", id(request.partner_id))];
        cells.extend(optional.into_iter().filter_map(|(column, cell)| Some((column, cell?))));
        let made = self.make(MODEL, "sale", request.idempotency_key.as_ref(), cells);
        let id = made.await?;
        // It is made: not to know its number is no failure.
        let record = retried(|| self.record(MODEL, id, &["name"])).await.ok().flatten();
        let name = record.as_ref().and_then(|record| record.text("name").ok().flatten()).map(str::to_owned);
        Ok(MadeSale { id, name })
    }

    /// Adds a line to an order, once for each key.
    ///
    /// # Errors
    /// When Odoo refuses, or nobody knows whether it was made.
    pub async fn make_sale_line(&self, request: &NewSaleLine) -> Result<MadeLine, ErpError> {
        // A column that is not there lets Odoo decide; an empty cell would not.
        let price = request.price_unit.filter(|price| *price >= 0.0).map(|price| price.to_string());
        let optional = [("price_unit", price), ("name", request.name.clone())];
        let mut cells = vec![
            ("order_id/.id", request.order_id.to_string()),
            ("product_id/.id", request.product_id.to_string()),
            ("product_uom_qty", request.product_uom_qty.to_string()),
        ];
        cells.extend(optional.into_iter().filter_map(|(column, cell)| Some((column, cell?))));
        let line_id = self.make(LINE, "line", request.idempotency_key.as_ref(), cells).await?;
        Ok(MadeLine { line_id })
    }

    /// Reads an order by Odoo's field names.
    ///
    /// # Errors
    /// When Odoo does not know a field, or there is no such order.
    pub async fn sale_record(
        &self,
        request: &SaleRecordRequest,
    ) -> Result<Single<Map<String, Value>>, ErpError> {
        let id = request.sale_id;
        let mut fields: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        if fields.is_empty() {
            fields = [SUMMARY.as_slice(), &["order_line", "note"]].concat();
        }
        let (record, types) = tokio::try_join!(self.record(MODEL, id, &fields), self.sale_fields())
            .map_err(|error| self.failed(error))?;
        let record = record.ok_or_else(|| self.no_sale(id))?;
        let kind = |field: &str| types.get(field).map_or("", String::as_str);
        let values = record.into_map().into_iter();
        let record =
            values.filter_map(|(field, value)| Some((field.clone(), readable(value, kind(&field))?)));
        Ok(Single { record: record.collect() })
    }

    /// Changes fields of an order.
    ///
    /// # Errors
    /// When Odoo refuses.
    pub async fn update_sale(&self, request: &SaleUpdate) -> Result<UpdatedSale, ErpError> {
        let id = request.sale_id;
        let ids = [id];
        let types = self.sale_fields().await.map_err(|error| self.failed(error))?;
        for (field, value) in &request.values {
            writable_by_tool(field, value, types.get(field).map(String::as_str))?;
        }
        let values = request.values.iter();
        let values: Map<String, Value> = values
            .map(|(field, value)| {
                (field.clone(), writable(value.clone(), types.get(field).map(String::as_str)))
            })
            .collect();
        match retried(|| self.writer.write(MODEL, &ids, values.clone())).await {
            Ok(()) => Ok(UpdatedSale { ok: true, id }),
            // Missing may be the order, or a record that the values name.
            Err((error @ OdooError::MissingRecord(_), _)) => match self.record(MODEL, id, &["name"]).await {
                Ok(None) => Err(self.no_sale(id)),
                Ok(Some(_)) | Err(_) => Err(self.failed(error)),
            },
            Err((error, _)) => Err(self.failed(error)),
        }
    }

    /// Makes a record under an external id that follows from the key, so that no repeat makes a second.
    async fn make(
        &self,
        model: &str,
        kind: &str,
        key: Option<&IdempotencyKey>,
        cells: Vec<(&'static str, String)>,
    ) -> Result<i64, ErpError> {
        let key = key.cloned().unwrap_or_else(IdempotencyKey::random);
        let external = ("id", qualified(&keyed_external_name(kind, &key, &cells)));
        let (columns, row): (Vec<_>, Vec<_>) = std::iter::once(external).chain(cells).unzip();
        // Else Odoo reads times as the clock of its user shows them.
        let context = Map::from_iter([("tz".to_owned(), json!("UTC"))]);
        let load = || async {
            let ids = self.writer.load_once(model, &columns, vec![row.clone()], context.clone()).await?;
            ids.first().copied().ok_or_else(|| OdooError::Malformed("load returned no id".to_owned()))
        };
        retried(load).await.map_err(|(cause, outcome_unknown)| {
            // Whatever the last try met: an earlier one may have been done.
            match outcome_unknown {
                true => ErpError::OutcomeUnknown { key: key.as_str().to_owned(), cause },
                false => self.failed(cause),
            }
        })
    }

    fn failed(&self, error: OdooError) -> ErpError {
        ErpError::Odoo { error, account: self.account }
    }

    fn no_sale(&self, id: i64) -> ErpError {
        match self.account {
            Account::Odoo => ErpError::NotFound { what: "sale", id, find: "list_sales" },
            Account::DevOdoo => ErpError::NotFoundInDevOdoo { what: "sale", id },
        }
    }

    async fn sale_fields(&self) -> Result<&HashMap<String, String>, OdooError> {
        let ask = async || -> Result<HashMap<String, String>, OdooError> {
            let fields = self.odoo.fields(MODEL, &[]).await?.into_iter();
            let kind = |field: &Value| field.get("type").and_then(Value::as_str).map(str::to_owned);
            Ok(fields.filter_map(|(name, field)| Some((name, kind(&field)?))).collect())
        };
        self.sale_fields.get_or_try_init(ask).await
    }
}

/// A write is tried again when its answer is lost, so it must change nothing the second time; and what
/// Odoo does on the way from one state to the next is not done by writing the state.
fn writable_by_tool(field: &str, value: &Value, kind: Option<&str>) -> Result<(), ErpError> {
    let makes_records = |command: &Value| command.get(0).and_then(Value::as_i64) == Some(0);
    let instead = match kind {
        _ if field == "state" => "confirm or cancel the order in Odoo",
        Some("one2many") => "add lines with dev_create_sale_line; change or remove them in Odoo",
        Some("many2many") if value.as_array().is_some_and(|commands| commands.iter().any(makes_records)) => {
            "give the ids of records that exist"
        }
        _ => return Ok(()),
    };
    Err(ErpError::NotWritable { field: field.to_owned(), instead })
}

/// Repeats a call that may be repeated while it fails for passing reasons. With the last failure:
/// whether any try may have been done all the same.
async fn retried<T, F>(call: impl Fn() -> F) -> Result<T, (OdooError, bool)>
where
    F: Future<Output = Result<T, OdooError>>,
{
    let begun = tokio::time::Instant::now();
    let mut pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_times(TRIES - 1)
        .with_jitter()
        .build();
    let mut outcome_unknown = false;
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        outcome_unknown |= error.outcome_unknown();
        match pauses.next() {
            Some(pause) if error.is_transient() && begun.elapsed() < TRY_FOR => {
                tokio::time::sleep(pause).await;
            }
            _ => return Err((error, outcome_unknown)),
        }
    }
}
