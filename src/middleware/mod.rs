//! What every request passes, one file per concern.

pub mod hosts;
pub mod request_log;
pub mod timeout;
