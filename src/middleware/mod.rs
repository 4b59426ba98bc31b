//! What requests pass, one file per concern.

mod address;
pub mod front;
pub mod gate;
pub mod hosts;
pub mod request_log;
pub mod tenant;
