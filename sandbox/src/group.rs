//! `read_group` and its successor `formatted_read_group`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};

use crate::Version;
use crate::datum::Datum;
use crate::env::Env;
use crate::error::Error;
use crate::periods::{FORM, Period};
use crate::schema::{Kind, Model};
use crate::search::{check_stored, sort_key};
use crate::timezone;

/// A `groupby` entry: a field, for dates with the length of the period.
struct By {
    spec: String,
    slot: usize,
    kind: Kind,
    period: Option<Period>,
    /// Whose days, months and so on they are.
    zone: Option<String>,
}

/// A value to compute for each group, `field:function`.
struct Aggregate {
    key: String,
    slot: usize,
    function: String,
}

struct Group {
    keys: Vec<Datum>,
    ids: Vec<i64>,
}

impl By {
    /// The groups that a record is in: of several that it points to, one each.
    fn keys(&self, value: Datum) -> Vec<Datum> {
        match (self.period, value) {
            (Some(period), value) => vec![period.start(&self.moved(&value, timezone::from_utc))],
            (None, Datum::Ids(ids)) if ids.is_empty() => vec![Datum::Empty],
            (None, Datum::Ids(ids)) => ids.into_iter().map(Datum::Int).collect(),
            (None, value) => vec![value],
        }
    }

    /// A time by the clock of the zone, or back.
    fn moved(&self, value: &Datum, by: fn(NaiveDateTime, &str) -> NaiveDateTime) -> Datum {
        let moment = value.as_str().and_then(|text| NaiveDateTime::parse_from_str(text, FORM).ok());
        match (moment, &self.zone) {
            (Some(moment), Some(zone)) => Datum::text(by(moment, zone).format(FORM).to_string()),
            _ => value.clone(),
        }
    }

    /// The first moment of a period, and the first after it, in UTC.
    fn bounds(&self, period: Period, start: &str) -> [Datum; 2] {
        [start.to_owned(), period.end(start)].map(|local| self.moved(&Datum::text(local), timezone::to_utc))
    }
}

