//! Projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::{Listing, contains};
use super::value::{text, time};
use super::{Erp, ErpError, NameFilter, Named, Page};

pub(super) const READ: [&str; 6] = ["name", "user_id", "partner_id", "date_start", "date", "task_count"];

/// One project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// Id
    pub id: i64,
    /// Name
    pub name: String,
    /// Manager
    pub manager: Option<Named>,
    /// Customer
    pub partner: Option<Named>,
    /// First day
    pub date_start: Option<String>,
    /// Last day
    pub date_end: Option<String>,
    /// Its tasks, in Odoo 16 only the open ones
    pub task_count: Option<i64>,
}

impl Erp {
    /// Projects, in Odoo's order.
    ///
    /// # Errors
    /// When Odoo fails.
    pub async fn projects(&self, filter: &NameFilter) -> Result<Page<Project>, ErpError> {
        let mut domain = vec![json!(["active", "=", filter.active])];
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &["name"])));
        let listing = Listing {
            model: "project.project",
            domain,
            fields: &READ,
            order: None,
            limit: filter.limit,
            offset: filter.offset,
        };
        let page = listing.page(&self.records.odoo, |project| {
            Ok(Project {
                id: project.id()?,
                name: text(project, "name")?.unwrap_or_default(),
                manager: Named::of(project, "user_id")?,
                partner: Named::of(project, "partner_id")?,
                date_start: time(project, "date_start")?,
                date_end: time(project, "date")?,
                task_count: project.int("task_count")?,
            })
        });
        Ok(page.await?)
    }
}
