//! Configuration, clients of Odoo and Twilio, quotation pipeline, handoffs, records of Odoo, tasks, journal and archive.

pub mod archive;
mod background;
pub mod config;
pub mod elevenlabs;
pub mod erp;
pub mod handoff;
pub mod html;
mod http;
pub mod input;
pub mod journal;
pub mod language;
pub mod messages;
mod names;
pub mod odoo;
pub mod phone;
pub mod quotation;
pub mod tasks;
pub mod timestamp;
mod trouble;
pub mod twilio;
