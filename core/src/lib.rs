//! Configuration, clients of Odoo and Twilio, quotation pipeline, handoffs, records of Odoo, tasks, journal and archive.

pub use odoo_rpc as odoo;
use odoo_rpc::http;

pub mod access;
pub mod background;
pub mod call;
pub mod elevenlabs;
pub mod erp;
pub mod handoff;
pub mod html;
pub mod input;
pub mod journal;
pub mod language;
pub mod messages;
mod names;
pub mod phone;
pub mod quotation;
pub mod refusal;
pub mod tasks;
pub mod tenants;
pub mod timestamp;
pub mod twilio;
