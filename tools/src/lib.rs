//! The MCP tools, thin over `mcp-odoo-core`.
