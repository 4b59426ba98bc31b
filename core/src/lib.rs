//! Configuration, Odoo client, quotation pipeline, tasks and journal.

pub mod odoo;
