//! Records summed up by groups.

mod by;
mod groups;
mod measure;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use self::groups::{Part, ordered};
use self::measure::{Measure, Written};
use super::context::Context;
use super::error::RecordError;
use super::page::Page;
use super::view::View;
use crate::access::models::Verb;
use crate::input::{FieldError, trimmed_or_absent};

/// Groups that are asked for, at most; what is longer than a reader takes in is cut at a group.
const MOST_GROUPS: u32 = 1_000;
/// Before, what is worked out of a field that is grouped by is left out without a word.
const BOTH_SINCE: u32 = 17;

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
            let written = Written::new(text);
            if written.is_count(&seen) {
                continue;
            }
            let is_grouped = |it: &Measure| by.iter().any(|by| by.path() == it.field);
            let message = match written.measure(&seen) {
                Ok(measure) if version < BOTH_SINCE && is_grouped(&measure) => format!(
                    "this Odoo works nothing out of a field that it groups by: take {} out of one",
                    measure.field
                ),
                Ok(measure) => {
                    if !measures.iter().any(|it| it.name() == measure.name()) {
                        measures.push(measure);
                    }
                    continue;
                }
                Err(message) => message,
            };
            errors.push(FieldError { path: format!("measures[{number}]"), message });
        }
        let order = ordered(request.order.as_deref().unwrap_or_default(), &seen, &by, &measures);
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
}
