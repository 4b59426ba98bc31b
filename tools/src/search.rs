//! Search and fetch, as ChatGPT's connectors and deep research expect tools of these names.

use std::collections::HashMap;

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::access::models::Verb;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{Document, DocumentRequest, Found, SearchRequest, SearchResults};
use mcp_odoo_core::refusal::{Kind, Refusal};

use crate::dispatch::{mirrors_nothing, opens};
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
        let mut known = HashMap::new();
        for Found { id, .. } in &found.results {
            if let Some((kind, _)) = id.split_once(':')
                && !known.contains_key(kind)
            {
                let is_open = match readable(&call, id).await {
                    Err(Refusal { kind: Kind::Forbidden(_), .. }) => false,
                    readable => readable.map(|()| true)?,
                };
                known.insert(kind.to_owned(), is_open);
            }
        }
        let is_open =
            |id: &str| id.split(':').next().and_then(|kind| known.get(kind)).is_some_and(|open| *open);
        found.results.retain(|record| is_open(&record.id));
        Ok(found)
    }
}

/// Whether the rules of the access file let records of this kind be read.
async fn readable(call: &Call, id: &str) -> Result<(), Refusal> {
    let kinds: &[&str] = match id.split(':').next() {
        // With its tasks.
        Some("project") => &["project.project", "project.task"],
        Some("task") => &["project.task"],
        Some("product") => &["product.product"],
        Some("customer") => &["res.partner"],
        // There is no such document.
        _ => &[],
    };
    for model in kinds {
        opens(&call.tenant.access.models(), model, Verb::Read)?;
        mirrors_nothing(call, model).await?;
    }
    Ok(())
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
            readable(&call, id).await?;
        }
        Ok(call.reader().await?.fetch(&request).await?)
    }
}
