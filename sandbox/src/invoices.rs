//! What invoices come to, and what is left to pay.

use crate::compute::{money, number, taxed};
use crate::datum::Datum;
use crate::schema::Model;
use crate::store::Database;

/// Where a customer looks at an invoice.
pub(crate) fn page(_: &Database, _: &Model, id: i64) -> Datum {
    Datum::text(format!("/my/invoices/{id}"))
}

pub(crate) fn line_untaxed(db: &Database, model: &Model, id: i64) -> Datum {
    let of = |field: &str| number(db, model, id, field);
    money(of("quantity") * of("price_unit") * (1.0 - of("discount") / 100.0))
}

pub(crate) fn line_total(db: &Database, model: &Model, id: i64) -> Datum {
    money(number(db, model, id, "price_subtotal") + taxed(db, model, id, "tax_ids"))
}

fn over_lines(db: &Database, id: i64, field: &str) -> f64 {
    let Some(lines) = db.schema.get("account.move.line") else { return 0.0 };
    db.pointing(lines, "move_id", id).iter().map(|line| number(db, lines, *line, field)).sum()
}

pub(crate) fn untaxed(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, id, "price_subtotal"))
}

pub(crate) fn tax(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, id, "price_total") - over_lines(db, id, "price_subtotal"))
}

pub(crate) fn total(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, id, "price_total"))
}

/// Nothing of what was cancelled.
pub(crate) fn due(db: &Database, model: &Model, id: i64) -> Datum {
    match db.value(model, id, "state").as_str() {
        Some("cancel") => Datum::Float(0.0),
        _ => money(over_lines(db, id, "price_total") - number(db, model, id, "paid")),
    }
}
