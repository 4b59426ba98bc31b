//! Configuration, Odoo client, quotation pipeline, records of Odoo, tasks and journal of mcp-odoo.

pub mod config;
pub mod erp;
pub mod html;
pub mod input;
pub mod journal;
pub mod odoo;
pub mod quotation;
pub mod tasks;
pub mod timestamp;
