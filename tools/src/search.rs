//! Search and fetch, as ChatGPT's connectors and deep research expect tools of these names.

use mcp_odoo_core::erp::{DocumentRequest, SearchRequest};
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new()
        .with_route(
            Spec {
                name: "search",
                title: "Search",
                description: "Searches projects, tasks, products and customers; a word such as tarea or producto \
                              narrows it. Not for sales: list_sales. E.g. {\"query\":\"tareas robot\"}. Read \
                              results with fetch.",
                does: Does::Read,
                text: Text::Json,
            }
            .route(|tools: OdooTools, request: SearchRequest| async move {
                tools.shared.reader.search(&request).await
            }),
        )
        .with_route(
            Spec {
                name: "fetch",
                title: "Fetch",
                description: "Reads a result of search as plain text, e.g. a project with its tasks.",
                does: Does::Read,
                text: Text::Json,
            }
            .route(|tools: OdooTools, request: DocumentRequest| async move {
                tools.shared.reader.fetch(&request).await
            }),
        )
}
