//! What the handlers share.

use axum::extract::FromRef;
use mcp_odoo_core::archive::Archive;
use mcp_odoo_core::handoff::Handoffs;
use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::tasks::Tasks;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use crate::mcp::Sessions;

/// The state of the router; a cheap handle.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The quotations.
    pub tasks: Tasks,
    /// The handoffs.
    pub handoffs: Handoffs,
    /// What ElevenLabs signs its webhooks with, where they must be signed.
    pub webhook_secret: Option<SecretString>,
    /// The open MCP sessions.
    pub sessions: Sessions,
    /// The log files.
    pub journal: Journal,
    /// Their copies.
    pub archive: Archive,
    /// Cancelled when the process stops: open event streams end.
    pub stop: CancellationToken,
}
