//! Tasks of projects.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::page::{Listing, contains};
use super::value::{plain, text, time};
use super::{Erp, ErpError, Named, Page, default_limit};
use crate::input::trimmed_or_absent;
use crate::odoo::{OdooError, Record};
use crate::rules;

pub(super) const MODEL: &str = "project.task";
const SUMMARY: [&str; 6] = ["name", "project_id", "stage_id", "user_ids", "date_deadline", "priority"];
pub(super) const ALL: [&str; 11] = [
    "name",
    "project_id",
    "stage_id",
    "user_ids",
    "date_deadline",
    "priority",
    "partner_id",
    "parent_id",
    "description",
    "create_date",
    "write_date",
];

/// Which tasks to list.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct TaskFilter {
    /// Part of the title
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub q: Option<String>,
    /// From list_projects
    #[garde(inner(custom(rules::record_id(1))))]
    pub project_id: Option<i64>,
    /// User id
    #[garde(inner(custom(rules::record_id(1))))]
    pub assigned_to: Option<i64>,
    /// User's name instead of assigned_to
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(custom(not_both(self.assigned_to)))]
    pub assigned_to_name: Option<String>,
    /// Stage id
    #[garde(inner(custom(rules::record_id(1))))]
    pub stage_id: Option<i64>,
    /// At most 500
    #[serde(default = "default_limit")]
    #[garde(range(min = 1))]
    pub limit: u32,
    /// Skip so many
    #[serde(default)]
    #[garde(skip)]
    pub offset: u32,
}

fn not_both(id: Option<i64>) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |name, _| match (id, name) {
        (Some(_), Some(_)) => Err(garde::Error::new("cannot be given together with assigned_to")),
        _ => Ok(()),
    }
}

/// Which task to read.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct TaskRequest {
    /// From list_tasks
    #[garde(custom(rules::record_id(1)))]
    pub task_id: i64,
}

/// One task of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TaskSummary {
    /// Id
    pub id: i64,
    /// Title
    pub name: String,
    /// Project
    pub project: Option<Named>,
    /// Stage
    pub stage: Option<Named>,
    /// User ids
    pub assignee_ids: Vec<i64>,
    /// Date or time
    pub deadline: Option<String>,
    /// Starred
    pub urgent: bool,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Id
    pub id: i64,
    /// Title
    pub name: String,
    /// Project
    pub project: Option<Named>,
    /// Stage
    pub stage: Option<Named>,
    /// Users
    pub assignees: Vec<Named>,
    /// Date or time
    pub deadline: Option<String>,
    /// Starred
    pub urgent: bool,
    /// Customer
    pub partner: Option<Named>,
    /// Parent task
    pub parent: Option<Named>,
    /// Plain text
    pub description: Option<String>,
    /// Made at
    pub created: Option<String>,
    /// Changed at
    pub updated: Option<String>,
    /// Web page
    pub url: String,
}

impl Erp {
    /// Tasks, in Odoo's order.
    ///
    /// # Errors
    /// When Odoo fails, or the assignee's name is nobody's or several people's.
    pub async fn tasks(&self, filter: &TaskFilter) -> Result<Page<TaskSummary>, ErpError> {
        let assignee = match (&filter.assigned_to_name, filter.assigned_to) {
            (Some(name), _) => Some(self.user_called(name, "assigned_to").await?),
            (None, id) => id,
        };
        let is = |field: &str, id: Option<i64>| id.map(|id| json!([field, "=", id]));
        let mut domain: Vec<Value> = [
            is("project_id", filter.project_id),
            is("stage_id", filter.stage_id),
            assignee.map(|user| json!(["user_ids", "in", [user]])),
        ]
        .into_iter()
        .flatten()
        .collect();
        domain.extend(filter.q.iter().flat_map(|q| contains(q, &["name"])));
        let TaskFilter { limit, offset, .. } = *filter;
        let listing = Listing { model: MODEL, domain, fields: &SUMMARY, order: None, limit, offset };
        Ok(listing.page(&self.records.odoo, summary).await?)
    }

    /// One task with its description.
    ///
    /// # Errors
    /// When Odoo fails or there is no such task.
    pub async fn task(&self, request: &TaskRequest) -> Result<Task, ErpError> {
        let id = request.task_id;
        let record = self.records.odoo.read_one(MODEL, id, &ALL).await?;
        let record = record.ok_or(ErpError::NotFound { what: "task", id, find: "list_tasks" })?;
        let TaskSummary { id, name, project, stage, assignee_ids, deadline, urgent } = summary(&record)?;
        Ok(Task {
            id,
            name,
            project,
            stage,
            assignees: self.user_names(&assignee_ids).await?,
            deadline,
            urgent,
            partner: Named::of(&record, "partner_id")?,
            parent: Named::of(&record, "parent_id")?,
            description: plain(&record, "description")?,
            created: time(&record, "create_date")?,
            updated: time(&record, "write_date")?,
            url: self.records.odoo.record_url(MODEL, id),
        })
    }
}

fn summary(task: &Record) -> Result<TaskSummary, OdooError> {
    Ok(TaskSummary {
        id: task.id()?,
        name: text(task, "name")?.unwrap_or_default(),
        project: Named::of(task, "project_id")?,
        stage: Named::of(task, "stage_id")?,
        assignee_ids: task.ids("user_ids")?,
        deadline: time(task, "date_deadline")?,
        urgent: task.text("priority")?.is_some_and(|priority| priority != "0"),
    })
}
