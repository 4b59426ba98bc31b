//! What requests pass, one file per concern.

pub mod address;
pub mod admission;
pub mod front;
pub mod gate;
pub mod hosts;
pub mod pages;
pub mod rate_limit;
pub mod request_log;
pub mod tenant;
