//! What the tests share.

pub mod app;
pub mod echo;
pub mod events;
pub mod http;
pub mod mcp;
pub mod odoo;
pub mod process;
pub mod proxy;
pub mod s3;
pub mod sweep;
pub mod transcripts;
pub mod twilio;

pub use http::client as http_client;
