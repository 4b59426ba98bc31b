//! The whole router, as the process serves it and the tests call it.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{Any, CorsLayer};
use utoipa_swagger_ui::SwaggerUi;

use crate::error::Problem;
use crate::middleware::admission::Admission;
use crate::middleware::front::Front;
use crate::middleware::gate::{self, Gate};
use crate::middleware::hosts::{self, Allowed, CorsOrigins};
use crate::middleware::pages::Pages;
use crate::middleware::tenant;
use crate::middleware::{rate_limit, request_log};
use crate::oauth;
use crate::rest::{self, docs};
use crate::server::HttpConfig;
use crate::state::AppState;

/// Builds the router. MCP has bounds of its own: its answers are streams, its callers no web pages.
pub fn build(state: AppState, http: &HttpConfig, allowed: &Allowed, gate: &Arc<Gate>, mcp: Router) -> Router {
    let (router, openapi) = rest::routes().split_for_parts();
    let front = Front { hosts: hosts::rest(http.host, allowed), limit: Some(http.request_timeout) };
    let metadata = oauth::routes(state.tenant.access.config().oauth.as_ref()).layer(front.clone());
    let router = router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", docs::whole(openapi)))
        .fallback(Problem::no_such_path)
        .method_not_allowed_fallback(Problem::wrong_method)
        // The first is the outermost; in one layer they are boxed once.
        .layer((
            front,
            // Before the gate: a page may read that it is refused, and asks first without saying who it is.
            Pages::new(cors(&http.cors)),
            Admission(Arc::clone(gate)),
        ))
        .with_state(state);
    router.merge(metadata).merge(mcp)
}

fn cors(origins: &CorsOrigins) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            header::ACCEPT_LANGUAGE,
            tenant::X_TENANT,
            gate::X_API_KEY,
            HeaderName::from_static("idempotency-key"),
            request_log::REQUEST_ID,
        ])
        .expose_headers([
            header::CONTENT_DISPOSITION,
            header::LOCATION,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            rate_limit::RATE_LIMIT,
            rate_limit::POLICY,
            request_log::REQUEST_ID,
        ]);
    match origins {
        CorsOrigins::Any => layer.allow_origin(Any),
        CorsOrigins::These(origins) => {
            let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
            layer.allow_origin(origins.collect::<Vec<_>>())
        }
    }
}
