//! People with a login.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{NameFilter, Page, User};
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, Operation, Spec, Text};

pub struct FindUsers;

impl Operation for FindUsers {
    const SPEC: Spec = Spec {
        name: "find_users",
        title: "Find users",
        description: "Finds employees (usuarios, vendedores) by name, login or e-mail, for user_id or assigned_to. Not for \
                      customers. E.g. {\"q\":\"laura\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("res.users"),
        text: Text::Lines,
    };
    type Request = NameFilter;
    type Answer = Page<User>;

    fn told(users: &Page<User>) -> Vec<Id> {
        users.items.iter().map(|user| user.id.into()).collect()
    }

    async fn run(call: Call, filter: NameFilter) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.users(&filter).await?)
    }
}

pub struct ListUsers;

impl Operation for ListUsers {
    const SPEC: Spec = Spec {
        name: "list_users",
        title: "List users",
        description: "Lists the employees that log in to Odoo. When you have a name use find_users.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("res.users"),
        text: Text::Lines,
    };
    type Request = NameFilter;
    type Answer = Page<User>;

    fn told(users: &Page<User>) -> Vec<Id> {
        users.items.iter().map(|user| user.id.into()).collect()
    }

    async fn run(call: Call, filter: NameFilter) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.users(&filter).await?)
    }
}
