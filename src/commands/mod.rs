//! The subcommands, one file each.

pub mod check;
pub mod client_config;
mod embedded;
pub mod healthcheck;
pub mod logs;
pub mod openapi;
pub mod sandbox;
pub mod serve;
pub mod stdio;
mod stop_signal;
