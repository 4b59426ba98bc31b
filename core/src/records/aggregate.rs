//! Records summed up by groups.

use std::collections::BTreeSet;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::currencies::Source;
use super::error::RecordError;
use super::metadata::Field;
use super::page::Page;
use super::value::readable;
use super::view::{Seen, View};
use crate::access::models::Verb;
use crate::input::{FieldError, trimmed_or_absent};
use crate::odoo::{Call, OdooError};

/// Groups that are asked for, at most; what is longer than a reader takes in is cut at a group.
const MOST_GROUPS: u32 = 1_000;
const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];
const ENDS: [&str; 2] = ["min", "max"];
const FUNCTIONS: [&str; 5] = ["sum", "avg", "min", "max", "count_distinct"];
/// Before, what is worked out of a field that is grouped by is left out without a word.
const BOTH_SINCE: u32 = 17;
/// Since then groups come in another form.
const FORMATTED_SINCE: u32 = 19;
/// Since then records are grouped by what they point to has.
const PATHS_SINCE: u32 = 19;

/// What to sum up.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Aggregation {
    /// sale.order
    #[garde(skip)]
    pub model: String,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Vec<Vec<String>>")]
    pub domain: Value,
    /// partner_id, date_order:month; none: all in one
    #[serde(default)]
    #[garde(length(max = 8))]
    pub group_by: Vec<String>,
    /// amount_total:sum, or avg, min, max, count_distinct
    #[serde(default)]
    #[garde(length(max = 20))]
    pub measures: Vec<String>,
    /// amount_total:sum desc; count or a group as well
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub order: Option<String>,
    /// Groups
    #[serde(default = "all")]
    #[garde(range(min = 1))]
    pub limit: u32,
    /// Skip so many groups
    #[serde(default)]
    #[garde(skip)]
    pub offset: u32,
    /// As in search_records
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

fn all() -> u32 {
    MOST_GROUPS
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What its records have in common
    #[serde(flatten)]
    pub by: Map<String, Value>,
    /// Records in it
    pub count: u64,
    /// What was worked out of them
    #[serde(flatten)]
    pub measures: Map<String, Value>,
}

struct Measure {
    field: String,
    function: String,
    /// The type of what comes of it, where it is no plain number.
    kind: &'static str,
    /// Where it is an amount.
    currency: Option<Source>,
}

impl Measure {
    fn name(&self) -> String {
        format!("{}:{}", self.field, self.function)
    }
}

/// What groups are put in order by.
enum Term {
    Count,
    By(String),
    Measure(usize),
}

/// Which groups are told.
struct Part {
    /// Each with whether the greatest comes first.
    order: Vec<(Term, bool)>,
    limit: u32,
    offset: u32,
}

struct By {
    /// As it is asked for and told.
    name: String,
    field: Field,
    names_are_open: bool,
}

