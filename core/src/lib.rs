//! Quotations, handoffs and records of Odoo: pipeline, tasks, journal, messages by Twilio. Knows nothing of HTTP servers,
//! MCP, AWS or the environment.

pub use odoo_rpc as odoo;
use odoo_rpc::http;

pub mod access;
pub mod audit;
pub mod background;
pub mod backoff;
pub mod call;
pub mod clock;
pub mod elevenlabs;
pub mod erp;
pub mod external_id;
pub mod handoff;
pub mod html;
pub mod input;
pub mod journal;
pub mod key;
mod keyed;
pub mod language;
pub mod limits;
pub mod messages;

mod names;
pub mod outage;
pub mod phone;
pub mod quotation;
pub mod records;
pub mod refusal;
pub mod reports;
mod rules;
pub mod shares;
pub mod store;
pub mod tasks;
pub mod tenants;
pub mod timestamp;
mod trouble;
pub mod twilio;
pub mod watching;
pub mod work;
mod zone;
