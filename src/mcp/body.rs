//! Messages on their way in: read within bounds of size and time, and named when they are none.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use rmcp::model::{ErrorData, ServerJsonRpcMessage};

use crate::error::Problem;

/// The largest message.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// Read of a larger one, and thrown away, so that its sender gets to read why.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// How long a message may take to arrive.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body.
pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body took too long");
    tokio::time::timeout(PATIENCE, collect(body)).await.map_err(|_| late())?
}

async fn collect(body: Body) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let (mut collected, mut size) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "body_cut_short", "the body did not arrive whole")
        })?;
        size += chunk.len();
        if size <= MAX_BODY {
            collected.extend_from_slice(&chunk);
        } else if size <= MAX_DISCARDED {
            collected = Vec::new();
        } else {
            break;
        }
    }
    if size > MAX_BODY {
        let detail = "a message may have at most 4 MiB";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail));
    }
    Ok(collected.into())
}

/// Whether the headers announce JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// What is wrong with a body that is no message.
pub(super) fn malformed(body: &[u8]) -> Response {
    let error = match serde_json::from_slice::<serde_json::Value>(body) {
        Err(error) => {
            let at = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
            ErrorData::parse_error(at, None)
        }
        Ok(serde_json::Value::Array(_)) => {
            let detail =
                "batches are not taken (MCP has had none since 2025-06-18): send one message a request";
            ErrorData::invalid_request(detail, None)
        }
        Ok(_) => ErrorData::invalid_request("the body is not a JSON-RPC message of MCP", None),
    };
    (StatusCode::BAD_REQUEST, axum::Json(ServerJsonRpcMessage::error(error, None))).into_response()
}
