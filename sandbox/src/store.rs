//! The records: tables with indexes, and an undo log that makes a call a transaction.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::bulk::{self, Bulk};
use crate::datum::Datum;
use crate::language::Language;
use crate::races::Races;
use crate::schema::{Kind, Model, Schema};

/// The values of a record, in the order of its model's fields.
pub(crate) type Row = Vec<Datum>;

/// What an index finds records by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Int(i64),
    Text(Box<str>),
}

impl Key {
    pub fn of(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Int(number) => Some(Self::Int(*number)),
            Datum::Text(text) => Some(Self::Text(text.clone())),
            _ => None,
        }
    }
}

#[derive(Clone, Default)]
struct Table {
    rows: BTreeMap<i64, Row>,
    bulk: Bulk,
    last_id: i64,
    indexes: HashMap<(usize, Key), BTreeSet<i64>>,
}

impl Table {
    fn has(&self, id: i64) -> bool {
        self.rows.contains_key(&id) || self.bulk.has(id)
    }
}

#[derive(Clone)]
struct Undo {
    model: Arc<Model>,
    id: i64,
    row: Option<Row>,
}

/// All records of one sandbox.
#[derive(Clone)]
pub(crate) struct Database {
    pub schema: Arc<Schema>,
    pub races: Races,
    /// Whether the server can make PDF files.
    pub prints: bool,
    /// The language PostgreSQL speaks.
    pub server_language: Language,
    /// The language of the call under way.
    pub language: Language,
    /// The Spanish names of records whose name is translated.
    pub spanish_names: HashMap<(&'static str, i64), String>,
    /// External ids the cache knows of, with their models, though the records were lost.
    pub cached_ids: HashMap<String, String>,
    tables: HashMap<&'static str, Table>,
    undo: Vec<Undo>,
    sequences: HashMap<&'static str, i64>,
}

impl Database {
    pub fn new(schema: Arc<Schema>, server_language: Language) -> Self {
        let tables = schema.models().iter().map(|model| (model.name, Table::default())).collect();
        Self {
            schema,
            races: Races::default(),
            prints: true,
            server_language,
            language: Language::default(),
            spanish_names: HashMap::new(),
            cached_ids: HashMap::new(),
            tables,
            undo: Vec::new(),
            sequences: HashMap::new(),
        }
    }

    /// Adds so many records that are worked out when they are read.
    pub fn add_bulk(&mut self, count: u32) {
        if let Some(table) = self.tables.get_mut(bulk::MODEL) {
            table.bulk = Bulk::new(count);
            table.last_id = table.last_id.max(table.bulk.ids.end - 1);
        }
    }

    pub fn row(&self, model: &Model, id: i64) -> Option<Cow<'_, Row>> {
        let table = self.tables.get(model.name)?;
        match table.rows.get(&id) {
            Some(row) => Some(Cow::Borrowed(row)),
            None => table.bulk.has(id).then(|| Cow::Owned(bulk::row(model, id))),
        }
    }

    pub fn exists(&self, model: &str, id: i64) -> bool {
        self.tables.get(model).is_some_and(|table| table.has(id))
    }

