//! mcp-odoo: MCP and REST over one quotation pipeline.

pub mod app;
pub mod cli;
mod commands;
pub mod error;
mod extract;
mod log_writer;
pub mod mcp;
mod middleware;
pub mod rest;
pub mod router;
mod server;
pub mod state;
mod telemetry;
