//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use mcp_odoo_archive::Archive;
use mcp_odoo_core::tenants::{Tenant, Tenants};
use tokio_util::sync::CancellationToken;

use crate::body::Room;
use crate::mcp::Sessions;

/// The state of the router. A handle: axum clones it several times for each request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What is behind [`AppState`].
pub struct Shared {
    /// Whose service it is, where nobody else is named.
    pub tenant: Arc<Tenant>,
    /// Whose it is, too.
    pub tenants: Tenants,
    /// The open MCP sessions.
    pub sessions: Sessions,
    /// For bodies of REST that arrive.
    pub room: Room,
    /// Copies of the log files.
    pub archive: Archive,
    /// Cancelled when the process stops: open event streams end.
    pub stop: CancellationToken,
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<AppState> for CancellationToken {
    fn from_ref(state: &AppState) -> Self {
        state.stop.clone()
    }
}
