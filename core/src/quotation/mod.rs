//! A quotation: what is asked for, how it is made in Odoo exactly once, and what is told of it.

pub(crate) mod causes;
mod check;
mod company;
mod customer;
pub mod document;
mod draft;
pub mod error;
pub mod id;
mod older;
mod orders;
pub mod pipeline;
pub(crate) mod products;
mod reading;
mod recall;
pub mod request;
mod rows;
pub mod salespeople;
mod shared;
pub mod status;
pub mod texts;
mod together;
pub mod told;
