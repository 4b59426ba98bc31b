//! The one integration-test binary; its folders mirror `src/` and the packages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod access;
mod archive;
mod arrows;
mod audit;
mod examples;
mod handoff;
mod limits;
mod mcp;
mod oauth;
mod odoo;
mod phone;
mod process;
mod quotation;
mod records;
mod rest;
mod sandbox;
mod store;
mod support;
mod tasks;
mod tenants;
mod tools;
mod twilio;
