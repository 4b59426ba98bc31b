//! From the rows of a table to records with lines.

use serde_json::{Value, json};

use super::{cell, lines_of};
use crate::Version;
use crate::env::Env;
use crate::error::{Error, Exception};
use crate::schema::Model;

/// A column's name, split at `/`.
pub(super) type Column = Vec<String>;

/// Where in the table a record stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub from: usize,
    pub to: usize,
    pub index: usize,
}

impl Place {
    pub fn rows(self) -> Value {
        json!({"from": self.from, "to": self.to})
    }
}

/// One record of the table, its cells still text.
pub(super) struct Record {
    pub place: Place,
    /// The column without its field, and the text: `("partner_id", "id", "a.b")`.
    pub cells: Vec<(String, String, String)>,
    pub lines: Vec<(String, Vec<Record>)>,
}

impl Record {
    /// The text of a column `id` or `.id`.
    pub fn own(&self, column: &str) -> Option<&str> {
        let cell = self.cells.iter().find(|(field, _, _)| field == column);
        cell.map(|(_, _, text)| text.as_str()).filter(|text| !text.is_empty())
    }

    /// The external ids of the record and its lines.
    pub fn external_ids(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let lines = self.lines.iter().flat_map(|(_, lines)| lines.iter().flat_map(Self::external_ids));
        Box::new(self.own("id").into_iter().chain(lines))
    }
}

/// The columns; a field that does not exist is an error.
pub(super) fn columns(env: &Env<'_>, model: &Model, fields: Option<&Value>) -> Result<Vec<Column>, Error> {
    let names = fields.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut columns = Vec::new();
    for name in names.iter().filter_map(Value::as_str) {
        let column: Column = name.split('/').map(str::to_owned).collect();
        check(env, model, &column)?;
        columns.push(column);
    }
    Ok(columns)
}

fn check(env: &Env<'_>, model: &Model, column: &[String]) -> Result<(), Error> {
    let Some((name, rest)) = column.split_first() else { return Ok(()) };
    if name == "id" || name == ".id" {
        return Ok(());
    }
    let unknown = || match env.version() {
        Version::V16 => Error::new(Exception::Key, name),
        _ => Error::value(format!("Invalid field name '{name}'")),
    };
    let field = model.field(name).ok_or_else(unknown)?;
    match field.kind.relation().and_then(|other| env.db.schema.get(other)) {
        Some(other) => check(env, other, rest),
        None if rest.is_empty() => Ok(()),
        None => Err(Error::value(format!("Invalid field name '{}'", column.join("/")))),
    }
}

/// The cells as text; a row shorter than the header is an error.
pub(super) fn rows(data: Option<&Value>, columns: usize) -> Result<Vec<Vec<String>>, Error> {
    let rows = data.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().filter_map(Value::as_array);
    rows.map(|row| match row.len() < columns {
        true => Err(Error::new(Exception::Index, "list index out of range")),
        false => Ok(row.iter().map(cell).collect()),
    })
    .collect()
}

/// Groups rows into records: a row whose own columns are all empty is another line of the one before.
pub(super) fn records(env: &Env<'_>, model: &Model, columns: &[Column], rows: &[Vec<String>]) -> Vec<Record> {
    let is_line = |column: &Column| column.first().is_some_and(|name| lines_of(model, name).is_some());
    let filled = |row: &[String], lines: bool| {
        columns.iter().zip(row).any(|(column, text)| is_line(column) == lines && !text.is_empty())
    };
    let mut records = Vec::new();
    let mut from = 0;
    while from < rows.len() {
        let continued = rows.iter().skip(from + 1).take_while(|row| !filled(row, false) && filled(row, true));
        let to = from + continued.count();
        if let Some(own) = rows.get(from..=to) {
            records.push(record(env, model, columns, own, Place { from, to, index: 0 }));
        }
        from = to + 1;
    }
    records
}

fn record(env: &Env<'_>, model: &Model, columns: &[Column], rows: &[Vec<String>], place: Place) -> Record {
    let mut record = Record { place, cells: Vec::new(), lines: Vec::new() };
    let first = rows.first().map(Vec::as_slice).unwrap_or_default();
    for (column, text) in columns.iter().zip(first) {
        let Some((name, rest)) = column.split_first() else { continue };
        match lines_of(model, name) {
            None => record.cells.push((name.clone(), rest.join("/"), text.clone())),
            Some((other, _)) if !record.lines.iter().any(|(known, _)| known == name) => {
                if let Some(other) = env.db.schema.get(other) {
                    let (columns, rows) = part(columns, rows, name);
                    record.lines.push((name.clone(), records(env, other, &columns, &rows)));
                }
            }
            Some(_) => {}
        }
    }
    record
}

/// The table of one field's lines.
fn part(columns: &[Column], rows: &[Vec<String>], field: &str) -> (Vec<Column>, Vec<Vec<String>>) {
    let mine = |column: &Column| column.first().is_some_and(|name| name == field);
    let rest = |column: &Column| column.iter().skip(1).cloned().collect();
    let own = |row: &Vec<String>| -> Vec<String> {
        columns.iter().zip(row).filter(|(column, _)| mine(column)).map(|(_, text)| text.clone()).collect()
    };
    let rows = rows.iter().map(own).filter(|row| row.iter().any(|text| !text.is_empty()));
    (columns.iter().filter(|column| mine(column)).map(rest).collect(), rows.collect())
}
