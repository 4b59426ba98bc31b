//! The transports of MCP, as clients meet them.

pub mod client;
pub mod forms;
mod handler;
mod hostile;
mod hosts;
mod leaks;
mod messages;
mod process;
mod resources;
mod sessions;
mod shutdown;
mod single;
pub mod stdio;
pub mod stdio_shared;
mod versions;
mod wrong;
