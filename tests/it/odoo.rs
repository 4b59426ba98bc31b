//! The Odoo client against the recordings of real servers and against every way a connection can fail.

mod asked;
mod connecting;
mod expected;
mod faults;
mod peer;
mod recordings;
mod transport;
mod values;
