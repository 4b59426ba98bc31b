//! Projects.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{NameFilter, Page, Project};
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, Operation, Spec, Text};

pub struct ListProjects;

impl Operation for ListProjects {
    const SPEC: Spec = Spec {
        name: "list_projects",
        title: "List projects",
        description: "Lists projects (proyectos). For their tasks use list_tasks. E.g. \
            {\"q\":\"robots\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("project.project"),
        text: Text::Lines,
    };
    type Request = NameFilter;
    type Answer = Page<Project>;

    fn told(projects: &Page<Project>) -> Vec<Id> {
        projects.items.iter().map(|project| project.id.into()).collect()
    }

    async fn run(call: Call, filter: NameFilter) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.projects(&filter).await?)
    }
}
