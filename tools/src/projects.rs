//! Projects.

use mcp_odoo_core::erp::NameFilter;
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new().with_route(
        Spec {
            name: "list_projects",
            title: "List projects",
            description: "Lists projects (proyectos). For their tasks use list_tasks. E.g. \
                          {\"q\":\"robots\"}.",
            does: Does::Read,
            text: Text::Lines,
        }
        .route(|tools: OdooTools, filter: NameFilter| async move {
            tools.shared.reader.projects(&filter).await
        }),
    )
}