impl View {
    /// Sums records up.
    ///
    /// # Errors
    /// When the rules do not open the model, an argument does not fit it, or Odoo fails.
    pub async fn aggregate(&self, request: &Aggregation) -> Result<Page<Group>, RecordError> {
        let seen = self.see(&request.model, Verb::Read).await?;
        let domain = self.domain(&seen, &request.domain).await?;
        let mut errors = Vec::new();
        let mut by = Vec::new();
        for (number, name) in request.group_by.iter().enumerate() {
            match self.by(&seen, name).await? {
                Ok(group) => by.push(group),
                Err(message) => errors.push(FieldError { path: format!("group_by[{number}]"), message }),
            }
        }
        let mut measures: Vec<Measure> = Vec::new();
        let version = self.records.odoo.connection().await.map_err(|error| self.failed(error))?.version.major;
        for (number, text) in request.measures.iter().enumerate() {
            let is_grouped = |it: &Measure| by.iter().any(|by| by.name.split(':').next() == Some(&it.field));
            let left_out = |it: &Measure| version < BOTH_SINCE && is_grouped(it);
            match measure(&seen, text) {
                Ok(measure) if left_out(&measure) => {
                    let message = format!(
                        "this Odoo works nothing out of a field that it groups by: take {} out of one",
                        measure.field
                    );
                    errors.push(FieldError { path: format!("measures[{number}]"), message });
                }
                Ok(measure) => measures.push(measure),
                Err(message) => errors.push(FieldError { path: format!("measures[{number}]"), message }),
            }
        }
        let order = ordered(request.order.as_deref().unwrap_or_default(), &by, &measures);
        let order = order.unwrap_or_else(|message| {
            errors.push(FieldError { path: "order".to_owned(), message });
            Vec::new()
        });
        if !errors.is_empty() {
            return Err(RecordError::Invalid { errors, code: "invalid_value" });
        }
        let limit = request.limit.min(MOST_GROUPS);
        let part = Part { order, limit, offset: request.offset };
        let groups = self.groups(&seen, domain, &by, &measures, &part).await;
        let mut items = groups.map_err(|error| self.failed_on(&seen.model, error))?;
        let so_far =
            |items: &[Group]| u64::from(request.offset) + u64::try_from(items.len()).unwrap_or(u64::MAX);
        // One more than is told says that there are more; how many, Odoo does not tell.
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next_offset = more.then(|| so_far(&items));
        // How many groups there are is told where they are cut: beside sums it reads like one of them.
        let page = Page { items, total: None, next_offset };
        let page = page.beside(0, request.offset);
        // Where some are cut off, it was not known how many more there are.
        let total = page.total.filter(|_| !more);
        Ok(Page { total, ..page })
    }

    async fn by(&self, seen: &Seen, name: &str) -> Result<Result<By, String>, RecordError> {
        let (path, period) = name.split_once(':').map_or((name, None), |(path, period)| (path, Some(period)));
        let target = match self.path(seen, path).await? {
            Ok(target) => target,
            Err(message) => return Ok(Err(message)),
        };
        if let Some((first, _)) = path.split_once('.')
            && seen.field(first).is_some_and(|field| field.kind == "many2one")
            && self.records.odoo.connection().await.map_err(|error| self.failed(error))?.version.major
                < PATHS_SINCE
        {
            return Ok(Err(format!("this Odoo groups by fields of {} itself: group by {first}", seen.model)));
        }
        if let Some(part) = target.first_not(Field::is_column) {
            return Ok(Err(format!("{part} is worked out when it is read, so nothing is grouped by it")));
        }
        let field = target.field;
        let is_time = matches!(field.kind.as_str(), "date" | "datetime");
        if let Some(period) = period
            && !(is_time && PERIODS.contains(&period))
        {
            return Ok(Err(format!("takes {} after the : of a date or time", PERIODS.join(", "))));
        }
        if matches!(field.kind.as_str(), "one2many" | "binary" | "image" | "html" | "json") {
            return Ok(Err(format!("records are not grouped by a field of type {}", field.kind)));
        }
        let open = |model: &String| self.rules.names_are_open(model);
        let names_are_open = field.relation.as_ref().is_none_or(open);
        // Odoo groups by month where nothing is said.
        let name = if is_time && period.is_none() { format!("{path}:month") } else { name.to_owned() };
        Ok(Ok(By { name, field, names_are_open }))
    }

