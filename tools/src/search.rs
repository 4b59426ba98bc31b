//! Search and fetch, as ChatGPT's connectors and deep research expect tools of these names.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::access::models::{Models, Verb};
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{Document, DocumentRequest, SearchRequest, SearchResults};
use mcp_odoo_core::refusal::Refusal;

use crate::dispatch::opens;
use crate::operation::{Does, Operation, Spec, Text};

pub struct Search;

impl Operation for Search {
    const SPEC: Spec = Spec {
        name: "search",
        title: "Search",
        description: "Searches projects, tasks, products and customers; a word such as tarea or producto \
            narrows it. Not for sales: list_sales. E.g. {\"query\":\"tareas robot\"}. Read \
            results with fetch.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Json,
    };
    type Request = SearchRequest;
    type Answer = SearchResults;

    fn told(found: &SearchResults) -> Vec<Id> {
        found.results.iter().map(|record| Id::Named(record.id.clone())).collect()
    }

    async fn run(call: Call, request: SearchRequest) -> Result<Self::Answer, Refusal> {
        let mut found = call.reader().await?.search(&request).await?;
        let models = call.tenant.access.models();
        found.results.retain(|record| readable(&models, &record.id).is_ok());
        Ok(found)
    }
}

/// Whether the rules of the access file let records of this kind be read.
fn readable(models: &Models, id: &str) -> Result<(), Refusal> {
    let kinds: &[&str] = match id.split(':').next() {
        // With its tasks.
        Some("project") => &["project.project", "project.task"],
        Some("task") => &["project.task"],
        Some("product") => &["product.product"],
        Some("customer") => &["res.partner"],
        // There is no such document.
        _ => &[],
    };
    kinds.iter().try_for_each(|model| opens(models, model, Verb::Read))
}

pub struct Fetch;

impl Operation for Fetch {
    const SPEC: Spec = Spec {
        name: "fetch",
        title: "Fetch",
        description: "Reads a result of search as plain text, e.g. a project with its tasks.",
        does: Does::Read,
        needs: Permission::Read,
        model: None,
        text: Text::Json,
    };
    type Request = DocumentRequest;
    type Answer = Document;

    fn told(document: &Document) -> Vec<Id> {
        vec![Id::Named(document.id.clone())]
    }

    async fn run(call: Call, request: DocumentRequest) -> Result<Self::Answer, Refusal> {
        if let Some(id) = request.id() {
            readable(&call.tenant.access.models(), id)?;
        }
        Ok(call.reader().await?.fetch(&request).await?)
    }
}
