//! mcp-odoo: MCP and REST over one quotation pipeline.

pub mod app;
mod body;
pub mod cli;
mod commands;
pub mod config;
mod connection;
pub mod error;
mod extract;
mod json;
mod log_writer;
pub mod mcp;
mod middleware;
pub mod oauth;
pub mod rest;
pub mod router;
mod server;
pub mod state;
mod telemetry;
