//! The Odoo client: one type, three wire protocols behind it.
//!
//! [`Odoo`] connects when it is first used, picks JSON-2, JSON-RPC or XML-RPC, and reports every
//! failure as the same class of [`OdooError`] whichever protocol carried it.

mod body;
mod call;
mod classify;
mod client;
mod config;
mod connect;
mod error;
mod helpers;
mod lanes;
mod load;
mod protocol;
mod record;
mod transport;
pub mod wire;

pub use call::{Call, SearchRead};
pub use client::Odoo;
pub use config::{OdooConfig, OdooConfigError, ProtocolChoice};
pub use connect::{Connection, Version};
pub use error::OdooError;
pub use helpers::{ExternalRef, Metadata};
pub use protocol::Protocol;
pub use record::Record;
