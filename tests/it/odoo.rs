//! The Odoo client against the recordings of real servers and against every way a connection can fail.

mod asked;
mod connecting;
mod expected;
mod faults;
mod helpers;
mod large;
mod pages;
mod peer;
mod recordings;
mod topics;
mod transport;
mod values;
