//! Records as readable text.

use std::collections::BTreeMap;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::page::Listing;
use super::project_tasks::{self, TaskRequest};
use super::value::{plain, text, time};
use super::{Erp, ErpError, Named};
use crate::input::trimmed_or_absent;
use crate::odoo::Record;
use crate::rules;

use super::lookup::PROJECTS;

/// Which document to fetch.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct DocumentRequest {
    /// From search: project:123 or product:456
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(custom(known_document(self.id.as_deref())))]
    pub doc_id: Option<String>,
    /// The same as doc_id
    #[serde(default, deserialize_with = "trimmed_or_absent")]
    #[garde(skip)]
    pub id: Option<String>,
}

/// A record as a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// As asked for
    pub id: String,
    /// Title
    pub title: String,
    /// Plain text
    pub text: String,
    /// Web page
    pub url: String,
    /// Single facts by name
    pub metadata: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Project,
    Task,
    Product,
    Customer,
}

impl DocumentRequest {
    /// What is asked for.
    pub fn id(&self) -> Option<&str> {
        self.doc_id.as_deref().or(self.id.as_deref())
    }

    fn document(&self) -> Option<(Kind, i64)> {
        document(self.id()?)
    }
}

fn document(id: &str) -> Option<(Kind, i64)> {
    let (kind, id) = id.split_once(':')?;
    let kind = match kind {
        "project" => Kind::Project,
        "task" => Kind::Task,
        "product" => Kind::Product,
        "customer" => Kind::Customer,
        _ => return None,
    };
    let id = id.parse().ok()?;
    rules::record_id(1)(&id, &()).is_ok().then_some((kind, id))
}

fn known_document(id: Option<&str>) -> impl Fn(&Option<String>, &()) -> garde::Result {
    move |doc_id, _| match (doc_id.as_deref(), id) {
        (Some(doc_id), Some(id)) if doc_id != id => {
            Err(garde::Error::new("differs from id: give one of them"))
        }
        (given, other) if given.or(other).and_then(document).is_some() => Ok(()),
        (None, None) => Err(garde::Error::new("give the id of a result of search")),
        _ => Err(garde::Error::new("is no id that search gave: project:123 or product:456")),
    }
}

impl Erp {
    /// A record as readable text.
    ///
    /// # Errors
    /// When Odoo fails or there is no such record.
    pub async fn fetch(&self, request: &DocumentRequest) -> Result<Document, ErpError> {
        match request.document() {
            Some((Kind::Project, id)) => self.project_document(id).await,
            Some((Kind::Task, id)) => self.task_document(id).await,
            Some((Kind::Product, id)) => self.product_document(id).await,
            Some((Kind::Customer, id)) => self.customer_document(id).await,
            None => Err(ErpError::NotFound { what: "document", id: 0, find: "search" }),
        }
    }

    async fn project_document(&self, id: i64) -> Result<Document, ErpError> {
        let fields = ["name", "user_id", "partner_id", "date_start", "date", "description"];
        let listing = Listing {
            model: project_tasks::MODEL,
            domain: vec![json!(["project_id", "=", id])],
            fields: &["name"],
            order: None,
            limit: 50,
            offset: 0,
        };
        let title = |task: &Record| {
            Ok(format!("- {} (task:{})", text(task, "name")?.unwrap_or_default(), task.id()?))
        };
        let (project, tasks) = tokio::try_join!(
            self.records.odoo.read_one(PROJECTS, id, &fields),
            listing.page(&self.records.odoo, title)
        )?;
        let project = project.ok_or(ErpError::NotFound { what: "project", id, find: "search" })?;
        let mut titles = tasks.items;
        let listed = titles.len().try_into().unwrap_or(u64::MAX);
        let all = tasks.total.unwrap_or(listed);
        if all > listed {
            titles.push(format!("- and {} more: list_tasks with project_id {id}", all - listed));
        }
        let name = |field: &str| Named::of(&project, field).map(|named| named.map(|named| named.name));
        let facts = [
            ("manager", name("user_id")?),
            ("customer", name("partner_id")?),
            ("date_start", time(&project, "date_start")?),
            ("date_end", time(&project, "date")?),
            ("tasks", Some(all.to_string())),
        ];
        let body = [plain(&project, "description")?.unwrap_or_default(), titles.join("\n")];
        let title = text(&project, "name")?.unwrap_or_default();
        Ok(Document::new(
            format!("project:{id}"),
            title,
            facts,
            &body,
            self.records.odoo.record_url(PROJECTS, id),
        ))
    }

    async fn task_document(&self, id: i64) -> Result<Document, ErpError> {
        let task = match self.task(&TaskRequest { task_id: id }).await {
            Err(ErpError::NotFound { what, id, .. }) => {
                return Err(ErpError::NotFound { what, id, find: "search" });
            }
            task => task?,
        };
        let name = |named: Option<Named>| named.map(|named| named.name);
        let assignees: Vec<String> = task.assignees.into_iter().map(|user| user.name).collect();
        let facts = [
            ("project", name(task.project)),
            ("stage", name(task.stage)),
            ("assignees", Some(assignees.join(", ")).filter(|names| !names.is_empty())),
            ("deadline", task.deadline),
            ("customer", name(task.partner)),
            ("parent", name(task.parent)),
            ("updated", task.updated),
        ];
        let body = [task.description.unwrap_or_default()];
        Ok(Document::new(format!("task:{id}"), task.name, facts, &body, task.url))
    }
}

impl Document {
    /// The title, the facts that are known one per line, then the longer texts.
    pub(super) fn new<const N: usize>(
        id: String,
        title: String,
        facts: [(&str, Option<String>); N],
        body: &[String],
        url: String,
    ) -> Self {
        let known = facts.into_iter().filter_map(|(name, fact)| Some((name, fact?)));
        let known: Vec<(&str, String)> = known.collect();
        let mut text = title.clone();
        for (name, fact) in &known {
            text.push_str(&format!("\n{name}: {fact}"));
        }
        for part in body.iter().filter(|part| !part.is_empty()) {
            text.push_str(&format!("\n\n{part}"));
        }
        let metadata = known.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
        Self { id, title, text, url, metadata }
    }
}
