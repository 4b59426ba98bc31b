//! A quotation: what is asked for, how it is made in Odoo exactly once, and what is told of it.

pub mod error;
pub mod id;
pub mod pipeline;
pub mod request;
mod rows;
pub(crate) mod rules;
pub mod salespeople;
pub mod status;
pub mod target;
pub mod texts;
pub mod told;
