//! Tasks of projects.

use mcp_odoo_core::erp::{Single, TaskFilter, TaskRequest};
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new()
        .with_route(
            Spec {
                name: "list_tasks",
                title: "List tasks",
                description: "Lists tasks (tareas). For the text of one use get_task. E.g. \
                              {\"assigned_to_name\":\"Laura\",\"limit\":5}.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, filter: TaskFilter| async move {
                tools.shared.reader.tasks(&filter).await
            }),
        )
        .with_route(
            Spec {
                name: "get_task",
                title: "Get task",
                description: "One task (tarea) with its text and people. To find one use list_tasks or search.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: TaskRequest| async move {
                Ok(Single { record: tools.shared.reader.task(&request).await? })
            }),
        )
}
