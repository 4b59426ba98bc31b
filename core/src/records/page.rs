//! Lists: at most so many, and how many there are in all.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{either, literal};
use crate::input::trimmed_or_absent;
use crate::odoo::{Odoo, OdooError, Record, SearchRead};

pub(crate) fn default_limit() -> u32 {
    50
}

pub(crate) fn yes() -> bool {
    true
}

/// More than a model reads.
pub(crate) const MOST: u32 = 500;
/// Of one answer: 25,000 tokens.
const MOST_BYTES: usize = 75_000;

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Single<T> {
    /// Fields
    pub record: T,
}

/// The first records that match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// Each
    pub items: Vec<T>,
    /// All, if more
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// If more: the offset to go on with
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<u64>,
}

impl<T: Serialize> Page<T> {
    /// The same, beginning at this offset, as far as there is room for it beside so many bytes of JSON.
    pub(crate) fn beside(mut self, bytes: usize, offset: u32) -> Self {
        let count = |items: &[T]| u64::from(offset) + u64::try_from(items.len()).unwrap_or(u64::MAX);
        let fits = readable_beside(&self.items, bytes);
        if fits < self.items.len() {
            self.total = self.total.or(Some(count(&self.items)));
            self.items.truncate(fits);
            self.next_offset = Some(count(&self.items));
        }
        self
    }
}

/// Which records of a model that has names to list.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NameFilter {
    /// Part of the name
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub q: Option<String>,
    /// false: archived
    #[serde(default = "yes")]
    #[garde(skip)]
    pub active: bool,
    /// At most 500
    #[serde(default = "default_limit")]
    #[garde(range(min = 1))]
    pub limit: u32,
    /// Skip so many
    #[serde(default)]
    #[garde(skip)]
    pub offset: u32,
}

/// What to list.
pub(crate) struct Listing<'a> {
    pub(crate) model: &'a str,
    pub(crate) domain: Vec<Value>,
    pub(crate) fields: &'a [&'a str],
    pub(crate) order: Option<&'a str>,
    pub(crate) limit: u32,
    pub(crate) offset: u32,
}

impl Listing<'_> {
    /// Asks for one more than wanted: only when it is there does the whole have to be counted. What is longer than
    /// anybody reads at once is cut at a record.
    pub(crate) async fn page<T: Serialize>(
        self,
        odoo: &Odoo,
        convert: impl Fn(&Record) -> Result<T, OdooError>,
    ) -> Result<Page<T>, OdooError> {
        let limit = self.limit.min(MOST);
        let query = SearchRead {
            fields: self.fields,
            limit: Some(u64::from(limit) + 1),
            offset: Some(u64::from(self.offset)).filter(|offset| *offset > 0),
            order: self.order,
            ..SearchRead::default()
        };
        let found = odoo.search_read(self.model, self.domain.clone().into(), &query).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut items = found.iter().take(limit).map(convert).collect::<Result<Vec<T>, _>>()?;
        items.truncate(readable(&items));
        if found.len() == items.len() {
            return Ok(Page { items, total: None, next_offset: None });
        }
        let total = odoo.search_count(self.model, self.domain.into()).await?;
        let next_offset = u64::from(self.offset) + u64::try_from(items.len()).unwrap_or(u64::MAX);
        Ok(Page { items, total: Some(total), next_offset: Some(next_offset) })
    }
}

/// How many of these, at least one, are no more than a model reads at once: an answer has them twice, structured
/// and as lines that are no longer, and a token is three bytes or more.
pub(crate) fn readable<T: Serialize>(items: &[T]) -> usize {
    readable_beside(items, 0)
}

fn readable_beside<T: Serialize>(items: &[T], bytes: usize) -> usize {
    let mut left = (MOST_BYTES / 2).saturating_sub(bytes);
    let fits = move |item: &&T| {
        let fits = size(item) <= left;
        left = left.saturating_sub(size(item));
        fits
    };
    items.iter().take_while(fits).count().max(1)
}

/// Bytes of JSON.
pub(crate) fn size(item: &impl Serialize) -> usize {
    serde_json::to_vec(item).map_or(0, |json| json.len())
}

/// The domain of records of which one of these fields contains the text, as it stands.
pub(crate) fn contains(text: &str, fields: &[&str]) -> Vec<Value> {
    either(fields, "ilike", &literal(text))
}
