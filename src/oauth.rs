//! What tells clients how to come by an access token: metadata of this service (RFC 9728), and what a refusal says to do
//! (RFC 6750).

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::routing::get;
use mcp_odoo_core::access::oauth::{OAuthConfig, TokenError};
use mcp_odoo_core::access::{Caller, Permission, Permissions};
use serde_json::json;
use tower_http::cors::{Any, CorsLayer};

use crate::error::Problem;

/// The other way to send a key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where the metadata is: with the path of the endpoint, and for clients that do not look there, without.
const METADATA: [&str; 2] =
    ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

/// Where clients look for metadata, whoever they are: what is not there is not found.
pub fn is_well_known(path: &str) -> bool {
    path.starts_with("/.well-known/")
}

/// What to ask for at first: all that the tools need which most callers use.
const USUAL: [Permission; 4] =
    [Permission::Quotations, Permission::Handoffs, Permission::Read, Permission::Write];

/// The metadata, for anybody; nothing at all without OAuth.
pub fn routes(config: Option<&OAuthConfig>) -> Router {
    let Some(config) = config else { return Router::new() };
    let metadata = json!({
        "resource": config.resource(),
        "authorization_servers": [config.issuer],
        "scopes_supported": config.scopes(Permissions::ALL).split(' ').collect::<Vec<_>>(),
        "bearer_methods_supported": ["header"],
        "resource_name": "mcp-odoo",
    });
    let route = get(async move || ([(header::CACHE_CONTROL, "max-age=300")], axum::Json(metadata)));
    let routes = METADATA.iter().fold(Router::new(), |routes, path| routes.route(path, route.clone()));
    routes
        .method_not_allowed_fallback(Problem::wrong_method)
        .layer(CorsLayer::new().allow_methods([Method::GET]).allow_headers(Any).allow_origin(Any))
}

/// A refusal of who shows no key, or none that is taken: says how to come by a token.
pub fn or_token(config: &OAuthConfig, problem: Problem, headers: &HeaderMap) -> Problem {
    let has_shown_one = headers.contains_key(header::AUTHORIZATION) || headers.contains_key(X_API_KEY);
    let error = has_shown_one.then_some("invalid_token");
    problem.challenged(|| challenge(config, error, USUAL.into_iter().collect()))
}

/// What is said to who has one that is not taken.
pub fn refused(config: &OAuthConfig, error: &TokenError) -> Problem {
    let detail = error.to_string();
    match error {
        TokenError::Unavailable(wait) => Problem::unavailable("oauth_unavailable", detail, *wait),
        TokenError::NoTenant(_) => Problem::new(StatusCode::FORBIDDEN, "no_tenant", detail),
        TokenError::Malformed(_)
        | TokenError::Algorithm
        | TokenError::UnknownKey
        | TokenError::Signature
        | TokenError::Issuer
        | TokenError::Audience(_)
        | TokenError::Expired
        | TokenError::NotYet => Problem::unauthorized("invalid_token", detail)
            .challenged(|| challenge(config, Some("invalid_token"), USUAL.into_iter().collect())),
    }
}

/// What is said to who has a token that does not permit this: all to ask for, what they have included, which a new
/// token would lack otherwise.
pub fn more(config: &OAuthConfig, caller: &Caller, needs: Permissions) -> Option<HeaderValue> {
    let scopes = caller.permissions.iter().chain(needs.iter()).collect();
    challenge(config, Some("insufficient_scope"), scopes)
}

/// Nothing in it needs to be escaped: the settings have no quotation marks.
fn challenge(config: &OAuthConfig, error: Option<&str>, scopes: Permissions) -> Option<HeaderValue> {
    let error = error.map(|error| format!("error=\"{error}\", ")).unwrap_or_default();
    let [metadata, _] = METADATA;
    let value = format!(
        "Bearer {error}resource_metadata=\"{}{metadata}\", scope=\"{}\"",
        config.base,
        config.scopes(scopes)
    );
    HeaderValue::from_str(&value).ok()
}
