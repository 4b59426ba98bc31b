//! The MCP endpoints, one file per transport, over any handler.

mod batch;
mod body;
mod channel;
mod lines;
mod once;
mod plain;
mod session;
mod single;
mod sse;
pub mod stdio;
mod step_up;
mod stream;
mod streamable;
mod ws;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use rmcp::ServerHandler;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use self::once::Once;
pub use self::session::Sessions;

use crate::error::Problem;
use crate::middleware::admission::Admission;
use crate::middleware::front::Front;
use crate::middleware::gate::Gate;
use crate::middleware::hosts;
use crate::middleware::pages::Pages;
use crate::middleware::request_log::REQUEST_ID;

/// The MCP endpoints.
#[derive(Clone, Debug)]
pub struct McpConfig {
    /// `MCP_MAX_SESSIONS`: open sessions, at most, and requests without a session at once.
    pub max_sessions: usize,
    /// `MCP_IDLE_SECONDS`: how long a session is kept of whose client nothing is heard.
    pub idle: Duration,
    /// `MCP_INLINE_SECONDS`: how long `dev_create_quotation` waits before it answers that work goes on.
    pub inline: Duration,
}

/// The endpoints over HTTP. The handler is cloned for every session, and for every request without one.
pub fn routes<H: ServerHandler + Clone + Sync>(
    handler: H,
    allowed: &hosts::Allowed,
    gate: &Arc<Gate>,
    sessions: &Sessions,
) -> Router {
    let front = Front { hosts: hosts::mcp(allowed), limit: None };
    let once = Once::new(handler.clone(), sessions.clone());
    sse::routes(handler.clone(), sessions.clone())
        .merge(ws::routes(handler.clone(), sessions.clone()))
        .merge(plain::routes(once.clone()))
        .merge(stream::routes(once.clone()))
        .merge(streamable::routes(handler, sessions.clone(), once))
        .method_not_allowed_fallback(Problem::wrong_method)
        .layer((front, Pages::new(cors()), Admission(Arc::clone(gate))))
}

/// Web pages that passed the check of their origin may do what any client may.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("mcp-session-id"),
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            REQUEST_ID,
        ])
}
