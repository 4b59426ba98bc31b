//! A record as callers read it.

use serde_json::{Map, Value, json};

use super::metadata::Field;
use super::value::readable;
use super::view::{Seen, View};

/// A record by its fields' names.
pub type Fields = Map<String, Value>;

/// What is read of the models that people ask for most.
const USUAL: [(&str, &[&str]); 16] = [
    (
        "res.partner",
        &[
            "name",
            "email",
            "phone",
            "mobile",
            "vat",
            "street",
            "city",
            "country_id",
            "parent_id",
            "is_company",
            "user_id",
        ],
    ),
    ("res.users", &["name", "login", "email", "company_id", "share"]),
    ("res.company", &["name", "currency_id", "parent_id"]),
    (
        "sale.order",
        &[
            "name",
            "partner_id",
            "user_id",
            "date_order",
            "state",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "invoice_status",
        ],
    ),
    (
        "sale.order.line",
        &["order_id", "product_id", "name", "product_uom_qty", "price_unit", "discount", "price_subtotal"],
    ),
    (
        "crm.lead",
        &[
            "name",
            "partner_id",
            "contact_name",
            "email_from",
            "phone",
            "user_id",
            "stage_id",
            "expected_revenue",
            "probability",
            "type",
            "date_deadline",
        ],
    ),
    (
        "product.product",
        &["display_name", "default_code", "barcode", "list_price", "uom_id", "categ_id", "qty_available"],
    ),
    ("product.template", &["name", "default_code", "barcode", "list_price", "uom_id", "categ_id", "type"]),
    ("project.project", &["name", "user_id", "partner_id", "date_start", "date"]),
    (
        "project.task",
        &["name", "project_id", "user_ids", "stage_id", "date_deadline", "priority", "partner_id"],
    ),
    (
        "account.move",
        &[
            "name",
            "partner_id",
            "invoice_date",
            "invoice_date_due",
            "state",
            "payment_state",
            "move_type",
            "amount_total",
            "amount_residual",
        ],
    ),
    ("purchase.order", &["name", "partner_id", "user_id", "date_order", "state", "amount_total"]),
    ("stock.picking", &["name", "partner_id", "picking_type_id", "scheduled_date", "state", "origin"]),
    ("hr.employee", &["name", "job_id", "department_id", "work_email", "work_phone", "parent_id"]),
    (
        "mail.activity",
        &["summary", "activity_type_id", "res_model", "res_id", "res_name", "user_id", "date_deadline"],
    ),
    ("mail.message", &["date", "author_id", "message_type", "model", "res_id", "body"]),
];
/// Of other models so many.
const MOST_USUAL: usize = 12;
/// Of Odoo's own use.
const TECHNICAL: [&str; 9] = [
    "create_uid",
    "create_date",
    "write_uid",
    "write_date",
    "__last_update",
    "access_token",
    "parent_path",
    "sequence",
    "color",
];
/// What belongs to the chatter, the calendar and the form of a user's rights, not to the record.
const ASIDE: [&str; 7] =
    ["message_", "activity_", "website_", "rating_", "my_activity_", "in_group_", "sel_groups_"];

/// Whether a field is short: what a list shows.
fn is_short(field: &Field) -> bool {
    field.is_column()
        && !matches!(
            field.kind.as_str(),
            "binary"
                | "image"
                | "html"
                | "text"
                | "json"
                | "properties"
                | "properties_definition"
                | "one2many"
                | "many2many"
                | "serialized"
                | "many2one_reference"
        )
}

fn is_aside(name: &str) -> bool {
    TECHNICAL.contains(&name) || ASIDE.iter().any(|prefix| name.starts_with(prefix))
}

/// A short choice of a model's fields.
pub(super) fn usual(seen: &Seen) -> Vec<String> {
    let of_model = USUAL.iter().find(|(model, _)| *model == seen.model);
    if let Some((_, names)) = of_model {
        return names
            .iter()
            .filter(|name| seen.field(name).is_some())
            .map(|name| (*name).to_owned())
            .collect();
    }
    let fields = seen.fields().filter(|(name, field)| is_short(field) && !is_aside(name));
    let mut names: Vec<(u8, &String)> = fields
        .filter(|(name, _)| *name != "id")
        .map(|(name, field)| {
            let place = match (name.as_str(), field.required, field.kind.as_str()) {
                ("display_name" | "name", ..) => 0,
                ("state" | "active" | "date" | "partner_id" | "user_id" | "company_id", ..) => 2,
                (_, true, _) => 1,
                (_, _, "many2one" | "selection" | "date" | "datetime" | "monetary") => 3,
                _ => 4,
            };
            (place, name)
        })
        .collect();
    // What a record is called by is told once.
    if names.iter().any(|(_, name)| *name == "name") {
        names.retain(|(_, name)| *name != "display_name");
    }
    names.sort();
    names.into_iter().take(MOST_USUAL).map(|(_, name)| name.clone()).collect()
}

