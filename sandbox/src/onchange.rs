//! `sale.order.onchange`: what an order would cost, without making it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::env::Env;
use crate::error::Error;
use crate::methods::Bound;
use crate::python;
use crate::schema::Model;

/// The partner of an order that names none yet: the company itself.
const NOBODY: i64 = 1;

impl Env<'_> {
    /// Makes the order, reads it, and takes it back.
    pub fn onchange(&mut self, model: &Arc<Model>, bound: &Bound) -> Result<Value, Error> {
        let mut values = bound.get("values").as_object().cloned().unwrap_or_default();
        let given = values.get("order_line").and_then(Value::as_array).cloned().unwrap_or_default();
        values.insert("order_line".to_owned(), given.iter().map(line).collect());
        // A name of its own, so that no number is used up.
        values.insert("name".to_owned(), json!("/"));
        if !values.get("partner_id").is_some_and(python::truthy) {
            values.insert("partner_id".to_owned(), json!(NOBODY));
        }
        let mut wanted = bound.get("fields_spec").as_object().cloned().unwrap_or_default();
        let of_lines = wanted.remove("order_line");
        let before = self.db.savepoint();
        let read = self.as_system(|env| {
            let order = env.create(model, &values, None)?;
            let mut told = env.web_read(model, &[order], &wanted)?.pop().unwrap_or_default();
            if let (Some(of_lines), Some(told)) = (of_lines, told.as_object_mut()) {
                told.insert("order_line".to_owned(), env.lines(order, &given, &of_lines)?);
            }
            Ok(told)
        });
        self.db.rollback(before);
        let mut told = read?;
        if let Some(told) = told.as_object_mut() {
            told.remove("id");
            if let Some(name) = told.get_mut("name") {
                *name = json!("New");
            }
        }
        Ok(json!({"value": told}))
    }

    /// The lines as commands, each under the name the caller gave it.
    fn lines(&self, order: i64, given: &[Value], wanted: &Value) -> Result<Value, Error> {
        let model = self.model("sale.order.line")?;
        let fields = wanted.get("fields").and_then(Value::as_object).cloned().unwrap_or_default();
        let ids = self.db.pointing(&model, "order_id", order);
        let told = self.web_read(&model, &ids, &fields)?;
        let command = |(given, mut told): (&Value, Value)| {
            told.as_object_mut().map(|told| told.remove("id"));
            json!([0, given.get(1), told])
        };
        Ok(given.iter().zip(told).map(command).collect())
    }
}

/// As recorded: what an order's default would be is nothing here, so a line that names no quantity has none.
fn line(command: &Value) -> Value {
    let mut values = command.get(2).and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    values.entry("product_uom_qty").or_insert(json!(0));
    json!([0, 0, values])
}
