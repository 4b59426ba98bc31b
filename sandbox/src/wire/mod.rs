//! The protocols.

mod files;
mod json2;
mod jsonrpc;
mod rpc;
mod web;
mod xmlrpc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use crate::{Sandbox, Version};

/// Odoo's own default is 128 MiB; nothing here needs more than this.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// The routes of one sandbox.
pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let mut router = Router::new()
        .route("/xmlrpc/2/{service}", post(xmlrpc::handle))
        .route("/jsonrpc", post(jsonrpc::handle))
        .merge(web::router())
        .merge(files::router());
    if sandbox.version() == Version::V19 {
        router = router.route("/json/2/{model}/{method}", post(json2::handle));
    }
    router.fallback(not_found).layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(sandbox.clone())
}

async fn not_found() -> Response {
    page(StatusCode::NOT_FOUND, "Not Found", "The requested URL was not found on the server.")
}

/// An error page of werkzeug's.
fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let body = format!(
        "<!doctype html>\n<html lang=en>\n<title>{status}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

fn json(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}
