//! Records found and read.

use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::error::RecordError;
use super::metadata::Field;
use super::page::{MOST, Page};
use super::told::{Fields, all, usual};
use super::view::{Seen, View};
use super::windows::{self, Windows};
use crate::access::models::Verb;
use crate::input::{FieldError, trimmed_or_absent};
use crate::odoo::{Call, OdooError, Record, SearchRead};

/// Which records to find.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordSearch {
    /// res.partner
    #[garde(skip)]
    pub model: String,
    /// [[field, operator, value], …]; & | ! stand before
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Vec<Vec<String>>")]
    pub domain: Value,
    /// None: a short choice
    #[serde(default)]
    #[garde(length(max = 200))]
    pub fields: Vec<String>,
    /// At most 500
    #[serde(default = "twenty")]
    #[garde(range(min = 1))]
    pub limit: u32,
    /// Skip so many
    #[serde(default)]
    #[garde(skip)]
    pub offset: u32,
    /// date_order desc
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub order: Option<String>,
    /// allowed_company_ids, lang, tz, active_test
    #[serde(default)]
    #[garde(skip)]
    #[schemars(with = "Map<String, Value>")]
    pub context: Context,
}

fn twenty() -> u32 {
    20
}

/// A search as it is sent, page after page.
pub struct Search {
    pub(super) seen: Seen,
    pub(super) domain: Value,
    pub(super) names: Vec<String>,
    pub(super) order: Option<String>,
    pub(super) place: Place,
}

/// How far a search is read.
#[derive(Default)]
pub(super) struct Place {
    /// Where the next page begins, and how many there are in all once they are counted
    pub(super) offset: u64,
    pub(super) total: Option<u64>,
    /// The id that was read last, where they come in the order of their ids
    pub(super) last: Option<i64>,
    pub(super) is_over: bool,
    pub(super) windows: Windows,
}

impl Search {
    /// The same search, from where an earlier one of it has come to.
    #[must_use]
    pub fn after(self, Self { place, .. }: Self) -> Self {
        Self { place, ..self }
    }

    /// Whether the last page was read.
    pub fn is_over(&self) -> bool {
        self.place.is_over
    }

    /// Those beyond the last id, where that is what is not read yet. Odoo finds them at once, while of an offset it reads all
    /// that it skips.
    pub(super) fn rest(&self) -> Option<Value> {
        let (Value::Array(domain), beyond, last) = (&self.domain, self.beyond()?, self.place.last?) else {
            return None;
        };
        Some(domain.iter().cloned().chain([json!(["id", beyond, last])]).collect())
    }

    /// What is not read yet, and how many of it to skip.
    fn left(&self) -> (Value, u64) {
        self.rest().map_or_else(|| (self.domain.clone(), self.place.offset), |rest| (rest, 0))
    }

    /// How what follows an id compares with it, if the order is that of the ids.
    pub(super) fn beyond(&self) -> Option<&'static str> {
        let words: Vec<&str> = self.order.as_deref()?.split_whitespace().collect();
        match words.as_slice() {
            ["id"] => Some(">"),
            ["id", way] if way.eq_ignore_ascii_case("asc") => Some(">"),
            ["id", way] if way.eq_ignore_ascii_case("desc") => Some("<"),
            _ => None,
        }
    }
}

/// An order that leaves no two records equal: pages of another could tell of one twice, and of the next not at all.
#[must_use]
pub fn steady(order: &str) -> String {
    match order.split(',').any(|term| term.split_whitespace().next() == Some("id")) {
        true => order.to_owned(),
        false => format!("{order}, id"),
    }
}

impl View {
    /// The records that match, as many as a reader takes in at once, and how many there are in all.
    ///
    /// # Errors
    /// When the rules do not open the model, an argument does not fit it, or Odoo fails.
    pub async fn search(&self, request: &RecordSearch) -> Result<Page<Fields>, RecordError> {
        let mut search = self.prepare(request).await?;
        let (items, total) = self.page(&mut search, u64::from(request.limit.min(MOST))).await?;
        let next_offset = Some(search.place.offset).filter(|next| *next < total);
        Ok(Page { items, total: Some(total), next_offset }.beside(0, request.offset))
    }

    /// Checks a search once, for as many pages as are read of it.
    ///
    /// # Errors
    /// When the rules do not open the model, or an argument does not fit it.
    pub async fn prepare(&self, request: &RecordSearch) -> Result<Search, RecordError> {
        let asked: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        let seen = self.see_with(&request.model, Verb::Read, &asked).await?;
        let names = match request.fields.is_empty() {
            true => usual(&seen),
            false => named(&seen, &request.fields)?,
        };
        let domain = self.domain(&seen, &request.domain).await?;
        let order = match &request.order {
            Some(order) if windows::are_needed(&seen.model) => Some(steady(&ordered(&seen, order)?)),
            Some(order) => Some(ordered(&seen, order)?),
            None => None,
        };
        let place = Place { offset: request.offset.into(), ..Place::default() };
        Ok(Search { seen, domain, names, order, place })
    }

