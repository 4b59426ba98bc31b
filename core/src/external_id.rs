//! The external ids (`ir.model.data`) that Odoo knows by what this service made.

use crate::key::{IdempotencyKey, digest};

/// The `module` part of every external id that this service makes: no module can be called so, for a module's name
/// is that of its folder. Odoo deletes the records of a module that is uninstalled, and some of one that is upgraded.
pub const MODULE: &str = "mcp/odoo";
/// What it was in versions up to 0.1.0.
pub const OLD_MODULE: &str = "mcp_odoo";

/// The name of the external id of a record that a caller's key stands for, with the values it is to have:
/// a key that is used for other values stands for another record. `scope` keeps the keys of one tenant from another's.
pub fn keyed_external_name(
    kind: &str,
    scope: &str,
    key: &IdempotencyKey,
    cells: &[(&'static str, String)],
) -> String {
    let cells = cells.iter().flat_map(|(column, cell)| [*column, cell.as_str()]);
    let scope = Some(scope).filter(|scope| !scope.is_empty());
    let parts: Vec<&str> = [kind].into_iter().chain(scope).chain([key.as_str()]).chain(cells).collect();
    format!("{kind}_{}", digest(&parts))
}

/// An external id with its module, as `load` wants it.
pub fn qualified(name: &str) -> String {
    format!("{MODULE}.{name}")
}