/// Everything of one record but pictures and files, and what is another part of Odoo.
pub(super) fn all(seen: &Seen) -> Vec<String> {
    let is_told = |name: &str, field: &Field| {
        field.is_column() && !is_aside(name) && !matches!(field.kind.as_str(), "binary" | "image")
            || name == "display_name"
    };
    let mut names: Vec<String> =
        seen.fields().filter(|(name, field)| is_told(name, field)).map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

impl View {
    /// The fields to read, with those that say in which currency an amount is.
    pub(super) fn with_currencies<'a>(&self, seen: &'a Seen, names: &'a [String]) -> Vec<&'a str> {
        let mut read: Vec<&str> = names.iter().map(String::as_str).collect();
        for name in names {
            let currency = seen.field(name).filter(|field| field.kind == "monetary").map(currency_field);
            let currency = currency.filter(|name| seen.field(name).is_some());
            if let Some(currency) = currency
                && !read.contains(&currency)
            {
                read.push(currency);
            }
        }
        read
    }

    /// What Odoo read, for callers: the fields that they asked for, without those that are empty.
    pub(super) fn told(&self, seen: &Seen, names: &[String], mut record: Fields) -> Fields {
        let mut told = Fields::new();
        told.insert("id".to_owned(), record.get("id").cloned().unwrap_or_default());
        for name in names.iter().filter(|name| *name != "id") {
            let Some(field) = seen.field(name) else { continue };
            let value = match field.kind.as_str() {
                "monetary" => {
                    let currency = record.get(currency_field(field)).and_then(name_of);
                    let amount = record.get(name).cloned().and_then(|value| readable(value, &field.kind));
                    amount.map(|amount| match currency {
                        Some(currency) => json!({ "amount": amount, "currency": currency }),
                        None => amount,
                    })
                }
                _ => {
                    let value = record.get_mut(name).map(Value::take).unwrap_or_default();
                    // Another amount may be in the same currency.
                    if let ("many2one", Value::Array(_) | Value::Object(_)) = (field.kind.as_str(), &value) {
                        record.insert(name.clone(), value.clone());
                    }
                    self.value(seen, name, field, value, &told)
                }
            };
            told.extend(value.map(|value| (name.clone(), value)));
        }
        told
    }

    fn value(&self, seen: &Seen, name: &str, field: &Field, value: Value, told: &Fields) -> Option<Value> {
        match field.kind.as_str() {
            "many2one" => {
                let (id, called) = id_and_name(&value)?;
                let open = field.relation.as_deref().is_some_and(|it| self.rules.names_are_open(it));
                Some(match called.filter(|_| open) {
                    Some(called) => json!({ "id": id, "name": called }),
                    None => json!({ "id": id }),
                })
            }
            "one2many" | "many2many" => {
                let Value::Array(records) = value else { return readable(value, &field.kind) };
                let open = field.relation.as_deref().is_some_and(|it| self.rules.names_are_open(it));
                let told = records.into_iter().map(|record| match id_and_name(&record) {
                    Some((id, Some(called))) if open => json!({ "id": id, "name": called }),
                    Some((id, _)) => json!(id),
                    None => record,
                });
                Some(told.collect())
            }
            "selection" => {
                let key = readable(value, &field.kind)?;
                let label = field.selection.iter().find(|(known, _)| key.as_str() == Some(known));
                Some(match label {
                    Some((_, label)) => json!({ "value": key, "label": label }),
                    None => key,
                })
            }
            // A file is read by its address; here is how large it is.
            "binary" | "image" => {
                let size = readable(value, &field.kind)?;
                let id = told.get("id").cloned().unwrap_or_default();
                Some(json!({ "size": size, "uri": format!("odoo://{}/{id}/{name}", seen.model) }))
            }
            kind => readable(value, kind),
        }
    }
}

pub(super) fn currency_field(field: &Field) -> &str {
    field.currency_field.as_deref().unwrap_or("currency_id")
}

/// `[7, "Ana"]` or `{"id": 7, "display_name": "Ana"}`, or an id alone.
fn id_and_name(value: &Value) -> Option<(i64, Option<&str>)> {
    match value {
        Value::Array(pair) => Some((pair.first()?.as_i64()?, pair.get(1).and_then(Value::as_str))),
        Value::Object(record) => {
            Some((record.get("id")?.as_i64()?, record.get("display_name").and_then(Value::as_str)))
        }
        Value::Number(id) => Some((id.as_i64()?, None)),
        _ => None,
    }
}

fn name_of(value: &Value) -> Option<String> {
    id_and_name(value)?.1.map(str::to_owned)
}
