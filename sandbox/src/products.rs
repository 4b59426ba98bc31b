//! Products and their variants: a template has what is common, and what its only variant has of its own.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::datum::Datum;
use crate::env::Env;
use crate::error::Error;
use crate::schema::Model;
use crate::store::Database;

const TEMPLATE: &str = "product.template";
const VARIANT: &str = "product.product";

/// What of the only variant is read and written by the template, too.
const OF_THE_ONLY: [&str; 3] = ["default_code", "barcode", "standard_price"];

/// In the context of a variant that makes its template: no other variant is to be made.
const MAKES_VARIANT: &str = "create_product_product";

fn variants(db: &Database, id: i64) -> Vec<i64> {
    db.schema.get(VARIANT).map(|variants| db.pointing(variants, "product_tmpl_id", id)).unwrap_or_default()
}

fn of_the_only(db: &Database, id: i64, field: &str) -> Datum {
    match (db.schema.get(VARIANT), variants(db, id).as_slice()) {
        (Some(model), [only]) => db.value(model, *only, field).into_owned(),
        _ => Datum::Empty,
    }
}

pub(crate) fn code(db: &Database, _: &Model, id: i64) -> Datum {
    of_the_only(db, id, "default_code")
}

pub(crate) fn barcode(db: &Database, _: &Model, id: i64) -> Datum {
    of_the_only(db, id, "barcode")
}

pub(crate) fn cost(db: &Database, _: &Model, id: i64) -> Datum {
    of_the_only(db, id, "standard_price")
}

pub(crate) fn first_variant(db: &Database, _: &Model, id: i64) -> Datum {
    variants(db, id).first().map_or(Datum::Empty, |id| Datum::Int(*id))
}

pub(crate) fn count(db: &Database, _: &Model, id: i64) -> Datum {
    Datum::Int(i64::try_from(variants(db, id).len()).unwrap_or(i64::MAX))
}

impl Env<'_> {
    /// Makes the one variant of a new template, unless a variant made the template.
    pub fn make_variant(&mut self, model: &Model, id: i64, values: &Map<String, Value>) -> Result<(), Error> {
        if model.name != TEMPLATE || !self.context.flag(MAKES_VARIANT, true) {
            return Ok(());
        }
        let mut own = of_variant(values);
        own.insert("product_tmpl_id".to_owned(), json!(id));
        let variants = self.model(VARIANT)?;
        self.as_system(|env| env.create(&variants, &own, None)).map(drop)
    }

    /// Writes what a template says of its only variant; archiving it archives them all.
    pub fn write_variants(
        &mut self,
        model: &Model,
        id: i64,
        values: &Map<String, Value>,
    ) -> Result<(), Error> {
        if model.name != TEMPLATE {
            return Ok(());
        }
        let mut own = of_variant(values);
        let ids = variants(self.db, id);
        if ids.len() != 1 {
            own.retain(|name, _| name == "active");
        }
        let variants = self.model(VARIANT)?;
        match own.is_empty() {
            true => Ok(()),
            false => self.as_system(|env| env.write(&variants, &ids, &own)),
        }
    }

    /// Makes the record that another one inherits from.
    pub fn create_parent(
        &mut self,
        parent: &Arc<Model>,
        values: &Map<String, Value>,
        id: Option<i64>,
    ) -> Result<i64, Error> {
        let before = self.context.0.insert(MAKES_VARIANT.to_owned(), json!(false));
        let made = self.create(parent, values, id);
        match before {
            Some(before) => self.context.0.insert(MAKES_VARIANT.to_owned(), before),
            None => self.context.0.remove(MAKES_VARIANT),
        };
        made
    }

    /// A template goes with its last variant.
    pub fn remove_templates(&mut self, model: &Model, templates: &[i64]) -> Result<(), Error> {
        if model.name != VARIANT {
            return Ok(());
        }
        let model = self.model(TEMPLATE)?;
        for id in templates {
            if self.db.exists(TEMPLATE, *id) && variants(self.db, *id).is_empty() {
                self.remove(&model, *id)?;
            }
        }
        Ok(())
    }
}

fn of_variant(values: &Map<String, Value>) -> Map<String, Value> {
    let names = OF_THE_ONLY.into_iter().chain(["active"]);
    names.filter_map(|name| Some((name.to_owned(), values.get(name)?.clone()))).collect()
}
