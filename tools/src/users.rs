//! People with a login.

use mcp_odoo_core::erp::NameFilter;
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    let users = |name, title, description| {
        let spec = Spec { name, title, description, does: Does::Read, text: Text::Lines };
        spec.route(
            |tools: OdooTools, filter: NameFilter| async move { tools.shared.reader.users(&filter).await },
        )
    };
    ToolRouter::new()
        .with_route(users(
            "find_users",
            "Find users",
            "Finds employees (usuarios, vendedores) by name, login or e-mail, for user_id or assigned_to. Not for \
             customers. E.g. {\"q\":\"laura\"}.",
        ))
        .with_route(users(
            "list_users",
            "List users",
            "Lists the employees that log in to Odoo. When you have a name use find_users.",
        ))
}