    /// The next page of a search, and how many there are in all, which is counted with the first one: one call where
    /// Odoo has one for it.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn page(&self, search: &mut Search, limit: u64) -> Result<(Vec<Fields>, u64), RecordError> {
        let found = match windows::are_needed(&search.seen.model) {
            true => self.in_windows(search, limit).await,
            false => self.cut_by_odoo(search, limit).await,
        };
        let found = found.map_err(|error| self.failed_on(&search.seen.model, error))?;
        let Search { seen, names, place, .. } = &*search;
        let total = place.total.unwrap_or_default();
        Ok((found.into_iter().map(|record| self.told(seen, names, record)).collect(), total))
    }

    async fn cut_by_odoo(&self, search: &mut Search, limit: u64) -> Result<Vec<Fields>, OdooError> {
        let (found, total) = match self.records.odoo.connection().await?.version.has_web_read() {
            true => self.web_search_read(search, limit).await?,
            false => self.search_read(search, limit).await?,
        };
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let place = &mut search.place;
        place.offset += count;
        place.last = found.last().and_then(|record| record.get("id")).and_then(Value::as_i64);
        place.total = Some(total);
        place.is_over = count < limit;
        Ok(found)
    }

    async fn search_read(&self, search: &Search, limit: u64) -> Result<(Vec<Fields>, u64), OdooError> {
        let Search { seen, names, order, place, .. } = search;
        let (domain, offset) = search.left();
        let query = SearchRead {
            fields: &self.with_currencies(seen, names),
            offset: Some(offset).filter(|offset| *offset > 0),
            limit: Some(limit),
            order: order.as_deref(),
            ..SearchRead::default()
        };
        let total = async {
            match place.total {
                Some(total) => Ok(total),
                None => self.records.odoo.search_count(&seen.model, search.domain.clone()).await,
            }
        };
        let sized = self.records.odoo.with_context(&bin_size());
        let (found, total) = tokio::try_join!(sized.search_read(&seen.model, domain, &query), total)?;
        Ok((found.into_iter().map(Record::into_map).collect(), total))
    }

    async fn web_search_read(&self, search: &Search, limit: u64) -> Result<(Vec<Fields>, u64), OdooError> {
        let Search { seen, names, order, place: Place { total, .. }, .. } = search;
        let (domain, offset) = search.left();
        let fields = self.with_currencies(seen, names);
        let specification: Map<String, Value> = fields
            .iter()
            .map(|name| ((*name).to_owned(), seen.field(name).map_or(json!({}), specified)))
            .collect();
        let mut call = Call::new(seen.model.as_str(), "web_search_read")
            .arg("domain", domain)
            .arg("specification", specification)
            .kwarg("limit", limit);
        if offset > 0 {
            call = call.kwarg("offset", offset);
        }
        if let Some(order) = order {
            call = call.kwarg("order", order.as_str());
        }
        if total.is_some() {
            // Beyond this many none are counted.
            call = call.kwarg("count_limit", 1);
        }
        let wrong = || OdooError::Malformed("a search is no length with records".to_owned());
        let mut answer = self.records.odoo.with_context(&bin_size()).call(call).await?;
        let length = answer.get("length").and_then(Value::as_u64).ok_or_else(wrong)?;
        let records = answer.get_mut("records").map(Value::take).ok_or_else(wrong)?;
        Ok((serde_json::from_value(records).map_err(|_| wrong())?, total.unwrap_or(length)))
    }
}

/// Instead of what is in a file, how large it is.
pub(super) fn bin_size() -> Map<String, Value> {
    Map::from_iter([("bin_size".to_owned(), json!(true))])
}

/// Of a record that another one points to, its name; it is left out where the model is not open.
pub(super) fn specified(field: &Field) -> Value {
    match field.kind.as_str() {
        "many2one" => json!({ "fields": { "display_name": {} } }),
        _ => json!({}),
    }
}

/// Callers of other servers ask so for all fields.
const ALL: &str = "__all__";

/// The fields that are asked for, if there are such.
pub(super) fn named(seen: &Seen, fields: &[String]) -> Result<Vec<String>, RecordError> {
    let (mut names, mut errors) = (Vec::new(), Vec::new());
    if matches!(fields, [every] if every == ALL) {
        return Ok(all(seen));
    }
    for (number, name) in fields.iter().enumerate() {
        match name.trim() {
            known if seen.field(known).is_some() => {
                if !names.iter().any(|name| name == known) {
                    names.push(known.to_owned());
                }
            }
            path => {
                let message = match path.split_once('.') {
                    Some((first, _)) if seen.field(first).is_some() => {
                        format!("read {first}, and what it points to by get_record: no dotted names here")
                    }
                    _ => seen.unknown(path),
                };
                errors.push(FieldError { path: format!("fields[{number}]"), message });
            }
        }
    }
    match errors.is_empty() {
        true => Ok(names),
        false => Err(RecordError::Invalid { errors, code: "unknown_field" }),
    }
}

/// `date_order desc, id`, if these are fields that the database has.
fn ordered(seen: &Seen, order: &str) -> Result<String, RecordError> {
    let wrong = |message: String| RecordError::argument("order", message);
    for part in order.split(',') {
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        let Some(field) = seen.field(name) else { return Err(wrong(seen.unknown(name))) };
        if !field.is_sortable() {
            return Err(wrong(format!("{name} is no column of the database, so nothing is ordered by it")));
        }
        let rest = words.map(str::to_lowercase).collect::<Vec<_>>().join(" ");
        if !["", "asc", "desc", "asc nulls first", "asc nulls last", "desc nulls first", "desc nulls last"]
            .contains(&rest.as_str())
        {
            return Err(wrong(
                "must be fields, each with asc or desc, such as date_order desc, id".to_owned(),
            ));
        }
    }
    Ok(order.to_owned())
}
