//! Callers with access tokens, and an authorization server that hands them out.

mod attacks;
mod discovery;
mod fetching;
mod keys;
mod reading;
mod server;
