//! The REST API as its callers meet it.

mod accepting;
mod connections;
mod front_end;
mod hosts;
mod idempotency;
mod invalid;
mod languages;
mod odoo;
mod openapi;
mod service;
