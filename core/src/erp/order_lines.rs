//! Lines of an order that are to change or to go.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::value::text;
use super::{Erp, Named};
use crate::input::FieldError;
use crate::odoo::{OdooError, Record, SearchRead};
use crate::quotation::error::{QuotationError, Rounding};
use crate::quotation::products;
use crate::quotation::request::{PRICELIST, ProductLine};
use crate::quotation::texts::Changed;
use crate::records::checked::{is_rounded, same_number};
use crate::records::metadata::Fields;
use crate::rules;

pub(super) const LINE: &str = "sale.order.line";
const FIELDS: [&str; 7] =
    ["product_id", "name", "product_uom_qty", "price_unit", "discount", "price_subtotal", "display_type"];
/// Lines that an error lists, at most.
const LISTED: usize = 20;

/// A line to change or to take away.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct LineUpdate {
    /// Line
    #[garde(custom(rules::record_id(1)), custom(some_change(self)))]
    pub line_id: i64,
    /// New quantity
    #[garde(inner(range(min = 0.0, max = 1e9)))]
    pub qty: Option<f64>,
    /// New unit price
    #[garde(inner(range(min = 0.0, max = 1e12)))]
    pub price: Option<f64>,
    /// New discount in percent
    #[garde(inner(range(min = 0.0, max = 100.0)))]
    pub discount: Option<f64>,
    /// Take it away
    #[serde(default)]
    #[garde(skip)]
    pub remove: bool,
}

