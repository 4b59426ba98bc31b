//! The `mcp-odoo` command.

fn main() {}
