//! The groups, as each version of Odoo is asked for them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Group;
use super::by::By;
use super::measure::{Measure, Written};
use crate::odoo::{Call, OdooError};
use crate::records::currencies::Source;
use crate::records::value::readable;
use crate::records::view::{Seen, View};

const ENDS: [&str; 2] = ["min", "max"];
/// Since then groups come in another form.
const FORMATTED_SINCE: u32 = 19;

/// What groups are put in order by.
pub(super) enum Term {
    Count,
    By(String),
    Measure(usize),
}

/// Which groups are told.
pub(super) struct Part {
    /// Each with whether the greatest comes first.
    pub(super) order: Vec<(Term, bool)>,
    pub(super) limit: u32,
    pub(super) offset: u32,
}

impl View {
    pub(super) async fn groups(
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

/// `amount_total:sum desc, count`: of what is asked for.
pub(super) fn ordered(
    order: &str,
    seen: &Seen,
    by: &[By],
    measures: &[Measure],
) -> Result<Vec<(Term, bool)>, String> {
    let term = |text: &str| {
        let (name, descending) = match text.trim().rsplit_once(char::is_whitespace) {
            Some((name, way)) if way.eq_ignore_ascii_case("desc") => (name.trim(), true),
            Some((name, way)) if way.eq_ignore_ascii_case("asc") => (name.trim(), false),
            _ => (text.trim(), false),
        };
        let written = Written::new(name);
        let measure = || measures.iter().position(|measure| written.is(measure)).map(Term::Measure);
        let group = |by: &&By| by.name.eq_ignore_ascii_case(name) || by.path() == name;
        let group = || by.iter().find(group).map(|by| Term::By(by.name.clone()));
        let count = || written.is_count(seen).then_some(Term::Count);
        Some((measure().or_else(group).or_else(count)?, descending))
    };
    let terms = order.split(',').filter(|text| !text.trim().is_empty());
    terms.map(term).collect::<Option<Vec<_>>>().ok_or_else(|| {
        let measures = measures.iter().map(Measure::name);
        let names: Vec<String> =
            by.iter().map(|by| by.name.clone()).chain(measures).chain(["count".to_owned()]).collect();
        format!("must be of {}, each with asc or desc", names.join(", "))
    })
}
