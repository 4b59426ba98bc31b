//! The little that is special to a model: its dynamic defaults, derived values and prohibitions.

use serde_json::{Map, Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::env::{Env, now};
use crate::error::Error;
use crate::python;
use crate::schema::Model;
use crate::search::Page;
use crate::store::Row;
use crate::write::set;

type Values = Map<String, Value>;

/// The field of an order line that holds the unit of measure.
pub(crate) fn uom_field(version: Version) -> &'static str {
    match version {
        Version::V16 | Version::V18 => "product_uom",
        Version::V19 => "product_uom_id",
    }
}

/// The field of an order line that holds its taxes.
pub(crate) fn tax_field(version: Version) -> &'static str {
    match version {
        Version::V16 | Version::V18 => "tax_id",
        Version::V19 => "tax_ids",
    }
}

/// Fills in what the caller left out.
pub(crate) fn defaults(env: &mut Env<'_>, model: &Model, values: &mut Values) -> Result<(), Error> {
    match model.name {
        "res.partner" => {
            let language = env.db.language.code();
            fill(values, "lang", || json!(language));
            Ok(())
        }
        "sale.order" => order(env, values),
        "sale.order.line" => line(env, values),
        "crm.lead" => lead(env, values),
        "project.task" => task(env, values),
        "mail.activity" => {
            crate::activities::defaults(env, values);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn fill(values: &mut Values, field: &str, value: impl FnOnce() -> Value) {
    if !values.contains_key(field) {
        values.insert(field.to_owned(), value());
    }
}

fn order(env: &mut Env<'_>, values: &mut Values) -> Result<(), Error> {
    let partners = env.model("res.partner")?;
    let partner = values.get("partner_id").and_then(Value::as_i64);
    let named = values.get("name").is_some_and(|name| python::truthy(name) && name != "New");
    if !named && partner.is_some() {
        values.insert("name".to_owned(), json!(format!("S{:05}", env.db.next_number("sale.order"))));
    }
    let salesperson = partner.and_then(|id| env.db.value(&partners, id, "user_id").id()).unwrap_or(env.uid);
    fill(values, "user_id", || json!(salesperson));
    fill(values, "date_order", || json!(now()));
    fill(values, "partner_invoice_id", || json!(partner));
    fill(values, "partner_shipping_id", || json!(partner));
    let pricelist = partner.and_then(|id| env.db.value(&partners, id, "property_product_pricelist").id());
    fill(values, "pricelist_id", || json!(pricelist));
    let (lists, list) = (env.model("product.pricelist")?, values.get("pricelist_id").and_then(Value::as_i64));
    if let Some(currency) = list.and_then(|id| env.db.value(&lists, id, "currency_id").id()) {
        fill(values, "currency_id", || json!(currency));
    }
    let company = env.company();
    fill(values, "company_id", || json!(company));
    default_team(env, values)
}

fn line(env: &mut Env<'_>, values: &mut Values) -> Result<(), Error> {
    if values.get("display_type").is_some_and(python::truthy) {
        // A section or a note has no quantity.
        values.insert("product_uom_qty".to_owned(), json!(0.0));
    }
    let Some(product) = values.get("product_id").and_then(Value::as_i64) else { return Ok(()) };
    let products = env.model("product.product")?;
    env.check_exist(&products, &[product])?;
    let read = |field: &str| env.db.value(&products, product, field).into_owned();
    let (taxes, uom) = (read("taxes_id").ids(), read("uom_id").id());
    let name = read("display_name").as_str().unwrap_or_default().to_owned();
    let price = price(env, product, values.get("order_id").and_then(Value::as_i64))?;
    let version = env.version();
    fill(values, "price_unit", || json!(price));
    fill(values, tax_field(version), || json!(taxes));
    fill(values, uom_field(version), || json!(uom));
    fill(values, "name", || json!(name));
    Ok(())
}

/// What the order's pricelist makes of the product's price.
pub(crate) fn price(env: &Env<'_>, product: i64, order: Option<i64>) -> Result<f64, Error> {
    let (orders, items) = (env.model("sale.order")?, env.model("product.pricelist.item")?);
    let products = env.model("product.product")?;
    let own = env.db.value(&products, product, "list_price").as_f64().unwrap_or_default();
    let Some(list) = order.and_then(|order| env.db.value(&orders, order, "pricelist_id").id()) else {
        return Ok(own);
    };
    let of = |item: i64| env.db.value(&items, item, "product_id").id();
    let rules = env.db.pointing(&items, "pricelist_id", list);
    let rule = rules
        .iter()
        .find(|item| of(**item) == Some(product))
        .or(rules.iter().find(|item| of(**item).is_none()));
    let Some(rule) = rule else { return Ok(own) };
    let number = |field: &str| env.db.value(&items, *rule, field).as_f64().unwrap_or_default();
    Ok(match env.db.value(&items, *rule, "compute_price").as_str() {
        Some("percentage") => own * (1.0 - number("percent_price") / 100.0),
        _ => number("fixed_price"),
    })
}

fn lead(env: &mut Env<'_>, values: &mut Values) -> Result<(), Error> {
    let partners = env.model("res.partner")?;
    let uid = env.uid;
    fill(values, "user_id", || json!(uid));
    if let Some(partner) = values.get("partner_id").and_then(Value::as_i64) {
        for (field, theirs) in [("email_from", "email"), ("phone", "phone")] {
            let value = env.db.value(&partners, partner, theirs).as_str().map(str::to_owned);
            fill(values, field, || json!(value));
            // What the lead is given goes to its partner, too.
            let given = values.get(field).and_then(Value::as_str).map(str::to_owned);
            let same = given == value || (field == "email_from" && normalized(&given) == normalized(&value));
            if given.is_some() && !same {
                env.write(&partners, &[partner], &Values::from_iter([(theirs.to_owned(), json!(given))]))?;
            }
        }
        let name = crate::matching::display_name(env.db, &partners, partner);
        fill(values, "name", || json!(format!("{name}'s opportunity")));
    }
    default_team(env, values)?;
    lead_company(env, values)?;
    default_stage(env, values, "crm.stage")
}

/// The team's company, else the current one if it is the salesperson's too, else theirs or the customer's.
fn lead_company(env: &Env<'_>, values: &mut Values) -> Result<(), Error> {
    let of = |model: &str, link: &str| -> Result<Option<i64>, Error> {
        let model = env.model(model)?;
        let target = values.get(link).and_then(Value::as_i64);
        Ok(target.and_then(|id| env.db.value(&model, id, "company_id").id()))
    };
    let company = match values.get("user_id").and_then(Value::as_i64) {
        _ if of("crm.team", "team_id")?.is_some() => of("crm.team", "team_id")?,
        Some(user) => {
            let current = env.company().filter(|company| env.companies_of(user).contains(company));
            current.or(of("res.users", "user_id")?)
        }
        None => of("res.partner", "partner_id")?,
    };
    fill(values, "company_id", || json!(company));
    Ok(())
}

fn task(env: &mut Env<'_>, values: &mut Values) -> Result<(), Error> {
    if !values.get("project_id").is_some_and(python::truthy) {
        return Ok(());
    }
    default_stage(env, values, "project.task.type")
}

fn default_stage(env: &Env<'_>, values: &mut Values, stages: &str) -> Result<(), Error> {
    let page = Page { limit: Some(1), order: Some("sequence, id".to_owned()), ..Page::default() };
    let first = env.search(&env.model(stages)?, &json!([]), &page)?;
    fill(values, "stage_id", || json!(first.first()));
    Ok(())
}

/// The salesperson's team, else the first.
fn default_team(env: &Env<'_>, values: &mut Values) -> Result<(), Error> {
    if values.contains_key("team_id") {
        return Ok(());
    }
    let teams = env.model("crm.team")?;
    let user = values.get("user_id").and_then(Value::as_i64);
    let mine = env.search(&teams, &json!([["member_ids", "in", [user]]]), &Page::default())?;
    let first = env.search(&teams, &json!([]), &Page { limit: Some(1), ..Page::default() })?;
    values.insert("team_id".to_owned(), json!(mine.first().or(first.first())));
    Ok(())
}

/// Sets the stored values that follow from others.
pub(crate) fn derive(model: &Model, row: &mut Row) {
    let text = |row: &Row, field: &str| {
        model.slot(field).and_then(|slot| row.get(slot)).and_then(Datum::as_str).map(str::to_owned)
    };
    match model.name {
        "res.partner" => {
            let email = normalized(&text(row, "email"));
            set(model, row, "email_normalized", email);
        }
        "crm.lead" => {
            let email = normalized(&text(row, "email_from"));
            set(model, row, "email_normalized", email);
        }
        "ir.model.data" => {
            let (module, name) =
                (text(row, "module").unwrap_or_default(), text(row, "name").unwrap_or_default());
            set(model, row, "complete_name", Datum::text(format!("{module}.{name}")));
        }
        _ => {}
    }
}

fn normalized(email: &Option<String>) -> Datum {
    let address = email.as_deref().map(|email| match email.rsplit_once('<') {
        Some((_, address)) => address.trim_end_matches('>'),
        None => email,
    });
    // A name before the address is known by its blanks, so those of a quoted local part are lost, too.
    match address.map(|address| address.trim().replace(' ', ",")) {
        // A local part that is not ASCII keeps its case.
        Some(address) => match address.rsplit_once('@') {
            Some((local, domain)) if !local.is_ascii() => {
                Datum::text(format!("{local}@{}", domain.to_lowercase()))
            }
            Some(_) => Datum::text(address.to_lowercase()),
            None => Datum::Empty,
        },
        None => Datum::Empty,
    }
}

/// Refuses a record that cannot be.
pub(crate) fn check(model: &Model, row: &Row) -> Result<(), Error> {
    let empty = |field: &str| model.slot(field).and_then(|slot| row.get(slot)).is_none_or(Datum::is_empty);
    if model.name == "res.partner" && empty("name") {
        return Err(Error::validation("The operation cannot be completed: Contacts require a name"));
    }
    Ok(())
}

/// `done` is what 16 calls a locked one.
pub(crate) fn is_confirmed(state: &str) -> bool {
    matches!(state, "sale" | "done")
}

/// Refuses deletions that Odoo refuses.
pub(crate) fn check_unlink(env: &Env<'_>, model: &Model, ids: &[i64]) -> Result<(), Error> {
    let state = |id: &i64| env.db.value(model, *id, "state").as_str().map(str::to_owned);
    let is_free = |id: &i64| matches!(state(id).as_deref(), Some("draft" | "cancel"));
    if model.name == "sale.order" && !ids.iter().all(is_free) {
        return Err(Error::user(
            "You can not delete a sent quotation or a confirmed sales order. You must first cancel it.",
        ));
    }
    if model.name == "sale.order.line" {
        let orders = env.model("sale.order")?;
        let order = |id: &i64| env.db.value(model, *id, "order_id").id();
        let confirmed = |id: i64| env.db.value(&orders, id, "state").as_str().is_some_and(is_confirmed);
        if ids.iter().filter_map(order).any(confirmed) {
            return Err(Error::user(
                "Once a sales order is confirmed, you can't remove one of its lines (we need to track if something \
                 gets invoiced or delivered).\nSet the quantity to 0 instead.",
            ));
        }
    }
    Ok(())
}
