#![doc = include_str!("../README.md")]

mod body;
mod call;
mod classify;
mod client;
mod config;
mod connect;
mod error;
mod helpers;
pub mod http;
mod lanes;
mod load;
mod pages;
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
pub use pages::{Page, Rendering};
pub use protocol::Protocol;
pub use record::Record;
