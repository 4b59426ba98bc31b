//! What every request passes, one file per concern.

pub mod request_log;
pub mod timeout;
