//! Messages on their way in: read within bounds of size and time, and named when they are none.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use rmcp::model::{ErrorData, ServerJsonRpcMessage};
use tokio::sync::Semaphore;

use crate::error::Problem;

/// The largest message.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// Read of a larger one, and thrown away, so that its sender gets to read why.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// What larger messages than one of these ask for room in.
const BLOCK: usize = 64 * 1024;
/// Blocks of all messages that are arriving: nobody fills the memory with what never comes whole.
pub(super) const ROOM: usize = 64 * 1024 * 1024 / BLOCK;
/// How long a message may take to arrive.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, if there is room for it.
pub(super) async fn read(body: Body, room: &Semaphore) -> Result<Bytes, Problem> {
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body took too long");
    tokio::time::timeout(PATIENCE, collect(body, room)).await.map_err(|_| late())?
}

async fn collect(body: Body, room: &Semaphore) -> Result<Bytes, Problem> {
    let blocks = |count: usize| room.try_acquire_many(u32::try_from(count).unwrap_or(u32::MAX));
    let mut chunks = body.into_data_stream();
    let (mut collected, mut size) = (Vec::new(), 0_usize);
    let mut held = blocks(0).map_err(|_| no_room())?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "body_cut_short", "the body did not arrive whole")
        })?;
        let before = size;
        size += chunk.len();
        if size <= MAX_BODY {
            held.merge(blocks(size / BLOCK - before / BLOCK).map_err(|_| no_room())?);
            collected.extend_from_slice(&chunk);
        } else if size <= MAX_DISCARDED {
            collected = Vec::new();
            held.split(held.num_permits());
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

fn no_room() -> Problem {
    let detail = "too many large messages are arriving at once; repeat later";
    Problem::unavailable("too_many_requests", detail, Duration::from_secs(5))
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
