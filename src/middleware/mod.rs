//! What requests pass, one file per concern. What all of them do is one layer: axum boxes and copies for each.

pub mod hosts;
pub mod request_log;
pub mod timeout;

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::error::Problem;

/// Serves a request that passes the check; one that meets a defect is answered, too, and each is logged.
pub async fn serve(State(check): State<hosts::Check>, request: Request, next: Next) -> Response {
    let entry = request_log::Entry::new(&request);
    let response = match check(&request) {
        Ok(()) => AssertUnwindSafe(next.run(request)).catch_unwind().await,
        Err(problem) => Ok(problem.into_response()),
    };
    entry.close(response.unwrap_or_else(|_| Problem::internal().into_response()))
}
