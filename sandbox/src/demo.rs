//! The demo data.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::{ADMIN, Context, Env};
use crate::error::Error;
use crate::schema::Model;
use crate::store::Database;

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

/// Creates the demo records.
pub(crate) fn fill(db: &mut Database) -> Result<(), Error> {
    let tables: Vec<Table> = serde_json::from_str(include_str!("../demo.json"))
        .map_err(|error| Error::value(format!("demo.json: {error}")))?;
    let mut env = Env { db, uid: ADMIN, sudo: true, context: Context::default() };
    describe_models(&mut env)?;
    for table in tables {
        let model = env.model(&table.model)?;
        for row in &table.rows {
            create(&mut env, &model, &table.fields, row)?;
        }
    }
    let orders = env.model("sale.order")?;
    let last = env.db.all(&orders).next_back().unwrap_or_default();
    env.db.set_number("sale.order", last);
    env.db.commit();
    Ok(())
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
    for model in schema.models() {
        let values = json!({"model": model.name, "name": model.title, "order": model.order});
        env.create(&models, values.as_object().unwrap_or(&Map::new()), None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn demo_data_is_complete_in_every_version() {
        for version in [Version::V18, Version::V19] {
            let schema = Schema::new(version, crate::models::all(version, &[]));
            fill(&mut Database::new(Arc::new(schema))).unwrap();
        }
    }
}
