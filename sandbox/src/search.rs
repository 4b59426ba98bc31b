//! Finding records: candidates from indexes, the filter, the order, the page.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::domain::{Expr, Leaf, Test, is_id, mentions};
use crate::env::Env;
use crate::error::Error;
use crate::matching::display_name;
use crate::schema::{Field, Kind, Model};
use crate::store::{Database, Key};

/// Of these a page lacks what the user may not see: that is left out after the page was cut.
const CUT_BEFORE: [&str; 2] = ["mail.message", "mail.activity"];

/// Which of the records found, and in which order.
#[derive(Default)]
pub(crate) struct Page {
    pub offset: usize,
    pub limit: Option<usize>,
    pub order: Option<String>,
}

impl Env<'_> {
    /// The ids of the records that match, that the user may see, in order.
    pub fn search(&self, model: &Arc<Model>, domain: &Value, page: &Page) -> Result<Vec<i64>, Error> {
        let order = order_of(self.version(), model, page.order.as_deref())?;
        let is_cut_before = CUT_BEFORE.contains(&model.name);
        let found = self.found(model, domain, !is_cut_before)?;
        let end = page.limit.map_or(usize::MAX, |limit| page.offset.saturating_add(limit));
        let ids: Vec<i64> = match order.first() {
            None => found.take(end).collect(),
            Some(OrderBy { slot, descending: false, .. }) if model.slot("id") == Some(*slot) => {
                found.take(end).collect()
            }
            Some(_) => self.sorted(model, found, &order, end),
        };
        let page = ids.into_iter().take(end).skip(page.offset);
        Ok(page.filter(|id| !is_cut_before || self.reaches(model, *id)).collect())
    }

    /// How many records match.
    pub fn count(&self, model: &Arc<Model>, domain: &Value) -> Result<usize, Error> {
        Ok(self.matching(model, domain)?.count())
    }

    /// Whether a search by id finds the record: the user may see it, and it is not hidden as archived.
    pub fn finds(&self, model: &Arc<Model>, id: i64) -> Result<bool, Error> {
        Ok(self.matching(model, &json!([["id", "=", id]]))?.next().is_some())
    }

    /// The matching records that the user may see, by ascending id.
    pub fn matching<'a>(
        &'a self,
        model: &Arc<Model>,
        domain: &Value,
    ) -> Result<impl Iterator<Item = i64> + use<'a>, Error> {
        self.found(model, domain, true)
    }

    /// The same, unless `reached` with those that belong to a record that the user may not see.
    fn found<'a>(
        &'a self,
        model: &Arc<Model>,
        domain: &Value,
        reached: bool,
    ) -> Result<impl Iterator<Item = i64> + use<'a>, Error> {
        self.may_read(model)?;
        let expr = Expr::parse(self.db, model, domain)?;
        let active =
            model.slot("active").filter(|_| self.context.active_test() && !mentions(domain, "active"));
        let rule = self.rule(model)?;
        let model = Arc::clone(model);
        Ok(candidates(self.db, &model, &expr).filter(move |id| {
            active.is_none_or(|slot| self.db.at(&model, *id, slot).is_true())
                && rule.as_ref().is_none_or(|rule| rule.matches(self.db, *id))
                && expr.matches(self.db, *id)
                && (!reached || self.reaches(&model, *id))
        }))
    }

    /// The first records in this order, `end` at most; no more than twice as many are kept meanwhile.
    fn sorted(
        &self,
        model: &Model,
        ids: impl Iterator<Item = i64>,
        order: &[OrderBy],
        end: usize,
    ) -> Vec<i64> {
        let compare = |(left, _): &(Vec<Datum>, i64), (right, _): &(Vec<Datum>, i64)| {
            order.iter().zip(left.iter().zip(right)).fold(Ordering::Equal, |so_far, (by, (left, right))| {
                so_far.then_with(|| by.compare(left, right))
            })
        };
        let most = end.saturating_mul(2).max(1_000);
        let mut keyed: Vec<(Vec<Datum>, i64)> = Vec::new();
        for id in ids {
            keyed.push((order.iter().map(|by| sort_key(self.db, model, id, by.slot)).collect(), id));
            if keyed.len() > most {
                keyed.sort_by(compare);
                keyed.truncate(end);
            }
        }
        keyed.sort_by(compare);
        keyed.into_iter().map(|(_, id)| id).collect()
    }
}

/// Sorts the records of a one2many or many2many as their model does.
pub(crate) fn in_default_order(env: &Env<'_>, model: &Model, ids: Vec<i64>) -> Vec<i64> {
    match order_of(env.version(), model, None) {
        Ok(order) => env.sorted(model, ids.into_iter(), &order, usize::MAX),
        Err(_) => ids,
    }
}

