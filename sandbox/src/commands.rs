//! The x2many commands `[0, 0, {…}]`, `[6, 0, […]]` and so on.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::Version;
use crate::env::Env;
use crate::error::Error;
use crate::python;
use crate::schema::{Field, Kind, Model, OnDelete};

/// The values of a one2many that wait for the record itself to be stored.
pub(crate) type Commands = Vec<(Field, Value)>;

impl Env<'_> {
    /// The records a many2many points to after its commands.
    pub fn many2many(&mut self, other: &str, before: Vec<i64>, value: &Value) -> Result<Vec<i64>, Error> {
        let mut ids = before;
        for command in commands(value) {
            match command {
                Command::Create(values) => {
                    let other = self.model(other)?;
                    ids.push(self.create(&other, &values, None)?);
                }
                Command::Update(id, values) => {
                    let other = self.model(other)?;
                    self.write(&other, &[id], &values)?;
                }
                Command::Delete(gone) | Command::Unlink(gone) => ids.retain(|id| *id != gone),
                Command::Link(id) => {
                    ids.retain(|known| *known != id);
                    ids.push(id);
                }
                Command::Clear => ids.clear(),
                Command::Set(new) => ids = new,
            }
        }
        match ids.iter().find(|id| !self.db.exists(other, **id)) {
            Some(id) => Err(Error::missing_record(other, *id, self.uid)),
            None => Ok(ids),
        }
    }

    /// Carries out the commands of one2many fields.
    pub fn follow(&mut self, model: &Model, id: i64, waiting: Commands) -> Result<(), Error> {
        for (field, value) in waiting {
            let Kind::One2many(other, inverse) = field.kind else { continue };
            let other = self.model(other)?;
            for command in commands(&value) {
                let pointing = self.db.lines(model, id, &other, inverse);
                match command {
                    Command::Create(mut values) => {
                        values.remove("id");
                        self.check_line(&other, &values)?;
                        values.insert(inverse.to_owned(), json!(id));
                        if let Some(Kind::Many2oneReference(of)) =
                            other.field(inverse).map(|field| field.kind)
                        {
                            values.insert(of.to_owned(), json!(model.name));
                        }
                        self.create(&other, &values, None)?;
                    }
                    Command::Update(line, values) => self.write(&other, &[line], &values)?,
                    Command::Delete(line) => self.unlink(&other, &[line])?,
                    Command::Link(line) => self.adopt(&other, inverse, line, id)?,
                    Command::Unlink(line) => self.release(&other, inverse, &[line])?,
                    Command::Clear => self.release(&other, inverse, &pointing)?,
                    Command::Set(lines) => {
                        let gone: Vec<_> =
                            pointing.into_iter().filter(|line| !lines.contains(line)).collect();
                        self.release(&other, inverse, &gone)?;
                        lines.into_iter().try_for_each(|line| self.adopt(&other, inverse, line, id))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn adopt(&mut self, other: &Arc<Model>, inverse: &str, line: i64, parent: i64) -> Result<(), Error> {
        let values = Map::from_iter([(inverse.to_owned(), json!(parent))]);
        self.write(other, &[line], &values)
    }

    /// A line cannot stand without its parent where the link is required.
    fn release(&mut self, other: &Arc<Model>, inverse: &str, lines: &[i64]) -> Result<(), Error> {
        if other.field(inverse).is_some_and(|field| field.on_delete == OnDelete::Cascade) {
            return self.unlink(other, lines);
        }
        self.write(other, lines, &Map::from_iter([(inverse.to_owned(), json!(false))]))
    }

    /// Both versions refuse an unknown field of a line in the same words.
    fn check_line(&self, model: &Model, values: &Map<String, Value>) -> Result<(), Error> {
        match values.keys().find(|name| model.slot(name).is_none()) {
            Some(name) => Err(Error::invalid_field(Version::V18, model.name, name)),
            None => Ok(()),
        }
    }
}

enum Command {
    Create(Map<String, Value>),
    Update(i64, Map<String, Value>),
    Delete(i64),
    Unlink(i64),
    Link(i64),
    Clear,
    Set(Vec<i64>),
}

/// Odoo's x2many commands `[0, 0, {…}]`, `[6, 0, […]]` and so on, or a plain list of ids.
fn commands(value: &Value) -> Vec<Command> {
    let Some(items) = value.as_array() else { return vec![Command::Clear] };
    if items.iter().all(Value::is_number) {
        return vec![Command::Set(python::ids(value))];
    }
    items.iter().filter_map(|item| item.as_array().and_then(|parts| command(parts))).collect()
}

fn command(parts: &[Value]) -> Option<Command> {
    let id = || parts.get(1).and_then(Value::as_i64);
    let values = || parts.get(2).and_then(Value::as_object).cloned().unwrap_or_default();
    Some(match parts.first()?.as_i64()? {
        0 => Command::Create(values()),
        1 => Command::Update(id()?, values()),
        2 => Command::Delete(id()?),
        3 => Command::Unlink(id()?),
        4 => Command::Link(id()?),
        5 => Command::Clear,
        6 => Command::Set(parts.get(2).map(python::ids).unwrap_or_default()),
        _ => return None,
    })
}
