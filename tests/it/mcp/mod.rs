//! MCP, as clients meet it.

mod tools_everywhere;
mod tools_list;
mod tools_names;
mod tools_quotation;
mod tools_quotation_faults;
mod tools_reading;
mod tools_search;
mod tools_two_odoos;
mod tools_writing;
mod tools_writing_bound;
pub mod transport_client;
mod transport_handler;
mod transport_hostile;
mod transport_hosts;
mod transport_leaks;
mod transport_messages;
mod transport_process;
mod transport_sessions;
mod transport_shutdown;
mod transport_single;
pub mod transport_stdio;
mod transport_stdio_shared;
mod transport_versions;
mod transport_wrong;
