//! Search and fetch, as ChatGPT's connectors and deep research expect tools of these names.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{Document, DocumentRequest, SearchRequest, SearchResults};
use mcp_odoo_core::refusal::Refusal;

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
        Ok(call.tenant.reader.search(&request).await?)
    }
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
        Ok(call.tenant.reader.fetch(&request).await?)
    }
}
