//! `sale.order.onchange`: what an order would cost, without making it.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::Env;
use crate::error::{Error, Exception};
use crate::methods::Bound;
use crate::python;
use crate::schema::Model;

/// The partner of an order that names none yet: the company itself.
const NOBODY: i64 = 1;

type Object = Map<String, Value>;

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
        let (wanted, of_lines) = self.wanted(bound)?;
        let before = self.db.savepoint();
        let read = self.as_system(|env| {
            let order = env.create(model, &values, None)?;
            let mut told = env.told(model, &[order], &wanted)?.pop().unwrap_or_default();
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

    /// What to answer with, of the order and of its lines. Odoo 16 is told so by dotted names.
    fn wanted(&self, bound: &Bound) -> Result<(Object, Option<Object>), Error> {
        if self.version() != Version::V16 {
            let mut wanted = bound.get("fields_spec").as_object().cloned().unwrap_or_default();
            let fields = |lines: Value| lines.get("fields").and_then(Value::as_object).cloned();
            let of_lines = wanted.remove("order_line").map(|lines| fields(lines).unwrap_or_default());
            return Ok((wanted, of_lines));
        }
        let names = bound.get("field_onchange").as_object().cloned().unwrap_or_default();
        if !names.values().all(Value::is_string) {
            return Err(Error::new(Exception::Attribute, "'dict' object has no attribute 'strip'"));
        }
        let (mut wanted, mut of_lines) = (Map::new(), None);
        for name in names.keys() {
            match name.split_once('.') {
                None if name == "order_line" => _ = of_lines.get_or_insert_with(Map::new),
                None => _ = wanted.insert(name.clone(), json!({})),
                Some((_, of_line)) => {
                    of_lines.get_or_insert_with(Map::new).insert(of_line.to_owned(), json!({}));
                }
            }
        }
        Ok((wanted, of_lines))
    }

    /// Records as this version tells them: in 16 with the names of what they point to.
    fn told(
        &self,
        model: &Arc<Model>,
        ids: &[i64],
        wanted: &Map<String, Value>,
    ) -> Result<Vec<Value>, Error> {
        match self.version() {
            Version::V16 => self.read(model, ids, &wanted.keys().cloned().collect::<Vec<_>>(), true),
            _ => self.web_read(model, ids, wanted),
        }
    }

    /// The lines as commands, each under the name the caller gave it.
    fn lines(&self, order: i64, given: &[Value], wanted: &Map<String, Value>) -> Result<Value, Error> {
        let model = self.model("sale.order.line")?;
        let ids = self.db.pointing(&model, "order_id", order);
        let told = self.told(&model, &ids, wanted)?;
        let command = |(given, mut told): (&Value, Value)| {
            told.as_object_mut().map(|told| told.remove("id"));
            json!([0, given.get(1), told])
        };
        let clear = (self.version() == Version::V16).then(|| json!([5, 0, 0]));
        Ok(clear.into_iter().chain(given.iter().zip(told).map(command)).collect())
    }
}

/// As recorded: what an order's default would be is nothing here, so a line that names no quantity has none.
fn line(command: &Value) -> Value {
    let mut values = command.get(2).and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    values.entry("product_uom_qty").or_insert(json!(0));
    json!([0, 0, values])
}
