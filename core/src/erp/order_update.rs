//! An order changed: its fields and its lines in one write, and looked at afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::order_lines::{LINE, LineChange, LineUpdate, Lines, commands, compared, otherwise_than_asked};
use super::retry::retried;
use super::sales::MODEL;
use super::value::{readable, text};
use super::{Erp, ErpError, Named};
use crate::odoo::{OdooError, Record};
use crate::records::FieldChange;
use crate::records::checked::Checked;
use crate::records::metadata::Fields;
use crate::rules;

/// What is told of every order that was changed.
const TOLD: [&str; 6] = ["name", "state", "amount_untaxed", "amount_tax", "amount_total", "currency_id"];

/// What to change of an order.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleUpdate {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// By Odoo's field names; null empties
    #[serde(default)]
    #[garde(custom(some_change(&self.lines)))]
    pub values: Map<String, Value>,
    /// Its lines to change or take away
    #[serde(default)]
    #[garde(length(max = 1000), dive)]
    pub lines: Vec<LineUpdate>,
}

/// Which lines of an order to change or to take away.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct SaleLinesUpdate {
    /// Order
    #[garde(custom(rules::record_id(1)))]
    pub sale_id: i64,
    /// Its lines to change or take away
    #[garde(length(min = 1, max = 1000), dive)]
    pub lines: Vec<LineUpdate>,
}

impl From<SaleLinesUpdate> for SaleUpdate {
    fn from(SaleLinesUpdate { sale_id, lines }: SaleLinesUpdate) -> Self {
        Self { sale_id, values: Map::new(), lines }
    }
}

fn some_change(lines: &[LineUpdate]) -> impl Fn(&Map<String, Value>, &()) -> garde::Result {
    let lines = lines.len();
    move |values, _| match (values.is_empty(), lines) {
        (true, 0) => Err(garde::Error::new("give at least one field to change, or lines")),
        _ => Ok(()),
    }
}

/// An order after a change, as Odoo has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdatedSale {
    /// Done
    pub ok: bool,
    /// Order
    pub id: i64,
    /// Number
    pub name: String,
    /// Fields
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<FieldChange>,
    /// Lines
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineChange>,
    /// What Odoo keeps otherwise than it was given: it rounds
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Without taxes
    pub amount_untaxed: Option<f64>,
    /// Taxes
    pub amount_tax: Option<f64>,
    /// With taxes
    pub amount_total: Option<f64>,
    /// ISO code
    pub currency: Option<String>,
}

/// An order with its lines, where those matter.
struct Order {
    record: Record,
    lines: Lines,
}

impl Erp {
    /// Changes fields and lines of an order, all or nothing, and looks at them afterwards.
    ///
    /// # Errors
    /// When a value does not fit its field, Odoo refuses, or something is not as was asked.
    pub async fn update_sale(&self, request: &SaleUpdate) -> Result<UpdatedSale, ErpError> {
        let id = request.sale_id;
        self.records.writer()?;
        let names = request.values.keys().map(String::as_str).filter(|name| !TOLD.contains(name));
        let names: Vec<&str> = TOLD.into_iter().chain(names).collect();
        // What fits no field is named before a field is read that Odoo may not know.
        let checked = self.checked(MODEL, &request.values).await?;
        let before = self.order(request, &names).await.map_err(|error| self.failed(error))?;
        let before = before.ok_or_else(|| self.no_sale(id))?;
        let errors = self.check_lines(&request.lines, &before.lines).await;
        let errors = errors.map_err(|error| self.failed(error))?;
        if !errors.is_empty() {
            return Err(ErpError::Values { errors, code: "invalid_value" });
        }
        let outcome = self.write_order(request, &checked, &before.lines).await;
        if let Err((error, false)) = outcome {
            return Err(self.refused(error, &before.record));
        }
        let lost = outcome.err().map(|(cause, _)| cause);
        let after = retried(|| self.order(request, &names)).await;
        let after = match after {
            Ok(Some(after)) => after,
            Ok(None) => return Err(self.no_sale(id)),
            Err((error, _)) => return Err(ErpError::NotSeen { id, cause: lost.unwrap_or(error) }),
        };
        let told = |fields: &Fields| told(request, &checked, (&before, &after), fields, lost.is_some());
        let (mut now, mut refused) = told(&Fields::new()).map_err(|error| self.failed(error))?;
        // What stands as before may be what Odoo rounds to.
        if !refused.is_empty()
            && !request.lines.is_empty()
            && let Ok(fields) = self.records.fields(LINE).await
        {
            (now, refused) = told(&fields).map_err(|error| self.failed(error))?;
        }
        match (refused.is_empty(), lost) {
            // Its answer was lost, not what it did.
            (true, _) => Ok(now),
            (false, cause) => Err(ErpError::NotTaken { refused, told: Box::new(now), cause }),
        }
    }

