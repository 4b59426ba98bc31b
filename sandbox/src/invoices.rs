//! What invoices come to, and what is left to pay.

use crate::compute::{self, money, number, over_lines, taxed};
use crate::datum::Datum;
use crate::schema::Model;
use crate::store::Database;

const LINES: (&str, &str) = ("account.move.line", "move_id");

/// Where a customer looks at an invoice.
pub(crate) fn page(_: &Database, _: &Model, id: i64) -> Datum {
    Datum::text(format!("/my/invoices/{id}"))
}

pub(crate) fn line_untaxed(db: &Database, model: &Model, id: i64) -> Datum {
    compute::untaxed(db, model, id, "quantity")
}

pub(crate) fn line_total(db: &Database, model: &Model, id: i64) -> Datum {
    money(number(db, model, id, "price_subtotal") + taxed(db, model, id, "tax_ids"))
}

pub(crate) fn untaxed(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, LINES, id, "price_subtotal"))
}

pub(crate) fn tax(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, LINES, id, "price_total") - over_lines(db, LINES, id, "price_subtotal"))
}

pub(crate) fn total(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, LINES, id, "price_total"))
}

/// Nothing of what was cancelled.
pub(crate) fn due(db: &Database, model: &Model, id: i64) -> Datum {
    match db.value(model, id, "state").as_str() {
        Some("cancel") => Datum::Float(0.0),
        _ => money(over_lines(db, LINES, id, "price_total") - number(db, model, id, "paid")),
    }
}
