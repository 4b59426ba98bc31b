//! `create`, `write` and `unlink`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::commands::Commands;
use crate::datum::Datum;
use crate::env::{DEFAULT, Env, Operation, now};
use crate::error::{Error, Exception};
use crate::files;
use crate::language::Language;
use crate::python;
use crate::rounding::half_up;
use crate::rules;
use crate::schema::{Field, Kind, Model, OnDelete};
use crate::store::Row;

impl Env<'_> {
    /// Creates a record; `id` only for demo data, which has ids of its own.
    pub fn create(
        &mut self,
        model: &Arc<Model>,
        values: &Map<String, Value>,
        id: Option<i64>,
    ) -> Result<i64, Error> {
        self.check_rights(model, Operation::Create)?;
        let mut values = values.clone();
        values.remove("id");
        self.check_fields(model, &values)?;
        // Only this record takes the context's defaults; those made below it do not.
        let defaults = self.context.take_defaults();
        for (name, value) in &defaults {
            let field = name.trim_start_matches(DEFAULT);
            if model.slot(field).is_some() && !values.contains_key(field) {
                values.insert(field.to_owned(), value.clone());
            }
        }
        if model.name == "ir.attachment" {
            files::describe(&mut values, !defaults.contains_key("default_datas"));
        }
        let created = self.create_with(model, values, id);
        self.context.0.extend(defaults);
        created
    }

    fn create_with(
        &mut self,
        model: &Arc<Model>,
        mut values: Map<String, Value>,
        id: Option<i64>,
    ) -> Result<i64, Error> {
        let id = id.unwrap_or_else(|| self.db.next_id(model));
        self.as_system(|env| {
            rules::defaults(env, model, &mut values)?;
            env.create_inherited(model, &mut values)
        })?;
        let mut row: Row = model.fields.iter().map(|field| field.default.clone()).collect();
        for (field, value) in [
            ("create_date", Datum::text(now())),
            ("write_date", Datum::text(now())),
            ("create_uid", Datum::Int(self.uid)),
            ("write_uid", Datum::Int(self.uid)),
        ] {
            set(model, &mut row, field, value);
        }
        let commands = self.assign(model, &mut row, &values)?;
        self.finish(model, id, row)?;
        self.make_variant(model, id, &values)?;
        self.follow(model, id, commands)?;
        self.check_company(model, id, None)?;
        self.check_rule(model, &[id], Operation::Create)?;
        Ok(id)
    }

    /// Writes the same values to every record.
    pub fn write(
        &mut self,
        model: &Arc<Model>,
        ids: &[i64],
        values: &Map<String, Value>,
    ) -> Result<(), Error> {
        self.check_rights(model, Operation::Write)?;
        if let (Version::V19, Some(name)) = (self.version(), unknown(model, values)) {
            return Err(Error::new(Exception::Key, name));
        }
        self.check_fields(model, values)?;
        self.check_exist(model, ids)?;
        // Whoever may not read a record is told so first. What it is afterwards Odoo does not look at.
        self.check_rule(model, ids, Operation::Read)?;
        self.check_rule(model, ids, Operation::Write)?;
        let written: Vec<&str> = values.keys().map(String::as_str).collect();
        for id in ids {
            let mut own = values.clone();
            own.remove("id");
            self.as_system(|env| env.write_inherited(model, *id, &mut own))?;
            if self.db.language == Language::Spanish
                && let Some(name) = self.db.spanish_names.get_mut(&(model.name, *id))
                && let Some(new) = own.remove("name")
            {
                *name = python::text(&new);
            }
            let Some(mut row) = self.db.row(model, *id).map(Cow::into_owned) else { continue };
            if model.name == "ir.attachment" {
                files::describe(&mut own, true);
            }
            set(model, &mut row, "write_date", Datum::text(now()));
            set(model, &mut row, "write_uid", Datum::Int(self.uid));
            let commands = self.assign(model, &mut row, &own)?;
            self.finish(model, *id, row)?;
            self.write_variants(model, *id, &own)?;
            self.check_tree(model, *id)?;
            self.follow(model, *id, commands)?;
            self.check_company(model, *id, Some(&written))?;
        }
        Ok(())
    }

    /// Deletes records and their external ids; what hangs on them goes by the database alone, which keeps its ids.
    pub fn unlink(&mut self, model: &Arc<Model>, ids: &[i64]) -> Result<(), Error> {
        self.check_rights(model, Operation::Unlink)?;
        self.check_exist(model, ids)?;
        self.check_rule(model, ids, Operation::Unlink)?;
        rules::check_unlink(self, model, ids)?;
        let templates: Vec<i64> =
            ids.iter().filter_map(|id| self.db.value(model, *id, "product_tmpl_id").id()).collect();
        self.as_system(|env| {
            for id in ids {
                env.remove(model, *id)?;
                env.forget_external_ids(model, *id);
            }
            env.remove_templates(model, &templates)
        })
    }

    /// Deletes a record as PostgreSQL does.
    pub fn remove(&mut self, model: &Arc<Model>, id: i64) -> Result<(), Error> {
        let schema = Arc::clone(&self.db.schema);
        for other in schema.models() {
            let links = other.fields.iter().filter(|field| field.kind == Kind::Many2one(model.name));
            for field in links.filter(|field| field.is_stored()) {
                for pointing in self.db.pointing(other, &field.name, id) {
                    self.unhook(model, id, other, field, pointing)?;
                }
            }
        }
        for other in schema.models() {
            let hooks = other.fields.iter().filter(|field| matches!(field.kind, Kind::Many2oneReference(_)));
            for field in hooks {
                for line in self.db.lines(model, id, other, &field.name) {
                    self.remove(other, line)?;
                }
            }
        }
        self.db.put(model, id, None);
        Ok(())
    }

    fn unhook(
        &mut self,
        model: &Model,
        id: i64,
        other: &Arc<Model>,
        field: &Field,
        pointing: i64,
    ) -> Result<(), Error> {
        if other.name == model.name && pointing == id {
            return Ok(());
        }
        match field.on_delete {
            OnDelete::Cascade => self.remove(other, pointing),
            OnDelete::SetNull => {
                if let Some(mut row) = self.db.row(other, pointing).map(Cow::into_owned) {
                    set(other, &mut row, &field.name, Datum::Empty);
                    self.db.put(other, pointing, Some(row));
                }
                Ok(())
            }
            OnDelete::Restrict => Err(Error::foreign_key(self.version(), other, field)),
        }
    }

    fn check_fields(&self, model: &Model, values: &Map<String, Value>) -> Result<(), Error> {
        match unknown(model, values) {
            Some(name) => Err(Error::invalid_field(self.version(), model.name, name)),
            None => Ok(()),
        }
    }

    /// Puts values into a row; the commands of one2many fields are left for later.
    fn assign(
        &mut self,
        model: &Model,
        row: &mut Row,
        values: &Map<String, Value>,
    ) -> Result<Commands, Error> {
        let mut commands = Vec::new();
        for (name, value) in values {
            let Some((slot, field)) = model.slot(name).and_then(|slot| Some((slot, model.fields.get(slot)?)))
            else {
                continue;
            };
            if let Kind::One2many(..) = field.kind {
                commands.push((field.clone(), value.clone()));
                continue;
            }
            if !field.is_stored() {
                continue;
            }
            let datum = match field.kind {
                Kind::Many2many(other) => {
                    let before = row.get(slot).map(Datum::ids).unwrap_or_default();
                    Datum::Ids(self.many2many(other, before, value)?)
                }
                _ => Datum::from_json(&field.kind, &format!("{}.{name}", model.name), value)?,
            };
            let datum = match (datum, field.digits) {
                (Datum::Float(number), Some(digits)) => Datum::Float(half_up(number, digits)),
                (datum, _) => datum,
            };
            if let (Kind::Many2one(other), Some(target)) = (field.kind, datum.id())
                && !self.db.exists(other, target)
            {
                return Err(Error::foreign_key(self.version(), model, field));
            }
            if let Some(cell) = row.get_mut(slot) {
                *cell = datum;
            }
        }
        Ok(commands)
    }

    fn finish(&mut self, model: &Arc<Model>, id: i64, mut row: Row) -> Result<(), Error> {
        rules::derive(model, &mut row);
        rules::check(model, &row)?;
        self.check_unique(model, id, &row)?;
        let empty = |(field, datum): &(&Field, &Datum)| {
            field.required && field.is_stored() && !field.kind.is_number() && datum.is_empty()
        };
        if let Some((field, _)) = model.fields.iter().zip(&row).find(empty) {
            return Err(Error::missing_value(
                self.version(),
                (model.name, model.title),
                (&field.name, &field.label),
            ));
        }
        self.db.put(model, id, Some(row));
        Ok(())
    }

    /// Refuses a record among its own parents.
    fn check_tree(&self, model: &Model, id: i64) -> Result<(), Error> {
        let mut above = self.db.value(model, id, "parent_id").id();
        while let Some(parent) = above {
            if parent == id {
                return Err(Error::validation(match model.name {
                    "res.partner" => "You cannot create recursive Partner hierarchies.",
                    _ => "Recursion Detected.",
                }));
            }
            above = self.db.value(model, parent, "parent_id").id();
        }
        Ok(())
    }

    fn check_unique(&self, model: &Model, id: i64, row: &Row) -> Result<(), Error> {
        let Some((field, message)) = model.unique else { return Ok(()) };
        let mine = model.slot(field).and_then(|slot| row.get(slot));
        let same = |other: &i64| *other != id && Some(self.db.value(model, *other, field).as_ref()) == mine;
        if self.db.stored(model).any(|other| same(&other)) {
            return Err(Error::validation(format!("The operation cannot be completed: {message}")));
        }
        Ok(())
    }

    fn create_inherited(&mut self, model: &Model, values: &mut Map<String, Value>) -> Result<(), Error> {
        let Some(link) = model.inherits.and_then(|name| model.field(name)) else { return Ok(()) };
        let theirs = take_inherited(model, values);
        let parent = self.model(link.kind.relation().unwrap_or_default())?;
        match values.get(link.name.as_ref()).and_then(Value::as_i64) {
            Some(id) => self.write(&parent, &[id], &theirs),
            None => {
                let id = self.create_parent(&parent, &theirs, None)?;
                values.insert(link.name.to_string(), json!(id));
                Ok(())
            }
        }
    }

    fn write_inherited(
        &mut self,
        model: &Model,
        id: i64,
        values: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let Some(link) = model.inherits.and_then(|name| model.field(name)) else { return Ok(()) };
        let theirs = take_inherited(model, values);
        match self.db.value(model, id, &link.name).id() {
            Some(target) if !theirs.is_empty() => {
                let parent = self.model(link.kind.relation().unwrap_or_default())?;
                self.write(&parent, &[target], &theirs)
            }
            _ => Ok(()),
        }
    }
}

fn unknown<'a>(model: &Model, values: &'a Map<String, Value>) -> Option<&'a str> {
    values.keys().map(String::as_str).find(|name| model.slot(name).is_none())
}

fn take_inherited(model: &Model, values: &mut Map<String, Value>) -> Map<String, Value> {
    let (theirs, own) = std::mem::take(values)
        .into_iter()
        .partition(|(name, _)| model.field(name).is_some_and(|field| field.inherited));
    *values = own;
    theirs
}

/// Puts a value into a row, if the model has the field.
pub(crate) fn set(model: &Model, row: &mut Row, field: &str, value: Datum) {
    if let Some(cell) = model.slot(field).and_then(|slot| row.get_mut(slot)) {
        *cell = value;
    }
}
