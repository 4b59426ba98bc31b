//! Callers with access tokens, and an authorization server that hands them out.

mod attacks;
mod discovery;
mod fetching;
mod gate;
mod keys;
mod mcp;
mod process;
mod reading;
mod server;
mod settings;