impl Env<'_> {
    /// `read_group`, in 18 and (deprecated) in 19.
    pub fn read_group(&self, model: &Arc<Model>, arguments: &Map<String, Value>) -> Result<Value, Error> {
        let domain = arguments.get("domain").cloned().unwrap_or_else(|| json!([]));
        let lazy = arguments.get("lazy").is_none_or(crate::python::truthy);
        let specs = strings(arguments.get("groupby"));
        let used = if lazy { specs.get(..1).unwrap_or_default() } else { &specs };
        let by = self.groupings(model, used)?;
        let fields: Vec<_> = strings(arguments.get("fields"))
            .into_iter()
            .filter(|field| field != "__count" && !self.is_passed_over(field, &specs))
            .collect();
        let aggregates = self.aggregates(model, &fields, |name, _| name.to_owned())?;
        let groups = self.groups(model, &domain, &by)?;
        let count_key = match (lazy, specs.first()) {
            (true, Some(spec)) => format!("{}_count", spec.split(':').next().unwrap_or_default()),
            _ => "__count".to_owned(),
        };
        let row = |group: &Group| {
            let mut row = Map::new();
            for (by, key) in by.iter().zip(&group.keys) {
                row.insert(by.spec.clone(), self.group_label(by, key));
            }
            row.insert(count_key.clone(), json!(group.ids.len()));
            for aggregate in &aggregates {
                row.insert(aggregate.key.clone(), self.aggregate(model, aggregate, &group.ids));
            }
            let mut extra = extra_domain(model, &by, &group.keys);
            if self.version() == Version::V19 && by.is_empty() {
                extra.push(json!([1, "=", 1]));
            }
            if self.version() == Version::V16 && by.is_empty() {
                row.insert("id".to_owned(), json!(group.ids.first()));
                return Value::Object(row);
            }
            row.insert("__domain".to_owned(), combined(self.version(), &domain, extra));
            let ranges: Map<_, _> = by.iter().zip(&group.keys).filter_map(range).collect();
            if !ranges.is_empty() {
                row.insert("__range".to_owned(), Value::Object(ranges));
            }
            if lazy && specs.len() > 1 {
                row.insert("__context".to_owned(), json!({"group_by": specs.get(1..)}));
            }
            Value::Object(row)
        };
        Ok(page(groups.iter().map(row).collect(), arguments, &count_key))
    }

    /// Whether what is to be computed is left out, for it is of a field that is grouped by: in 16 always, later where no
    /// function is named.
    fn is_passed_over(&self, field: &str, groupby: &[String]) -> bool {
        let (label, function) = field.split_once(':').unwrap_or((field, ""));
        let inner = function.strip_suffix(')').and_then(|function| function.split_once('('));
        let name = inner.map_or(label, |(_, name)| name);
        let is_grouped = || groupby.iter().any(|spec| spec.split(':').next() == Some(name));
        (self.version() == Version::V16 || function.is_empty()) && is_grouped()
    }

    /// `formatted_read_group`, from 19 on.
    pub fn formatted_read_group(
        &self,
        model: &Arc<Model>,
        arguments: &Map<String, Value>,
    ) -> Result<Value, Error> {
        let domain = arguments.get("domain").cloned().unwrap_or_else(|| json!([]));
        let by = self.groupings(model, &strings(arguments.get("groupby")))?;
        let specs = strings(arguments.get("aggregates"));
        let fields: Vec<_> = specs.iter().filter(|spec| *spec != "__count").cloned().collect();
        let aggregates = self.aggregates(model, &fields, |name, function| format!("{name}:{function}"))?;
        let groups = self.groups(model, &domain, &by)?;
        let row = |group: &Group| {
            let mut row = Map::new();
            for (by, key) in by.iter().zip(&group.keys) {
                row.insert(by.spec.clone(), self.formatted_label(by, key));
            }
            let mut extra = extra_domain(model, &by, &group.keys);
            if by.is_empty() {
                extra.push(json!([1, "=", 1]));
            }
            row.insert("__extra_domain".to_owned(), Value::Array(extra));
            if specs.iter().any(|spec| spec == "__count") {
                row.insert("__count".to_owned(), json!(group.ids.len()));
            }
            for aggregate in &aggregates {
                row.insert(aggregate.key.clone(), self.aggregate(model, aggregate, &group.ids));
            }
            Value::Object(row)
        };
        Ok(page(groups.iter().map(row).collect(), arguments, "__count"))
    }

    fn groupings(&self, model: &Model, specs: &[String]) -> Result<Vec<By>, Error> {
        let one = |spec: &String| {
            let (name, period) = spec.split_once(':').unwrap_or((spec, "month"));
            let unknown = || Error::value(format!("Invalid field '{name}' on model '{}'", model.name));
            let slot = model.slot(name).ok_or_else(unknown)?;
            check_stored(model, slot)?;
            let kind = model.fields.get(slot).map_or(Kind::Char, |field| field.kind);
            let period = match kind {
                Kind::Date | Kind::Datetime => Some(Period::named(period).ok_or_else(unknown)?),
                _ => None,
            };
            // That of the user does not matter here.
            let zone = self.context.text("tz").filter(|_| kind == Kind::Datetime).map(str::to_owned);
            Ok(By { spec: spec.clone(), slot, kind, period, zone })
        };
        specs.iter().map(one).collect()
    }

    fn aggregates(
        &self,
        model: &Model,
        specs: &[String],
        key: impl Fn(&str, &str) -> String,
    ) -> Result<Vec<Aggregate>, Error> {
        let mut aggregates = Vec::new();
        for spec in specs {
            let (label, function) = spec.split_once(':').unwrap_or((spec, "sum"));
            // `label:function(field)`
            let inner = function.strip_suffix(')').and_then(|function| function.split_once('('));
            let (function, name) = inner.unwrap_or((function, label));
            let slot = model
                .slot(name)
                .ok_or_else(|| Error::value(format!("Invalid field '{name}' on model '{}'", model.name)))?;
            let is_number = model.fields.get(slot).is_some_and(|field| field.kind.is_number());
            if (is_number && name != "id") || spec.contains(':') {
                let function = function.to_owned();
                aggregates.push(Aggregate { key: key(label, &function), slot, function });
            }
        }
        Ok(aggregates)
    }

    fn groups(&self, model: &Arc<Model>, domain: &Value, by: &[By]) -> Result<Vec<Group>, Error> {
        let mut found: BTreeMap<String, Group> = BTreeMap::new();
        for id in self.matching(model, domain)? {
            let mut all: Vec<Vec<Datum>> = vec![Vec::new()];
            for by in by {
                let keys = by.keys(self.db.at(model, id, by.slot).normal(&by.kind));
                let with = |before: &Vec<Datum>, key: &Datum| {
                    [before.as_slice(), std::slice::from_ref(key)].concat()
                };
                all = all.iter().flat_map(|before| keys.iter().map(move |key| with(before, key))).collect();
            }
            for keys in all {
                let group =
                    found.entry(format!("{keys:?}")).or_insert_with(|| Group { keys, ids: Vec::new() });
                group.ids.push(id);
            }
        }
        if by.is_empty() && found.is_empty() {
            return Ok(vec![Group { keys: Vec::new(), ids: Vec::new() }]);
        }
        let mut groups: Vec<Group> = found.into_values().collect();
        let rank = |group: &Group| -> Vec<Datum> {
            let first = group.ids.first().copied().unwrap_or_default();
            by.iter()
                .zip(&group.keys)
                .map(|(by, key)| match by.kind {
                    Kind::Many2many(_) => rank_of(&self.group_label(by, key)),
                    _ if by.period.is_some() => key.clone(),
                    _ => sort_key(self.db, model, first, by.slot),
                })
                .collect()
        };
        groups.sort_by(|left, right| {
            rank(left)
                .iter()
                .zip(&rank(right))
                .map(|(left, right)| left.order(right))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        Ok(groups)
    }

    fn group_label(&self, by: &By, key: &Datum) -> Value {
        match (by.period, by.kind, key) {
            (Some(period), _, Datum::Text(start)) => json!(period.label(start)),
            (_, Kind::Many2one(other) | Kind::Many2many(other), Datum::Int(id)) => self.pair(other, *id),
            (_, Kind::Many2many(_), _) => json!(false),
            _ => key.to_json(&by.kind),
        }
    }

    fn formatted_label(&self, by: &By, key: &Datum) -> Value {
        match (by.period, key) {
            (Some(period), Datum::Text(start)) => {
                let [from, _] = by.bounds(period, start);
                json!([from.as_str(), period.label(start)])
            }
            _ => self.group_label(by, key),
        }
    }

    fn aggregate(&self, model: &Model, aggregate: &Aggregate, ids: &[i64]) -> Value {
        let kind = model.fields.get(aggregate.slot).map_or(Kind::Float, |field| field.kind);
        let values = || ids.iter().map(|id| self.db.at(model, *id, aggregate.slot).normal(&kind));
        let numbers = || values().filter_map(|value| value.as_f64());
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        let number = |number: f64| if kind == Kind::Integer { json!(number as i64) } else { json!(number) };
        match aggregate.function.as_str() {
            "count" => json!(values().filter(|value| !value.is_empty()).count()),
            "count_distinct" => {
                let distinct: std::collections::BTreeSet<_> =
                    values().map(|value| format!("{value:?}")).collect();
                json!(distinct.len())
            }
            "min" | "max" if !kind.is_number() => {
                let found = values().filter(|value| !value.is_empty());
                let found = match aggregate.function.as_str() {
                    "min" => found.min_by(Datum::order),
                    _ => found.max_by(Datum::order),
                };
                found.map_or(json!(false), |value| value.to_json(&kind))
            }
            "min" => numbers().reduce(f64::min).map_or(json!(false), number),
            "max" => numbers().reduce(f64::max).map_or(json!(false), number),
            #[allow(clippy::cast_precision_loss)]
            "avg" => json!(numbers().sum::<f64>() / (ids.len().max(1) as f64)),
            "array_agg" => Value::Array(values().map(|value| value.to_json(&kind)).collect()),
            _ => number(numbers().sum::<f64>() + 0.0),
        }
    }
}

/// From when to when a group of dates goes.
fn range((by, key): (&By, &Datum)) -> Option<(String, Value)> {
    let period = by.period?;
    let range = key.as_str().map(|start| by.bounds(period, start));
    let range = range.map(|[from, to]| json!({"from": from.as_str(), "to": to.as_str()}));
    Some((by.spec.clone(), range.unwrap_or(json!(false))))
}

fn extra_domain(model: &Model, by: &[By], keys: &[Datum]) -> Vec<Value> {
    let mut leaves = Vec::new();
    for (by, key) in by.iter().zip(keys) {
        let name = model.fields.get(by.slot).map_or("", |field| field.name.as_ref());
        match (by.period, key) {
            (Some(period), Datum::Text(start)) => {
                let [from, to] = by.bounds(period, start);
                leaves.push(json!([name, ">=", from.as_str()]));
                leaves.push(json!([name, "<", to.as_str()]));
            }
            (_, Datum::Int(id)) => leaves.push(json!([name, "=", id])),
            (_, Datum::Empty) => leaves.push(json!([name, "=", false])),
            _ => leaves.push(json!([name, "=", key.to_json(&by.kind)])),
        }
    }
    let mut domain = vec![json!("&"); leaves.len().saturating_sub(1)];
    domain.append(&mut leaves);
    domain
}

/// Both domains, each with its `&` written out; 16 tells the group first.
fn combined(version: Version, domain: &Value, extra: Vec<Value>) -> Value {
    let items = domain.as_array().cloned().unwrap_or_default();
    if items.is_empty() || extra.is_empty() {
        return Value::Array(if extra.is_empty() { items } else { extra });
    }
    // Each term lacks one operand less than it brings; what is missing is the number of implicit `&`.
    let terms: i64 = items
        .iter()
        .map(|item| match item.as_str() {
            Some("&" | "|") => -1,
            Some(_) => 0,
            None => 1,
        })
        .sum();
    let implicit = usize::try_from(terms.max(1)).unwrap_or(1) - 1;
    let asked = [vec![json!("&"); implicit], items].concat();
    let parts = if version == Version::V16 { [extra, asked] } else { [asked, extra] };
    Value::Array([vec![json!("&")], parts.concat()].concat())
}

/// Orders rows as asked, `__count desc, user_id`; they come in the order of their groups.
fn page(mut rows: Vec<Value>, arguments: &Map<String, Value>, count_key: &str) -> Value {
    let order = arguments.get("order").or_else(|| arguments.get("orderby")).and_then(Value::as_str);
    for term in order.unwrap_or_default().rsplit(',') {
        let mut words = term.split_whitespace();
        let key = words.next().map_or("", |word| if word == "__count" { count_key } else { word });
        let descending = words.next().is_some_and(|word| word.eq_ignore_ascii_case("desc"));
        rows.sort_by(|left, right| {
            let [left, right] = [left, right].map(|row| row.get(key).map_or(Datum::Empty, rank_of));
            let order = left.order(&right);
            if descending { order.reverse() } else { order }
        });
    }
    let number = |key: &str| {
        arguments.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
    };
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    Value::Array(rows.into_iter().skip(number("offset").unwrap_or_default()).take(limit).collect())
}

/// What a column of the answer is ordered by: a number, a text, or a related record's name.
fn rank_of(cell: &Value) -> Datum {
    match cell {
        Value::Number(number) => number.as_f64().map_or(Datum::Empty, Datum::Float),
        Value::String(text) => Datum::text(text.as_str()),
        Value::Array(pair) => pair.get(1).and_then(Value::as_str).map_or(Datum::Empty, Datum::text),
        _ => Datum::Empty,
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
