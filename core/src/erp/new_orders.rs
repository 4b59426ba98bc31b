//! Orders and lines made one by one.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::order_lines::LINE;
use super::reference::{Reference, USERS, Unresolved};
use super::retry::retried;
use super::sales::MODEL;
use super::value::{datetime_rule, odoo_datetime};
use super::{Erp, ErpError};
use crate::external_id::keyed_external_name;
use crate::html;
use crate::input::{FieldError, trimmed_or_absent};
use crate::key::IdempotencyKey;
use crate::quotation::request::PRICELIST;
use crate::quotation::texts::Changed;
use crate::records::keyed::{self, NotMade};
use crate::rules;

/// An order to make.
#[derive(Clone, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewSale {
    /// Customer
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub partner_id: Reference,
    /// Salesperson
    #[garde(skip)]
    #[schemars(with = "Option<i64>")]
    pub user_id: Option<Reference>,
    /// ISO 8601, UTC
    #[garde(inner(custom(datetime_rule)))]
    pub date_order: Option<String>,
    /// Terms, plain text
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub note: Option<String>,
    /// Payment terms
    #[garde(skip)]
    #[schemars(with = "Option<i64>")]
    pub payment_term_id: Option<Reference>,
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
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub order_id: Reference,
    /// product.product
    #[garde(skip)]
    #[schemars(with = "i64")]
    pub product_id: Reference,
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
    /// Quantity in Odoo, if it could be read
    pub qty: Option<f64>,
    /// Unit price
    pub price_unit: Option<f64>,
    /// Without taxes
    pub subtotal: Option<f64>,
}

/// A record to make.
pub(super) struct New<'a> {
    pub(super) model: &'a str,
    /// In the name of its external id.
    pub(super) kind: &'a str,
    /// What names it for the caller.
    pub(super) key: Option<&'a IdempotencyKey>,
    /// Of the call's context: what no column can say.
    pub(super) defaults: &'a [(&'static str, &'a str)],
}

/// What a column of a record to make holds.
pub(super) enum Cell<'a> {
    /// The id of a record of this model.
    Record(&'static str, &'a Reference),
    /// This service's user.
    Own,
    Text(String),
}

impl Cell<'_> {
    /// Nothing where the caller left it to this service.
    fn as_written(&self) -> Option<String> {
        match self {
            Self::Record(_, reference) => Some(reference.to_string()),
            Self::Own => None,
            Self::Text(text) => Some(text.clone()),
        }
    }
}

impl Erp {
    /// Makes an order without lines, once for each key.
    ///
    /// # Errors
    /// When Odoo refuses, or nobody knows whether it was made.
    pub async fn make_sale(&self, request: &NewSale) -> Result<MadeSale, ErpError> {
        let columns = [
            ("partner_id/.id", Some(Cell::Record("res.partner", &request.partner_id))),
            ("user_id/.id", request.user_id.as_ref().map(|user| Cell::Record(USERS, user))),
            ("date_order", request.date_order.as_deref().and_then(odoo_datetime).map(Cell::Text)),
            ("note", request.note.as_deref().map(html::from_text).map(Cell::Text)),
            (
                "payment_term_id/.id",
                request.payment_term_id.as_ref().map(|term| Cell::Record("account.payment.term", term)),
            ),
        ];
        let key = request.idempotency_key.as_ref();
        let id = self.make(New { model: MODEL, kind: "sale", key, defaults: &[] }, columns).await?;
        // It is made: not to know its number is no failure.
        let record = retried(|| self.records.writer.read_one(MODEL, id, &["name"])).await.ok().flatten();
        let name = record.as_ref().and_then(|record| record.text("name").ok().flatten()).map(str::to_owned);
        Ok(MadeSale { id, name })
    }

