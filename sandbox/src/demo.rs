//! The demo data.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::Utc;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::env::Env;
use crate::error::Error;
use crate::schema::{Field, Kind, Model};
use crate::store::{Database, Row};
use crate::write::set;

/// The records of one model: a table whose first column is the id.
#[derive(Deserialize)]
struct Table {
    model: String,
    fields: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// The user `demo` in the data, which is that of 18.0.
const DEMO: i64 = 6;

/// The user `demo` in 19.0.
const DEMO_IN_19: i64 = 5;

/// What the id of a variant's template is more than its own.
const TEMPLATES: i64 = 1000;

/// The names of products in Spanish.
const IN_SPANISH: &[(i64, &str)] = &[
    (5, "Silla de oficina"),
    (6, "Lámpara de oficina"),
    (8, "Combinación de escritorio"),
    (9, "Escritorio personalizable"),
    (10, "Armario grande"),
    (12, "Escritorio esquinero izquierdo"),
    (14, "Entrega"),
];

/// What comes on top of the tables: model, record, values.
const MORE: &[(&str, i64, &str, &str)] = &[
    // Its customer pays the prices of the pricelist for distributors.
    ("res.partner", 11, "property_product_pricelist", "2"),
    ("res.partner", 15, "vat", "US12345677"),
    ("res.partner", 16, "vat", "ATO850101AB1"),
    ("product.product", 5, "barcode", "601647855631"),
    ("product.product", 5, "image_1920", PICTURE),
    ("product.product", 26174, "barcode", "7501234567893"),
];

/// What 16 calls otherwise, and its salesperson sees the documents of all.
const IN_16: &[(&str, i64, &str, &str)] = &[
    ("ir.actions.report", 237, "name", "Invoices"),
    ("ir.actions.report", 239, "name", "Invoices without Payment"),
    ("ir.actions.report", 400, "name", "Quotation / Order"),
    ("res.users", DEMO, "groups_id", "[[4, 3]]"),
];

/// A report that 16 has not.
const RAW_REPORT: i64 = 437;

/// A chessboard of 8 by 8 points.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAGUlEQVR42mP4//9/oXc6JsmAVRRIMgxKHQCVBYQBShED5AAAAABJRU5ErkJggg==";

/// The number of the last customer invoice.
const LAST_INVOICE: i64 = 5;

/// What the module for stock has on hand.
const IN_STOCK: &[(i64, f64)] = &[(5, 42.0), (6, 17.0), (9, 3.0), (26174, 2.0)];

/// Creates the demo records.
pub(crate) fn fill(db: &mut Database) -> Result<(), Error> {
    let tables: Vec<Table> = serde_json::from_str(include_str!("../demo.json"))
        .map_err(|error| Error::value(format!("demo.json: {error}")))?;
    // New partners speak the language of who makes them.
    db.language = db.server_language;
    let mut env = Env::of_system(db);
    describe_models(&mut env)?;
    for table in tables {
        let model = env.model(&table.model)?;
        for row in &table.rows {
            create(&mut env, &model, &table.fields, row)?;
        }
    }
    let parameters = env.model("ir.config_parameter")?;
    let uuid = json!({"key": "database.uuid", "value": uuid()});
    env.create(&parameters, uuid.as_object().unwrap_or(&Map::new()), None)?;
    for (model, id, field, value) in MORE {
        write(&mut env, model, *id, field, &json!(value))?;
    }
    if env.version() == Version::V16 {
        for (model, id, field, value) in IN_16 {
            let value = serde_json::from_str(value).unwrap_or(json!(value));
            write(&mut env, model, *id, field, &value)?;
        }
        let reports = env.model("ir.actions.report")?;
        env.unlink(&reports, &[RAW_REPORT])?;
    }
    // The system's own user and its partner are archived.
    for (model, id) in [("res.users", 1), ("res.partner", 2)] {
        write(&mut env, model, id, "active", &json!(false))?;
    }
    if env.model("product.product")?.slot("qty_available").is_some() {
        for (id, quantity) in IN_STOCK {
            write(&mut env, "product.product", *id, "qty_available", &json!(quantity))?;
        }
    }
    let names =
        IN_SPANISH.iter().map(|(id, name)| (("product.template", *id + TEMPLATES), (*name).to_owned()));
    env.db.spanish_names = names.collect();
    let orders = env.model("sale.order")?;
    let last = env.db.all(&orders).next_back().unwrap_or_default();
    env.db.set_number("sale.order", last);
    env.db.set_number("account.move", LAST_INVOICE);
    env.db.commit();
    Ok(())
}

/// What sets this database apart from all others.
pub(crate) fn uuid() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let count = MADE.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff_ffff;
    let nanos = Utc::now().timestamp_nanos_opt().unwrap_or_default();
    let text = format!("{nanos:016x}{:04x}{count:012x}", std::process::id() & 0xffff);
    let part = |range| text.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

fn write(env: &mut Env<'_>, model: &str, id: i64, field: &str, value: &Value) -> Result<(), Error> {
    let model = env.model(model)?;
    env.write(&model, &[id], &Map::from_iter([(field.to_owned(), value.clone())]))
}

fn create(env: &mut Env<'_>, model: &Arc<Model>, fields: &[String], row: &[Value]) -> Result<(), Error> {
    let Some((id, cells)) = row.split_first() else { return Ok(()) };
    let version = env.version();
    let mut values = Map::new();
    for (name, cell) in fields.iter().zip(cells) {
        let name = renamed(version, name);
        let Some(field) = model.field(name) else { continue };
        let is_user = field.kind.relation() == Some("res.users");
        values.insert(name.to_owned(), if is_user { user(version, cell) } else { cell.clone() });
    }
    let id = if model.name == "res.users" { user(version, id) } else { id.clone() };
    if let ("product.product", Some(id)) = (model.name, id.as_i64()) {
        let of_template =
            |name: &str| name == "active" || model.field(name).is_some_and(|field| field.inherited);
        let common = values.clone().into_iter().filter(|(name, _)| of_template(name)).collect();
        let made = env.create_parent(&env.model("product.template")?, &common, Some(id + TEMPLATES))?;
        values.insert("product_tmpl_id".to_owned(), json!(made));
    }
    env.create(model, &values, id.as_i64()).map(drop)
}

/// The data names fields as 18.0 does.
fn renamed(version: Version, field: &str) -> &str {
    match (version, field) {
        (Version::V19, "groups_id") => "group_ids",
        (_, field) => field,
    }
}

fn user(version: Version, cell: &Value) -> Value {
    match (version, cell) {
        (Version::V19, Value::Array(users)) => users.iter().map(|one| user(version, one)).collect(),
        (Version::V19, cell) if cell.as_i64() == Some(DEMO) => json!(DEMO_IN_19),
        (_, cell) => cell.clone(),
    }
}

fn describe_models(env: &mut Env<'_>) -> Result<(), Error> {
    let models = env.model("ir.model")?;
    let schema = Arc::clone(&env.db.schema);
    let fields = env.model("ir.model.fields")?;
    for model in schema.models() {
        let values = json!({"model": model.name, "name": model.title, "order": model.order});
        let id = env.create(&models, values.as_object().unwrap_or(&Map::new()), None)?;
        for field in &model.fields {
            let described = describe(&fields, model, id, field);
            let id = env.db.next_id(&fields);
            env.db.put(&fields, id, Some(described));
        }
    }
    Ok(())
}

/// A field, as a record of `ir.model.fields`.
fn describe(fields: &Model, model: &Model, id: i64, field: &Field) -> Row {
    let mut row: Row = fields.fields.iter().map(|field| field.default.clone()).collect();
    let text = |text: Option<&str>| text.map_or(Datum::Empty, Datum::text);
    let inverse = match field.kind {
        Kind::One2many(_, inverse) => Some(inverse),
        _ => None,
    };
    let depends = field.depends.join(",");
    for (name, value) in [
        ("name", text(Some(&field.name))),
        ("field_description", text(Some(&field.label))),
        ("model", text(Some(model.name))),
        ("model_id", Datum::Int(id)),
        ("ttype", text(Some(field.kind.name()))),
        ("relation", text(field.kind.relation())),
        ("relation_field", text(inverse)),
        ("help", text(field.help)),
        ("related", text(field.related.as_deref())),
        ("depends", text(Some(depends.as_str()).filter(|depends| !depends.is_empty()))),
        ("required", Datum::Bool(field.required)),
        ("readonly", Datum::Bool(field.readonly)),
        ("index", Datum::Bool(field.indexed)),
        ("store", Datum::Bool(field.compute.is_none() && !field.inherited)),
    ] {
        set(fields, &mut row, name, value);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::schema::Schema;

    #[test]
    fn demo_data_is_complete_in_every_version() {
        for version in [Version::V16, Version::V18, Version::V19] {
            let options = Options { version, stock: true, ..Options::default() };
            let schema = Schema::new(version, crate::models::all(&options));
            fill(&mut Database::new(Arc::new(schema), options.language)).unwrap();
        }
    }
}