fn some_change(line: &LineUpdate) -> impl Fn(&i64, &()) -> garde::Result {
    let changes = [line.qty, line.price, line.discount].iter().any(Option::is_some);
    move |_, _| match (changes, line.remove) {
        (false, false) => Err(garde::Error::new("give a qty, a price, a discount or remove: true for it")),
        (true, true) => Err(garde::Error::new("either change it or remove it")),
        _ => Ok(()),
    }
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct LineChange {
    /// Id
    pub line_id: i64,
    /// Absent on a section or note
    pub product: Option<Named>,
    /// Quantity before
    pub old_qty: Option<f64>,
    /// Quantity now
    pub qty: Option<f64>,
    /// Unit price before
    pub old_price: Option<f64>,
    /// Unit price now
    pub price: Option<f64>,
    /// Percent before, where there is or was a discount
    pub old_discount: Option<f64>,
    /// Percent now
    pub discount: Option<f64>,
    /// Now, without taxes
    pub subtotal: Option<f64>,
    /// This call took it away
    pub removed: bool,
    /// There was no such line (any more)
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// The lines of an order by id.
pub(super) type Lines = BTreeMap<i64, Record>;

impl Erp {
    pub(super) async fn order_lines(&self, order: i64) -> Result<Lines, OdooError> {
        let query = SearchRead { fields: &FIELDS, order: Some("id"), ..SearchRead::default() };
        let lines = self.records.writer.search_read(LINE, json!([["order_id", "=", order]]), &query).await?;
        lines.into_iter().map(|line| Ok((line.id()?, line))).collect()
    }

    /// What is wrong with changes of lines. A line that is nowhere any more may be one that was taken away before.
    pub(super) async fn check_lines(
        &self,
        updates: &[LineUpdate],
        lines: &Lines,
    ) -> Result<Vec<FieldError>, OdooError> {
        let strange: Vec<i64> =
            updates.iter().map(|line| line.line_id).filter(|id| !lines.contains_key(id)).collect();
        let elsewhere = match strange.is_empty() {
            true => Vec::new(),
            false => self.records.odoo.read(LINE, &strange, &["order_id"]).await.or_else(nothing)?,
        };
        let elsewhere: Vec<i64> = elsewhere.iter().filter_map(|line| line.id().ok()).collect();
        let mut errors = Vec::new();
        for (index, update) in updates.iter().enumerate() {
            let id = update.line_id;
            let twice = updates.iter().take(index).any(|other| other.line_id == id);
            let gone = update.remove && !elsewhere.contains(&id);
            let is_text = lines.get(&id).is_some_and(|line| line.get("display_type").is_some());
            let message = match (lines.contains_key(&id), is_text && !update.remove) {
                _ if twice => "is given twice".to_owned(),
                (false, _) if !gone => format!("is no line of this order, which has {}", listed(lines)),
                (_, true) => "is a section or note: it has no quantity and no price".to_owned(),
                _ => continue,
            };
            errors.push(FieldError { path: format!("lines[{index}].line_id"), message });
        }
        for (index, update) in updates.iter().enumerate() {
            let (qty, price) = (update.qty.unwrap_or(1.0), update.price.unwrap_or(PRICELIST));
            if let Some((what, message)) = self.rounded_away(qty, price).await? {
                let field = if what == Changed::Price { "price" } else { "qty" };
                let path = format!("lines[{index}].{field}");
                errors.push(FieldError { path, message: format!("{message}, or remove the line") });
            }
        }
        Ok(errors)
    }

    /// A number of which Odoo would keep nothing, and erase what stands.
    pub(super) async fn rounded_away(
        &self,
        qty: f64,
        price: f64,
    ) -> Result<Option<(Changed, &'static str)>, OdooError> {
        let line = ProductLine { product_id: 0, product: None, qty, price };
        match products::check_decimals(&self.records.writer, &self.decimals, &[line]).await {
            Err(QuotationError::RoundsToZero(Rounding { what, .. })) => {
                Ok(Some((what, "becomes 0 with the decimals that Odoo keeps: give more")))
            }
            Err(QuotationError::Odoo(error)) => Err(error),
            Ok(()) | Err(_) => Ok(None),
        }
    }
}

/// Odoo 16 to 18 say that a record is missing, 19 leaves it out.
fn nothing(error: OdooError) -> Result<Vec<Record>, OdooError> {
    match error {
        OdooError::MissingRecord(_) => Ok(Vec::new()),
        error => Err(error),
    }
}

/// As commands of Odoo; what is gone already is not taken away again.
pub(super) fn commands(updates: &[LineUpdate], there: &Lines) -> Vec<Value> {
    let there = updates.iter().filter(|update| there.contains_key(&update.line_id));
    let command = |update: &LineUpdate| match update.remove {
        true => json!([2, update.line_id, 0]),
        false => {
            let values = [
                ("product_uom_qty", update.qty),
                ("price_unit", update.price),
                ("discount", update.discount),
            ];
            let values =
                values.into_iter().filter_map(|(field, value)| Some((field.to_owned(), json!(value?))));
            json!([1, update.line_id, Map::from_iter(values)])
        }
    };
    there.map(command).collect()
}

/// What became of lines.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) changes: Vec<LineChange>,
    /// What stands otherwise than it was given.
    pub(super) warnings: Vec<String>,
    /// Those that did not take the change.
    pub(super) refused: Vec<i64>,
}

/// The lines as they are now beside what they were. `fields` are theirs, as far as they are known; `is_lost`: what Odoo answered.
pub(super) fn compared(
    updates: &[LineUpdate],
    (before, after): (&Lines, &Lines),
    fields: &Fields,
    is_lost: bool,
) -> Result<Compared, OdooError> {
    let mut compared = Compared::default();
    for update in updates {
        let (old, new) = (before.get(&update.line_id), after.get(&update.line_id));
        let number = |line: Option<&Record>, field: &str| line.map_or(Ok(None), |line| line.float(field));
        let (old_discount, discount) = (number(old, "discount")?, number(new, "discount")?);
        let is_told =
            update.discount.is_some() || [old_discount, discount].iter().flatten().any(|it| *it != 0.0);
        let change = LineChange {
            old_discount: old_discount.filter(|_| is_told),
            discount: discount.filter(|_| is_told),
            line_id: update.line_id,
            product: new.or(old).map_or(Ok(None), |line| Named::of(line, "product_id"))?,
            old_qty: number(old, "product_uom_qty")?,
            qty: number(new, "product_uom_qty")?,
            old_price: number(old, "price_unit")?,
            price: number(new, "price_unit")?,
            subtotal: number(new, "price_subtotal")?,
            removed: old.is_some() && new.is_none(),
            missing: old.is_none() && new.is_none(),
        };
        let mut is_done = update.remove == new.is_none();
        for (name, field, wanted, was, now) in [
            ("qty", "product_uom_qty", update.qty, change.old_qty, change.qty),
            ("price", "price_unit", update.price, change.old_price, change.price),
            ("discount", "discount", update.discount, old_discount, discount),
        ] {
            let (Some(wanted), Some(now)) = (wanted, now) else { continue };
            let decimals = fields.get(field).and_then(|field| field.decimals);
            match same_number(Some(wanted), Some(now)) {
                true => {}
                false if is_rounded(wanted, (was, Some(now)), decimals, is_lost) => {
                    let what = format!("{name} of line {}", update.line_id);
                    compared.warnings.push(otherwise_than_asked(&what, wanted, now));
                }
                false => is_done = false,
            }
        }
        if !is_done {
            compared.refused.push(update.line_id);
        }
        compared.changes.push(change);
    }
    Ok(compared)
}

/// Odoo keeps so many decimals, and staff may have been quick.
pub(super) fn otherwise_than_asked(what: &str, asked: f64, now: f64) -> String {
    match (asked - now).abs() <= 0.5 {
        true => format!("{what}: Odoo rounded {asked} to {now}"),
        false => format!("{what}: {asked} was asked for and Odoo has {now}"),
    }
}

fn listed(lines: &Lines) -> String {
    let line = |(id, line): (&i64, &Record)| {
        let name = text(line, "name").ok().flatten().unwrap_or_default();
        format!("{id} ({})", name.lines().next().unwrap_or_default())
    };
    let names = lines.iter().take(LISTED).map(line).collect::<Vec<_>>();
    match (names.is_empty(), lines.len().saturating_sub(LISTED)) {
        (true, _) => "none".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more, which get_sale lists", names.join(", ")),
    }
}
