//! No request waits for ever. A stream counts as answered once it has begun.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::Problem;

/// Serves the request within this time or says that it took too long: nearly always its body did not come.
pub async fn limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let detail =
            "the request took too long; repeat it with the same Idempotency-Key, nothing will be made twice";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail).into_response()
    })
}
