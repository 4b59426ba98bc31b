//! Which Odoo quotations are made in.

use crate::odoo::OdooConfig;

/// Names the Odoo a quotation belongs to, so that no other one is given it after a change of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    name: String,
    key_scope: String,
}

impl Target {
    /// A server, by address and database.
    pub fn server(odoo: &OdooConfig) -> Self {
        Self { name: format!("{} {}", odoo.url, odoo.database), key_scope: String::new() }
    }

    /// An embedded Odoo, whose data is gone when it stops: every start is another one, and keys start anew.
    pub fn embedded() -> Self {
        let name = format!("embedded {}", uuid::Uuid::new_v4());
        Self { key_scope: name.clone(), name }
    }

    /// As it stands in the log files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What keeps the keys of this Odoo apart from those of another.
    pub fn key_scope(&self) -> &str {
        &self.key_scope
    }
}
