//! mcp-odoo: MCP and REST over one quotation pipeline.
