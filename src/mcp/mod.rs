//! The MCP endpoints, one file per transport, over any handler.

mod batch;
mod body;
mod caller;
mod lines;
mod session;
mod single;
mod sse;
pub mod stdio;
mod streamable;

use axum::Router;
use axum::http::{HeaderName, Method};
use mcp_odoo_core::config::McpConfig;
use rmcp::ServerHandler;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

pub use self::session::Sessions;

use crate::error::Problem;
use crate::middleware::request_log::REQUEST_ID;
use crate::middleware::{self, hosts};

/// The endpoints over HTTP. The handler is cloned for every session, and for every request without one.
pub fn routes<H: ServerHandler + Clone + Sync>(
    handler: H,
    config: &McpConfig,
    sessions: &Sessions,
) -> Router {
    sse::routes(handler.clone(), sessions.clone())
        .merge(streamable::routes(handler, sessions.clone()))
        .method_not_allowed_fallback(Problem::wrong_method)
        .layer((axum::middleware::from_fn_with_state(hosts::mcp(config), middleware::serve), cors()))
}

/// Web pages that passed the check of their origin may do what any client may.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([HeaderName::from_static("mcp-session-id"), REQUEST_ID])
}
