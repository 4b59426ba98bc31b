//! Batches of messages, which MCP 2025-03-26 has and no other version.

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, future, stream};
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorData, ProtocolVersion, ServerJsonRpcMessage, ServerResult,
};
use serde_json::Value;

use super::body;

/// The messages of one batch, at most.
const MOST: usize = 100;

/// Whether this answer begins a session whose client may send batches.
pub(super) fn may_follow(answer: &ServerJsonRpcMessage) -> bool {
    match answer {
        ServerJsonRpcMessage::Response(response) => match &response.result {
            ServerResult::InitializeResult(begun) => begun.protocol_version == ProtocolVersion::V_2025_03_26,
            _ => false,
        },
        _ => false,
    }
}

/// The messages in this body, all of them or none.
pub(super) fn messages(body: &[u8]) -> Result<Vec<ClientJsonRpcMessage>, ErrorData> {
    let refused = |detail: String| ErrorData::invalid_request(detail, None);
    let batch: Vec<Value> = serde_json::from_slice(body).map_err(|_| body::malformed(body))?;
    if !(1..=MOST).contains(&batch.len()) {
        return Err(refused(format!("a batch may have 1 to {MOST} messages")));
    }
    let message = |(index, message): (usize, Value)| match serde_json::from_value(message) {
        Ok(ClientJsonRpcMessage::Request(request))
            if matches!(request.request, ClientRequest::InitializeRequest(_)) =>
        {
            Err(refused("initialize may not be in a batch; nothing of it was done".to_owned()))
        }
        Ok(message) => Ok(message),
        Err(_) => {
            let what = "is not a JSON-RPC message of MCP; nothing of the batch was done";
            Err(refused(format!("[{index}] {what}")))
        }
    };
    batch.into_iter().enumerate().map(message).collect()
}

/// Has each message served, and answers with the answers to all requests among them, as they come.
pub(super) async fn serve<F>(messages: Vec<ClientJsonRpcMessage>, serve: impl Fn(Bytes) -> F) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    let asks = messages.iter().any(|message| matches!(message, ClientJsonRpcMessage::Request(_)));
    // A message was read from JSON: it has a JSON form.
    let serving =
        messages.iter().map(|message| serve(serde_json::to_vec(message).unwrap_or_default().into()));
    if !asks {
        let answers = future::join_all(serving).await;
        let failed = answers.into_iter().find(|answer| !answer.status().is_success());
        return failed.unwrap_or_else(|| StatusCode::ACCEPTED.into_response());
    }
    let serving: Vec<_> = serving.map(|answer| stream::once(answer).flat_map(events).boxed()).collect();
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(stream::select_all(serving))).into_response()
}

/// The events of an answer; one that is no stream becomes an event. Each is whole within one chunk.
fn events(answer: Response) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    let is_stream = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let chunks = answer.into_body().into_data_stream();
    if is_stream {
        return chunks.left_stream();
    }
    let event = |json: Bytes| [b"data: ".as_slice(), &json, b"\n\n"].concat().into();
    chunks.map(move |chunk| chunk.map(event)).right_stream()
}
