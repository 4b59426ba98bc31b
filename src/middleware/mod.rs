//! What requests pass, one file per concern.

mod address;
pub mod front;
pub mod gate;
pub mod hosts;
pub mod rate_limit;
pub mod request_log;
