//! The subcommands, one file each.

pub mod check;
pub mod healthcheck;
pub mod openapi;
pub mod sandbox;
pub mod serve;
mod stop_signal;