    /// One write for all, so that nothing is done by half. Repeated, it takes no line away that is gone.
    async fn write_order(
        &self,
        request: &SaleUpdate,
        checked: &[Checked],
        before: &Lines,
    ) -> Result<(), (OdooError, bool)> {
        let id = request.sale_id;
        let again = AtomicBool::new(false);
        let write = || async {
            let now = match again.swap(true, Ordering::Relaxed) && !request.lines.is_empty() {
                true => Some(self.order_lines(id).await?),
                false => None,
            };
            let mut values: Map<String, Value> =
                checked.iter().map(|checked| (checked.field.clone(), checked.value.clone())).collect();
            let commands = commands(&request.lines, now.as_ref().unwrap_or(before));
            if !commands.is_empty() {
                values.insert("order_line".to_owned(), commands.into());
            }
            match values.is_empty() {
                true => Ok(()),
                false => self.records.writer.write(MODEL, &[id], values).await,
            }
        };
        retried(write).await
    }

    async fn order(&self, request: &SaleUpdate, names: &[&str]) -> Result<Option<Order>, OdooError> {
        let lines = async {
            match request.lines.is_empty() {
                true => Ok(Lines::new()),
                false => self.order_lines(request.sale_id).await,
            }
        };
        let (record, lines) =
            tokio::try_join!(self.records.writer.read_one(MODEL, request.sale_id, names), lines)?;
        Ok(record.map(|record| Order { record, lines }))
    }

    /// What Odoo says of an order that is confirmed or cancelled is told with that.
    fn refused(&self, error: OdooError, order: &Record) -> ErpError {
        let state = match order.text("state").ok().flatten() {
            Some("sale" | "done") => "confirmed",
            Some("cancel") => "cancelled",
            _ => return self.failed(error),
        };
        match error {
            OdooError::Validation(said) => {
                let name = order.text("name").ok().flatten().unwrap_or_default();
                let said = format!("{name} is {state} and nothing of it was changed. Odoo says: {said}");
                self.failed(OdooError::Validation(said))
            }
            error => self.failed(error),
        }
    }
}

/// The order as it is now beside what it was, and what was not taken. `fields` are those of a line, as far as they are known;
/// `is_lost`: what Odoo answered.
fn told(
    request: &SaleUpdate,
    checked: &[Checked],
    (before, after): (&Order, &Order),
    fields: &Fields,
    is_lost: bool,
) -> Result<(UpdatedSale, Vec<String>), OdooError> {
    let read = |order: &Order, checked: &Checked| {
        let value = order.record.as_map().get(&checked.field).cloned().unwrap_or_default();
        readable(value, &checked.kind)
    };
    let change = |checked: &Checked| FieldChange {
        field: checked.field.clone(),
        old: read(before, checked),
        new: read(after, checked),
    };
    let (old, record) = (&before.record, &after.record);
    let otherwise = checked.iter().filter(|checked| !checked.is_in(old, record));
    let (rounded, refused): (Vec<_>, Vec<_>) =
        otherwise.partition(|checked| checked.is_rounded(old, record, is_lost));
    let number = |number: Option<f64>| number.unwrap_or_default();
    let warning = |it: &Checked| {
        Ok(otherwise_than_asked(&it.field, number(it.value.as_f64()), number(record.float(&it.field)?)))
    };
    let mut warnings = rounded.into_iter().map(warning).collect::<Result<Vec<_>, OdooError>>()?;
    let lines = compared(&request.lines, (&before.lines, &after.lines), fields, is_lost)?;
    warnings.extend(lines.warnings);
    let refused = refused.iter().map(|checked| checked.field.clone());
    let refused = refused.chain(lines.refused.iter().map(|id| format!("line {id}"))).collect();
    let sale = UpdatedSale {
        ok: true,
        id: request.sale_id,
        name: text(record, "name")?.unwrap_or_default(),
        changed: checked.iter().map(change).collect(),
        lines: lines.changes,
        warnings,
        amount_untaxed: record.float("amount_untaxed")?,
        amount_tax: record.float("amount_tax")?,
        amount_total: record.float("amount_total")?,
        currency: Named::of(record, "currency_id")?.map(|currency| currency.name),
    };
    Ok((sale, refused))
}