    /// Adds a line to an order, once for each key.
    ///
    /// # Errors
    /// When Odoo refuses, or nobody knows whether it was made.
    pub async fn make_sale_line(&self, request: &NewSaleLine) -> Result<MadeLine, ErpError> {
        let (qty, price) = (request.product_uom_qty, request.price_unit.unwrap_or(PRICELIST));
        let rounded = self.rounded_away(qty, price).await;
        if let Some((what, message)) = rounded.map_err(|error| self.failed(error))? {
            let path = if what == Changed::Price { "price_unit" } else { "product_uom_qty" }.to_owned();
            let errors = vec![FieldError { path, message: message.to_owned() }];
            return Err(ErpError::Values { errors, code: "rounds_to_zero" });
        }
        // A column that is not there lets Odoo decide; an empty cell would not.
        let price = request.price_unit.filter(|price| *price >= 0.0).map(|price| price.to_string());
        let columns = [
            ("order_id/.id", Some(Cell::Record(MODEL, &request.order_id))),
            ("product_id/.id", Some(Cell::Record("product.product", &request.product_id))),
            ("product_uom_qty", Some(Cell::Text(request.product_uom_qty.to_string()))),
            ("price_unit", price.map(Cell::Text)),
            ("name", request.name.clone().map(Cell::Text)),
        ];
        let key = request.idempotency_key.as_ref();
        let line_id = self.make(New { model: LINE, kind: "line", key, defaults: &[] }, columns).await?;
        let fields = ["product_uom_qty", "price_unit", "price_subtotal"];
        let record = retried(|| self.records.writer.read_one(LINE, line_id, &fields)).await.ok().flatten();
        let number = |field: &str| record.as_ref().and_then(|record| record.float(field).ok().flatten());
        let [qty, price_unit, subtotal] = fields.map(number);
        Ok(MadeLine { line_id, qty, price_unit, subtotal })
    }

    /// Makes a record under an external id that follows from the key, so that no repeat makes a second. After any
    /// failure it is looked for: Odoo may have made it all the same.
    pub(super) async fn make<const N: usize>(
        &self,
        New { model, kind, key, defaults }: New<'_>,
        columns: [(&'static str, Option<Cell<'_>>); N],
    ) -> Result<i64, ErpError> {
        self.records.writer()?;
        let columns: Vec<_> =
            columns.into_iter().filter_map(|(column, cell)| Some((column, cell?))).collect();
        let given = key.is_some();
        let key = key.cloned().unwrap_or_else(IdempotencyKey::random);
        // What the caller wrote, not whom it names today: a repeat means the same record whoever is called so by then.
        let mut written: Vec<_> =
            columns.iter().filter_map(|(column, cell)| Some((*column, cell.as_written()?))).collect();
        written.extend(defaults.iter().map(|(name, value)| (*name, (*value).to_owned())));
        // The same key of who works elsewhere means another record.
        written.extend(self.records.elsewhere().map(|company| ("company", company.to_string())));
        let name = keyed_external_name(kind, &self.records.key_scope, &key, &written);
        if given
            && let Some(id) =
                keyed::made_before(&self.records.writer, &name).await.map_err(|error| self.failed(error))?
        {
            return Ok(id);
        }
        let cells = self.looked_up(&columns).await?;
        let context = defaults.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        keyed::make(&self.records.writer, model, &name, cells, context).await.map_err(|failure| match failure
        {
            NotMade::Refused(error) => self.failed(error),
            NotMade::Unknown(cause) => ErpError::OutcomeUnknown { key: key.as_str().to_owned(), cause },
        })
    }

    /// The ids of the records that cells name, or what is wrong with each.
    async fn looked_up(
        &self,
        columns: &[(&'static str, Cell<'_>)],
    ) -> Result<Vec<(&'static str, String)>, ErpError> {
        let cells = columns.iter().map(|(_, cell)| async move {
            match cell {
                Cell::Record(model, reference) => {
                    self.usable(model, reference).await.map(|id| id.to_string())
                }
                Cell::Own => {
                    let connection = self.records.writer.connection().await;
                    Ok(connection.map_err(Unresolved::Odoo)?.uid.to_string())
                }
                Cell::Text(text) => Ok(text.clone()),
            }
        });
        let (mut errors, mut found) = (Vec::new(), Vec::new());
        for ((column, _), cell) in columns.iter().zip(futures::future::join_all(cells).await) {
            match cell {
                Ok(cell) => found.push((*column, cell)),
                Err(Unresolved::Odoo(error)) => return Err(self.failed(error)),
                Err(error) => {
                    let path = column.trim_end_matches("/.id").to_owned();
                    errors.push(FieldError { path, message: error.to_string() });
                }
            }
        }
        match errors.is_empty() {
            true => Ok(found),
            false => Err(ErpError::Values { errors, code: "invalid_value" }),
        }
    }
}
