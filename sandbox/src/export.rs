//! `export_data`: records as the rows of a table, the inverse of `load`.

use std::sync::Arc;

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::datum::Datum;
use crate::env::{Env, Operation};
use crate::error::Error;
use crate::schema::{Kind, Model};
use crate::timezone;

/// What is left of each column's path; empty: the column is not of this record.
type Paths = Vec<Vec<String>>;

impl Env<'_> {
    /// `{datas: rows}`; an `id` column gives external ids to records without.
    pub fn export_data(
        &mut self,
        model: &Arc<Model>,
        ids: &[i64],
        columns: &[String],
    ) -> Result<Value, Error> {
        let paths: Paths = columns.iter().map(|name| name.split('/').map(str::to_owned).collect()).collect();
        let rows = self.export_rows(model, ids, &paths)?;
        Ok(json!({"datas": rows}))
    }

    fn export_rows(
        &mut self,
        model: &Arc<Model>,
        ids: &[i64],
        paths: &Paths,
    ) -> Result<Vec<Vec<Value>>, Error> {
        self.may_read(model)?;
        self.check_rule(model, ids, Operation::Read)?;
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(self.export_record(model, *id, paths)?);
        }
        Ok(rows)
    }

    /// A record's row, and rows below it for further lines.
    fn export_record(
        &mut self,
        model: &Arc<Model>,
        id: i64,
        paths: &Paths,
    ) -> Result<Vec<Vec<Value>>, Error> {
        let mut row = vec![json!(""); paths.len()];
        let mut below = Vec::new();
        let mut done: Vec<&str> = Vec::new();
        for (column, path) in paths.iter().enumerate() {
            let Some(name) = path.first().map(String::as_str).filter(|name| !done.contains(name)) else {
                continue;
            };
            let value = match name {
                ".id" => json!(id.to_string()),
                "id" => json!(self.exported_id(model, id)?),
                _ => {
                    let field = model.field(name).ok_or_else(|| self.unreadable(model, name))?.clone();
                    let Some(other) = field.kind.relation() else {
                        let value = self.exported(&field.kind, &self.db.value(model, id, name));
                        put(&mut row, column, value);
                        continue;
                    };
                    done.push(name);
                    let other = self.model(other)?;
                    let ids = self.related_ids(model, id, name, &other);
                    let mut lines = self.export_rows(&other, &ids, &below_field(paths, name))?.into_iter();
                    for (column, value) in lines.next().unwrap_or_default().into_iter().enumerate() {
                        if value != "" {
                            put(&mut row, column, value);
                        }
                    }
                    below.extend(lines);
                    continue;
                }
            };
            put(&mut row, column, value);
        }
        below.insert(0, row);
        Ok(below)
    }

    fn related_ids(&self, model: &Model, id: i64, field: &str, other: &Model) -> Vec<i64> {
        let ids = self.db.value(model, id, field).ids();
        if ids.len() > 1 { crate::search::in_default_order(self, other, ids) } else { ids }
    }

    /// Selections are labels, datetimes stand in the user's time zone, nothing is an empty text.
    fn exported(&self, kind: &Kind, value: &Datum) -> Value {
        match (kind, value) {
            (Kind::Selection(options), Datum::Text(key)) => {
                json!(options.iter().find(|(known, _)| *known == key.as_ref()).map(|(_, label)| *label))
            }
            (Kind::Datetime, Datum::Text(text)) => {
                match NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S") {
                    Ok(moment) => {
                        let local = timezone::from_utc(moment, &self.time_zone());
                        json!(local.format("%Y-%m-%d %H:%M:%S").to_string())
                    }
                    Err(_) => json!(text),
                }
            }
            (Kind::Boolean, value) => json!(value.is_true()),
            (kind, Datum::Empty) if !kind.is_number() => json!(""),
            (kind, value) => value.to_json(kind),
        }
    }

    fn exported_id(&mut self, model: &Model, id: i64) -> Result<String, Error> {
        if let Some((_, name, _)) = self.external_ids_of(model, id).into_iter().next() {
            return Ok(name);
        }
        let name = format!("__export__.{}_{id}", model.name.replace('.', "_"));
        self.name_record(&name, model, id, false)?;
        Ok(name)
    }
}

/// What the columns of one field ask of its records.
fn below_field(paths: &Paths, field: &str) -> Paths {
    let below = |path: &Vec<String>| match path.split_first() {
        Some((name, [])) if name == field => vec!["display_name".to_owned()],
        Some((name, rest)) if name == field => rest.to_vec(),
        _ => Vec::new(),
    };
    paths.iter().map(below).collect()
}

fn put(row: &mut [Value], column: usize, value: Value) {
    if let Some(cell) = row.get_mut(column) {
        *cell = value;
    }
}