    async fn groups(
        &self,
        seen: &Seen,
        domain: Value,
        by: &[By],
        measures: &[Measure],
        part: &Part,
    ) -> Result<Vec<Group>, OdooError> {
        let names: Vec<&str> = by.iter().map(|by| by.name.as_str()).collect();
        let version = self.records.odoo.connection().await?.version.major;
        // Before, a measure is called by its field, unless it is given another name.
        let told_as = |number: usize, measure: &Measure| match version >= FORMATTED_SINCE {
            true => measure.name(),
            false => format!("m{number}"),
        };
        let end_as = |column: &str, end: &str| match version >= FORMATTED_SINCE {
            true => format!("{column}:{end}"),
            false => format!("{end}_{column}"),
        };
        let term = |(term, descending): &(Term, bool)| {
            let by = match term {
                Term::Count => "__count".to_owned(),
                Term::By(name) => name.clone(),
                Term::Measure(number) => {
                    measures.get(*number).map_or_else(String::new, |it| told_as(*number, it))
                }
            };
            format!("{by}{}", if *descending { " desc" } else { "" })
        };
        let sources = || measures.iter().filter_map(|measure| measure.currency.as_ref());
        // That all of a group are in one currency is seen by the least and the greatest; what is grouped by says it
        // itself, and before 17 has none.
        let columns: BTreeSet<&str> =
            sources().filter_map(Source::column).filter(|column| !names.contains(column)).collect();
        let ends = columns.iter().flat_map(|column| ENDS.map(|end| (*column, end)));
        let order = part.order.iter().map(term).collect::<Vec<_>>().join(", ");
        let part = |call: Call, ordering: &str| {
            let call = call.kwarg("limit", part.limit + 1).kwarg("offset", part.offset);
            if order.is_empty() { call } else { call.kwarg(ordering, order.as_str()) }
        };
        let call = match version >= FORMATTED_SINCE {
            true => {
                let all = measures.iter().map(Measure::name);
                let ends = ends.map(|(column, end)| end_as(column, end));
                let aggregates: Vec<String> =
                    std::iter::once("__count".to_owned()).chain(all).chain(ends).collect();
                let call = Call::new(seen.model.as_str(), "formatted_read_group")
                    .arg("domain", domain)
                    .kwarg("groupby", names)
                    .kwarg("aggregates", aggregates);
                part(call, "order")
            }
            false => {
                let all = measures.iter().enumerate();
                let all =
                    all.map(|(number, it)| format!("{}:{}({})", told_as(number, it), it.function, it.field));
                let ends = ends.map(|(column, end)| format!("{}:{end}({column})", end_as(column, end)));
                let call = Call::new(seen.model.as_str(), "read_group")
                    .arg("domain", domain)
                    .arg("fields", all.chain(ends).collect::<Vec<_>>())
                    .arg("groupby", names)
                    .kwarg("lazy", false);
                part(call, "orderby")
            }
        };
        let wrong = || OdooError::Malformed("the groups are not a list of groups with counts".to_owned());
        let currencies = async || match sources().next() {
            Some(_) => self.records.currencies().await.map(Some),
            None => Ok(None),
        };
        let (answer, currencies) = tokio::try_join!(self.records.odoo.call(call), currencies())?;
        let companies = self.records.odoo.companies();
        let answer: Vec<Map<String, Value>> = serde_json::from_value(answer).map_err(|_| wrong())?;
        let group = |group: Map<String, Value>| {
            let count = group.get("__count").and_then(Value::as_u64).ok_or_else(wrong)?;
            let by = by.iter().map(|by| (by.name.clone(), by.told(&group))).collect();
            let measures = measures.iter().enumerate().map(|(number, measure)| {
                let value = group.get(&told_as(number, measure)).cloned().unwrap_or_default();
                let value = if value == Value::Bool(false) { Value::Null } else { value };
                let value = readable(value, measure.kind).unwrap_or_default();
                let ends = |column: &str| ENDS.map(|end| group.get(&end_as(column, end))?.as_i64());
                let value = match (&measure.currency, &currencies) {
                    (Some(source), Some(known)) if count > 0 && !value.is_null() => {
                        source.told(value, &group, ends, (known, &companies))
                    }
                    _ => value,
                };
                (measure.name(), value)
            });
            Ok(Group { by, count, measures: measures.collect() })
        };
        answer.into_iter().map(group).collect()
    }
}

