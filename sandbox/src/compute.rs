//! The values that are worked out when they are read.

use crate::datum::Datum;
use crate::rounding::half_up;
use crate::rules::tax_field;
use crate::schema::Model;
use crate::store::Database;

pub(crate) fn display_name(db: &Database, model: &Model, id: i64) -> Datum {
    let text = |field: &str| db.value(model, id, field).as_str().map(str::to_owned);
    let name = match model.name {
        "res.partner" => partner_name(db, model, id),
        "product.product" | "product.template" => match (text("default_code"), text("name")) {
            (Some(code), Some(name)) => Some(format!("[{code}] {name}")),
            (_, name) => name,
        },
        "sale.order.line" => {
            let order = db.along(model, id, "order_id.name");
            let line = text("name").unwrap_or_default();
            Some(format!(
                "{} - {}",
                order.as_str().unwrap_or_default(),
                line.lines().next().unwrap_or_default()
            ))
        }
        "ir.model.data" => text("complete_name"),
        "ir.model.fields" => Some(format!(
            "{} ({})",
            text("field_description").unwrap_or_default(),
            text("model").unwrap_or_default()
        )),
        "mail.message" => text("subject"),
        "mail.activity" => text("summary"),
        _ => text("name"),
    };
    Datum::text(name.unwrap_or_else(|| format!("{},{id}", model.name)))
}

pub(crate) fn last_update(db: &Database, model: &Model, id: i64) -> Datum {
    db.value(model, id, "write_date").into_owned()
}

fn partner_name(db: &Database, model: &Model, id: i64) -> Option<String> {
    let own = db.value(model, id, "name").as_str().map(str::to_owned);
    let company = db.value(model, id, "is_company").is_true();
    let parent = db.along(model, id, "parent_id.name");
    match (parent.as_str(), own) {
        (Some(parent), Some(own)) if !company => Some(format!("{parent}, {own}")),
        (Some(parent), None) => Some(parent.to_owned()),
        (_, own) => own,
    }
}

/// That of the record's company.
pub(crate) fn company_currency(db: &Database, model: &Model, id: i64) -> Datum {
    db.along(model, id, "company_id.currency_id")
}

/// The name of the company a contact is or belongs to.
pub(crate) fn company_name(db: &Database, model: &Model, id: i64) -> Datum {
    if db.value(model, id, "is_company").is_true() {
        return db.value(model, id, "name").into_owned();
    }
    match db.value(model, id, "parent_id").id() {
        Some(parent) if parent != id => company_name(db, model, parent),
        _ => Datum::Empty,
    }
}

pub(crate) fn number(db: &Database, model: &Model, id: i64, field: &str) -> f64 {
    db.value(model, id, field).as_f64().unwrap_or_default()
}

pub(crate) fn money(amount: f64) -> Datum {
    // An empty sum is -0.0.
    Datum::Float(half_up(amount, 2) + 0.0)
}

pub(crate) fn list_price(db: &Database, model: &Model, id: i64) -> Datum {
    db.value(model, id, "list_price").into_owned()
}

/// The partners with a tag.
pub(crate) fn tagged_partners(db: &Database, _: &Model, id: i64) -> Datum {
    let Some(partners) = db.schema.get("res.partner") else { return Datum::Empty };
    let tagged = |partner: &i64| db.value(partners, *partner, "category_id").ids().contains(&id);
    Datum::Ids(db.stored(partners).filter(tagged).collect())
}

/// Where a customer looks at an order.
pub(crate) fn order_page(_: &Database, _: &Model, id: i64) -> Datum {
    Datum::text(format!("/my/orders/{id}"))
}

pub(crate) fn line_untaxed(db: &Database, model: &Model, id: i64) -> Datum {
    untaxed(db, model, id, "product_uom_qty")
}

/// What a line comes to whose quantity is in this field.
pub(crate) fn untaxed(db: &Database, model: &Model, id: i64, quantity: &str) -> Datum {
    let of = |field: &str| number(db, model, id, field);
    money(of(quantity) * of("price_unit") * (1.0 - of("discount") / 100.0))
}

pub(crate) fn line_tax(db: &Database, model: &Model, id: i64) -> Datum {
    money(taxed(db, model, id, tax_field(db.schema.version)))
}

/// What the taxes in this field add to the subtotal of a line.
pub(crate) fn taxed(db: &Database, model: &Model, id: i64, field: &str) -> f64 {
    let Some(taxes) = db.schema.get("account.tax") else { return 0.0 };
    let applied = db.value(model, id, field).ids();
    let rate: f64 = applied.iter().map(|tax| number(db, taxes, *tax, "amount")).sum();
    number(db, model, id, "price_subtotal") * rate / 100.0
}

pub(crate) fn line_total(db: &Database, model: &Model, id: i64) -> Datum {
    money(number(db, model, id, "price_subtotal") + number(db, model, id, "price_tax"))
}

/// The sum over the lines of this model that point here by this link.
pub(crate) fn over_lines(db: &Database, (model, link): (&str, &str), id: i64, field: &str) -> f64 {
    let Some(lines) = db.schema.get(model) else { return 0.0 };
    db.pointing(lines, link, id).iter().map(|line| number(db, lines, *line, field)).sum()
}

const ORDER_LINES: (&str, &str) = ("sale.order.line", "order_id");

pub(crate) fn order_untaxed(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, ORDER_LINES, id, "price_subtotal"))
}

pub(crate) fn order_tax(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, ORDER_LINES, id, "price_tax"))
}

pub(crate) fn order_total(db: &Database, _: &Model, id: i64) -> Datum {
    money(over_lines(db, ORDER_LINES, id, "price_total"))
}

pub(crate) fn task_count(db: &Database, _: &Model, id: i64) -> Datum {
    let Some(tasks) = db.schema.get("project.task") else { return Datum::Empty };
    let of_project = db.pointing(tasks, "project_id", id);
    let active = of_project.iter().filter(|task| db.value(tasks, **task, "active").is_true()).count();
    Datum::Int(i64::try_from(active).unwrap_or(i64::MAX))
}

pub(crate) fn team_of_user(db: &Database, _: &Model, id: i64) -> Datum {
    let Some(teams) = db.schema.get("crm.team") else { return Datum::Empty };
    let mut mine = db.all(teams).filter(|team| db.value(teams, *team, "member_ids").ids().contains(&id));
    mine.next().map_or(Datum::Empty, Datum::Int)
}
