//! Lists: at most so many, and how many there are in all.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{default_limit, yes};
use crate::input::trimmed_or_absent;
use crate::odoo::{Odoo, OdooError, Record, SearchRead};

/// More than a model reads.
pub(super) const MOST: u32 = 500;

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
}

/// What to list.
pub(super) struct Listing<'a> {
    pub(super) model: &'a str,
    pub(super) domain: Vec<Value>,
    pub(super) fields: &'a [&'a str],
    pub(super) order: Option<&'a str>,
    pub(super) limit: u32,
}

impl Listing<'_> {
    /// Asks for one more than wanted: only when it is there does the whole have to be counted.
    pub(super) async fn page<T>(
        self,
        odoo: &Odoo,
        convert: impl Fn(&Record) -> Result<T, OdooError>,
    ) -> Result<Page<T>, OdooError> {
        let limit = self.limit.min(MOST);
        let query = SearchRead {
            fields: self.fields,
            limit: Some(u64::from(limit) + 1),
            order: self.order,
            ..SearchRead::default()
        };
        let found = odoo.search_read(self.model, self.domain.clone().into(), &query).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let items = found.iter().take(limit).map(convert).collect::<Result<_, _>>()?;
        let total = match found.len() > limit {
            true => Some(odoo.search_count(self.model, self.domain.into()).await?),
            false => None,
        };
        Ok(Page { items, total })
    }
}

/// The domain of records of which one of these fields contains the text, as it stands.
pub(super) fn contains(text: &str, fields: &[&str]) -> Vec<Value> {
    let text = literal(text);
    let either = fields.iter().skip(1).map(|_| Value::from("|"));
    let terms = fields
        .iter()
        .map(|field| Value::from(vec![Value::from(*field), "ilike".into(), text.clone().into()]));
    either.chain(terms).collect()
}

/// Odoo hands what `ilike` compares with on to PostgreSQL's LIKE.
fn literal(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}
