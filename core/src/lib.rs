//! Configuration, Odoo client, quotation pipeline, tasks and journal of mcp-odoo.

pub mod config;
pub mod input;
pub mod journal;
pub mod odoo;
pub mod quotation;
pub mod tasks;
pub mod timestamp;