impl By {
    /// The value of a group; a period is told by its beginning, and what people call it. The group of records that have
    /// none says false, as in Odoo: a sum must say what of.
    fn told(&self, group: &Map<String, Value>) -> Value {
        let value = group.get(&self.name).cloned().unwrap_or_default();
        let begins = |at: &str| readable(json!(at), &self.field.kind).unwrap_or_default();
        match (self.field.kind.as_str(), value) {
            ("date" | "datetime", Value::Array(pair)) => match pair.as_slice() {
                [Value::String(from), label] => json!({ "from": begins(from), "label": label }),
                _ => Value::Array(pair),
            },
            ("date" | "datetime", Value::String(label)) => {
                let range = group.get("__range").and_then(|ranges| ranges.get(&self.name));
                match range.and_then(|range| range.get("from")).and_then(Value::as_str) {
                    Some(from) => json!({ "from": begins(from), "label": label }),
                    None => json!(label),
                }
            }
            (_, Value::Array(pair)) => match pair.as_slice() {
                [id, name] if self.names_are_open => json!({ "id": id, "name": name }),
                [id, _] => json!({ "id": id }),
                _ => Value::Array(pair),
            },
            ("selection", Value::String(key)) => {
                let label = self.field.selection.iter().find(|(known, _)| *known == key);
                label.map_or_else(|| json!(key), |(_, label)| json!({ "value": key, "label": label }))
            }
            (kind, value) => readable(value, kind).unwrap_or(Value::Bool(false)),
        }
    }
}

/// `amount_total:sum`, or `amount_total` for that.
fn measure(seen: &Seen, text: &str) -> Result<Measure, String> {
    let (name, function) = text.split_once(':').unwrap_or((text, "sum"));
    let field = seen.field(name).ok_or_else(|| seen.unknown(name))?;
    if !FUNCTIONS.contains(&function) {
        return Err(format!("takes one of {} after the :; records are counted anyway", FUNCTIONS.join(", ")));
    }
    let is_number = matches!(field.kind.as_str(), "integer" | "float" | "monetary");
    let is_time = matches!(field.kind.as_str(), "date" | "datetime");
    match function {
        "sum" | "avg" if !is_number => Err(format!("{name} is no number: {function} takes one")),
        "min" | "max" if !is_number && !is_time => Err(format!("{name} is no number and no time")),
        _ if !field.is_sortable() => {
            Err(format!("{name} is worked out when it is read, so nothing is summed up by it"))
        }
        _ => {
            let kind = match (function, field.kind.as_str()) {
                ("count_distinct", _) => "integer",
                ("min" | "max", "date") => "date",
                ("min" | "max", "datetime") => "datetime",
                _ => "",
            };
            let currency = (function != "count_distinct").then(|| Source::of(seen, field)).flatten();
            Ok(Measure { field: name.to_owned(), function: function.to_owned(), kind, currency })
        }
    }
}

/// `amount_total:sum desc, count`: of what is asked for.
fn ordered(order: &str, by: &[By], measures: &[Measure]) -> Result<Vec<(Term, bool)>, String> {
    let term = |text: &str| {
        let mut words = text.split_whitespace();
        let (name, way, rest) = (words.next().unwrap_or_default(), words.next(), words.next());
        let descending = match way.map(str::to_lowercase).as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => return None,
        };
        let is_it = |measure: &Measure| measure.name() == name || measure.field == name;
        let measure = || measures.iter().position(is_it).map(Term::Measure);
        let group = |by: &&By| by.name == name || by.name.split(':').next() == Some(name);
        let group = || by.iter().find(group).map(|by| Term::By(by.name.clone()));
        let count = || matches!(name, "count" | "__count").then_some(Term::Count);
        Some((measure().or_else(group).or_else(count)?, descending)).filter(|_| rest.is_none())
    };
    let terms = order.split(',').filter(|text| !text.trim().is_empty());
    terms.map(term).collect::<Option<Vec<_>>>().ok_or_else(|| {
        let measures = measures.iter().map(Measure::name);
        let names: Vec<String> =
            by.iter().map(|by| by.name.clone()).chain(measures).chain(["count".to_owned()]).collect();
        format!("must be of {}, each with asc or desc", names.join(", "))
    })
}