struct OrderBy {
    slot: usize,
    descending: bool,
    /// Where empty values stand; PostgreSQL takes them for the greatest.
    empty_first: bool,
}

impl OrderBy {
    fn compare(&self, left: &Datum, right: &Datum) -> Ordering {
        match (left.is_empty(), right.is_empty()) {
            (true, false) if self.empty_first => Ordering::Less,
            (true, false) => Ordering::Greater,
            (false, true) if self.empty_first => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ if self.descending => right.order(left),
            _ => left.order(right),
        }
    }
}

/// Refuses to order or group by what is not in the database.
pub(crate) fn check_stored(model: &Model, slot: usize) -> Result<(), Error> {
    match model.fields.get(slot).filter(|field| field.fleeting) {
        Some(Field { name, .. }) => {
            let text = format!("Cannot convert {}.{name} to SQL because it is not stored", model.name);
            Err(Error::value(text))
        }
        None => Ok(()),
    }
}

fn order_of(version: Version, model: &Model, order: Option<&str>) -> Result<Vec<OrderBy>, Error> {
    let order = order.filter(|order| !order.trim().is_empty()).unwrap_or(model.order);
    let malformed = || {
        Error::user(format!(
            "Invalid \"order\" specified ({order}). A valid \"order\" specification is a comma-separated list of \
             valid field names (optionally followed by asc/desc for the direction)"
        ))
    };
    let by = |part: &str| {
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(malformed());
        }
        let slot = model
            .slot(name)
            .ok_or_else(|| Error::value(format!("Invalid field '{name}' on model '{}'", model.name)))?;
        if version == Version::V16 && check_stored(model, slot).is_err() {
            return Ok(None);
        }
        check_stored(model, slot)?;
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        let (descending, rest) = match words.split_first() {
            Some((word, rest)) if word == "desc" => (true, rest),
            Some((word, rest)) if word == "asc" => (false, rest),
            _ => (false, words.as_slice()),
        };
        let empty_first = match rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => descending,
            _ if version == Version::V16 => return Err(malformed()),
            ["nulls", "first"] => true,
            ["nulls", "last"] => false,
            _ => return Err(malformed()),
        };
        Ok(Some(OrderBy { slot, descending, empty_first }))
    };
    order.split(',').filter_map(|part| by(part).transpose()).collect()
}

/// What `ORDER BY` compares: for a related record its name.
pub(crate) fn sort_key(db: &Database, model: &Model, id: i64, slot: usize) -> Datum {
    let value = db.at(model, id, slot);
    match model.fields.get(slot).map(|field| field.kind) {
        Some(Kind::Many2one(other)) => match (value.id(), db.schema.get(other)) {
            (Some(target), Some(other)) => Datum::text(display_name(db, other, target)),
            _ => Datum::Empty,
        },
        Some(kind) => value.normal(&kind),
        None => Datum::Empty,
    }
}

/// The fewest records among which every match must be, by ascending id.
fn candidates<'a>(db: &'a Database, model: &Model, expr: &Expr) -> Box<dyn Iterator<Item = i64> + 'a> {
    let conjuncts = expr.conjuncts();
    let narrowed = conjuncts.iter().filter_map(|leaf| by_index(db, model, leaf));
    match narrowed.min_by_key(BTreeSet::len) {
        Some(ids) => Box::new(ids.into_iter()),
        None => {
            let first = conjuncts.iter().filter_map(|leaf| at_least(leaf)).max();
            Box::new(db.all_from(model, first.unwrap_or(i64::MIN)))
        }
    }
}

/// The least id that a condition on the id itself leaves.
fn at_least(leaf: &Leaf) -> Option<i64> {
    match (leaf.path.as_slice(), &leaf.test, leaf.negate) {
        ([step], Test::Greater(Datum::Int(id)) | Test::GreaterOrEqual(Datum::Int(id)), false)
            if is_id(step) =>
        {
            Some(*id)
        }
        _ => None,
    }
}

fn by_index(db: &Database, model: &Model, leaf: &Leaf) -> Option<BTreeSet<i64>> {
    let ([step], Test::In { values, empty: false, .. }, false) =
        (leaf.path.as_slice(), &leaf.test, leaf.negate)
    else {
        return None;
    };
    if is_id(step) {
        return Some(values.iter().filter_map(Datum::id).filter(|id| db.exists(model.name, *id)).collect());
    }
    if !model.fields.get(step.slot)?.indexed {
        return None;
    }
    let mut ids = BTreeSet::new();
    for value in values {
        ids.extend(db.indexed(model, step.slot, Key::of(value)?).into_iter().flatten());
    }
    Some(ids)
}