    /// The ids of all records, ascending.
    pub fn all(&self, model: &Model) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.all_from(model, i64::MIN)
    }

    /// The ids from this one on, ascending.
    pub fn all_from(&self, model: &Model, first: i64) -> impl DoubleEndedIterator<Item = i64> + use<'_> {
        self.tables.get(model.name).into_iter().flat_map(move |table| {
            let Bulk { ids, gone } = &table.bulk;
            let stored = |from: i64, to: i64| {
                (from < to).then(|| table.rows.range(from..to).map(|(id, _)| *id)).into_iter().flatten()
            };
            let made = (ids.start.max(first)..ids.end).filter(|id| !gone.contains(id));
            stored(first, ids.start).chain(made).chain(stored(first.max(ids.end), i64::MAX))
        })
    }

    /// The ids of the records that are not worked out.
    pub fn stored(&self, model: &Model) -> impl Iterator<Item = i64> + use<'_> {
        self.tables.get(model.name).into_iter().flat_map(|table| table.rows.keys().copied())
    }

    /// The records whose indexed field has this value.
    pub fn indexed(&self, model: &Model, slot: usize, key: Key) -> Option<&BTreeSet<i64>> {
        self.tables.get(model.name)?.indexes.get(&(slot, key))
    }

    /// The records whose many2one `field` points to `target`, ascending.
    pub fn pointing(&self, model: &Model, field: &str, target: i64) -> Vec<i64> {
        model
            .slot(field)
            .and_then(|slot| self.indexed(model, slot, Key::Int(target)))
            .map_or_else(Vec::new, |ids| ids.iter().copied().collect())
    }

    /// A field's value, stored, computed or of the inherited record.
    pub fn value(&self, model: &Model, id: i64, field: &str) -> Cow<'_, Datum> {
        model.slot(field).map_or(Cow::Owned(Datum::Empty), |slot| self.at(model, id, slot))
    }

    /// As [`Self::value`], by the field's place in its model.
    pub fn at(&self, model: &Model, id: i64, slot: usize) -> Cow<'_, Datum> {
        let Some(field) = model.fields.get(slot) else { return Cow::Owned(Datum::Empty) };
        if field.name == "id" {
            return Cow::Owned(Datum::Int(id));
        }
        if let Some(compute) = field.compute {
            return Cow::Owned(compute(self, model, id));
        }
        if let (true, Some(path)) = (field.mirrors, &field.related) {
            return Cow::Owned(self.along(model, id, path));
        }
        if field.inherited {
            return self.inherited(model, id, &field.name).unwrap_or(Cow::Owned(Datum::Empty));
        }
        if let Kind::One2many(other, inverse) = field.kind {
            let ids = self.schema.get(other).map(|other| self.lines(model, id, other, inverse));
            return Cow::Owned(Datum::Ids(ids.unwrap_or_default()));
        }
        if field.name == "name"
            && self.language == Language::Spanish
            && let Some(name) = self.spanish_names.get(&(model.name, id))
        {
            return Cow::Owned(Datum::text(name.as_str()));
        }
        let Some(table) = self.tables.get(model.name) else { return Cow::Owned(Datum::Empty) };
        match table.rows.get(&id).and_then(|row| row.get(slot)) {
            Some(datum) => Cow::Borrowed(datum),
            None if table.bulk.has(id) => Cow::Owned(bulk::value(field, id)),
            None => Cow::Owned(Datum::Empty),
        }
    }

    /// The records whose field `inverse` points to this one, ascending.
    pub fn lines(&self, model: &Model, id: i64, other: &Model, inverse: &str) -> Vec<i64> {
        let mut ids = self.pointing(other, inverse, id);
        if let Some(Kind::Many2oneReference(of)) = other.field(inverse).map(|field| field.kind) {
            ids.retain(|line| self.value(other, *line, of).as_str() == Some(model.name));
        }
        ids
    }

    /// The value that a dotted path leads to.
    pub fn along(&self, model: &Model, id: i64, path: &str) -> Datum {
        let Some((link, rest)) = path.split_once('.') else {
            return self.value(model, id, path).into_owned();
        };
        let other = model.field(link).and_then(|link| self.schema.get(link.kind.relation()?));
        match (other, self.value(model, id, link).id()) {
            (Some(other), Some(target)) => self.along(other, target, rest),
            _ => Datum::Empty,
        }
    }

    fn inherited(&self, model: &Model, id: i64, field: &str) -> Option<Cow<'_, Datum>> {
        let link = model.field(model.inherits?)?;
        let target = self.value(model, id, &link.name).id()?;
        Some(self.value(self.schema.get(link.kind.relation()?)?, target, field))
    }

    /// The next id, never given twice.
    pub fn next_id(&mut self, model: &Model) -> i64 {
        self.tables.get_mut(model.name).map_or(0, |table| {
            table.last_id += 1;
            table.last_id
        })
    }

    /// The next number of a named sequence; as in PostgreSQL, a rollback does not give it back.
    pub fn next_number(&mut self, sequence: &'static str) -> i64 {
        let number = self.sequences.entry(sequence).or_insert(0);
        *number += 1;
        *number
    }

    /// Sets a sequence on past what the demo data used.
    pub fn set_number(&mut self, sequence: &'static str, number: i64) {
        self.sequences.insert(sequence, number);
    }

    /// Writes or, with `None`, deletes a record, with its indexes; every change goes through here.
    pub fn put(&mut self, model: &Arc<Model>, id: i64, row: Option<Row>) {
        let previous = self.replace(model, id, row);
        self.undo.push(Undo { model: Arc::clone(model), id, row: previous });
    }

    fn replace(&mut self, model: &Model, id: i64, row: Option<Row>) -> Option<Row> {
        let table = self.tables.get_mut(model.name)?;
        table.last_id = table.last_id.max(id);
        let made = table.bulk.has(id).then(|| bulk::row(model, id));
        if table.bulk.ids.contains(&id) {
            match row {
                Some(_) => table.bulk.gone.remove(&id),
                None => table.bulk.gone.insert(id),
            };
        }
        let previous = table.rows.remove(&id).or(made);
        for (slot, field) in model.fields.iter().enumerate().filter(|(_, field)| field.indexed) {
            let key = |row: Option<&Row>| row.and_then(|row| row.get(slot)).and_then(Key::of);
            let (old, new) = (key(previous.as_ref()), key(row.as_ref()));
            if old == new {
                continue;
            }
            if let Some(old) = old
                && let Some(ids) = table.indexes.get_mut(&(slot, old.clone()))
            {
                ids.remove(&id);
                if ids.is_empty() {
                    table.indexes.remove(&(slot, old));
                }
            }
            if let Some(new) = new {
                table.indexes.entry((slot, new)).or_default().insert(id);
            }
            debug_assert!(field.is_stored(), "only stored fields are indexed");
        }
        if let Some(row) = row {
            table.rows.insert(id, row);
        }
        previous
    }

    /// A point to roll back to.
    pub fn savepoint(&self) -> usize {
        self.undo.len()
    }

    /// Takes back every change since the savepoint.
    pub fn rollback(&mut self, savepoint: usize) {
        while self.undo.len() > savepoint {
            if let Some(Undo { model, id, row }) = self.undo.pop() {
                self.replace(&model, id, row);
            }
        }
    }

    /// Makes every change so far final.
    pub fn commit(&mut self) {
        self.undo.clear();
    }
}
