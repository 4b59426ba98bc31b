//! Messages on their way in: read within bounds of size and time, and named when they are none.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, CompleteRequestParams,
    CustomRequest, ErrorData, InitializeRequestParams, ReadResourceRequestParams, RequestId,
    ServerJsonRpcMessage, SubscribeRequestParams, SubscriptionsListenRequestParams, UnsubscribeRequestParams,
};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::body::{self, Room};
use crate::error::Problem;
use crate::json;

/// The largest message.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// What is said of a larger one.
pub(super) const TOO_LARGE: &str = "a message may have at most 4 MiB";
/// How long a message may take to arrive.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The whole body, if there is room for it. The head of the request goes where its message goes, and ends with the
/// call: till then it holds the room.
pub(super) async fn read(parts: &mut Parts, body: Body, room: &Room) -> Result<Bytes, Problem> {
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body took too long");
    let whole = body::read(parts, body, room, MAX_BODY, TOO_LARGE);
    let (body, held) = tokio::time::timeout(PATIENCE, whole).await.map_err(|_| late())??;
    parts.extensions.insert(Arc::new(held));
    Ok(body)
}

/// Whether the headers announce JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Whether it is a list of messages.
pub(super) fn is_batch(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// The answer to the request in this body, if a key is there twice.
pub(super) fn ambiguous(body: &[u8]) -> Option<Response> {
    let (error, id) = given_twice(body)?;
    Some(refused(error, id))
}

/// What is wrong if a key is there twice, and the id of the request in this body.
pub(super) fn given_twice(body: &[u8]) -> Option<(ErrorData, Option<RequestId>)> {
    let path = json::twice(body)?;
    Some((ErrorData::invalid_params(format!("{path} {}", json::TWICE), None), id(body)))
}

/// The id of the request in this body.
pub(super) fn id(body: &[u8]) -> Option<RequestId> {
    match message(body) {
        Ok(ClientJsonRpcMessage::Request(request)) => Some(request.id),
        _ => None,
    }
}

/// A call of a tool, as nearly all messages are.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCall<'a> {
    jsonrpc: &'a str,
    id: RequestId,
    method: &'a str,
    #[serde(deserialize_with = "object")]
    params: CallToolRequestParams,
}

/// One that is written as an object: a list would do for its fields in their order.
fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(object))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

/// The message in this body. rmcp tries one kind of message after the other, on a copy: calls of tools are read at once.
pub(super) fn message(body: &[u8]) -> Result<ClientJsonRpcMessage, serde_json::Error> {
    tool_call(body).map_or_else(|| serde_json::from_slice(body), Ok)
}

fn tool_call(body: &[u8]) -> Option<ClientJsonRpcMessage> {
    let mut read = serde_json::Deserializer::from_slice(body);
    let ToolCall { jsonrpc: "2.0", id, method: "tools/call", mut params } =
        object(&mut read).ok().filter(|_| read.end().is_ok())?
    else {
        return None;
    };
    // Where rmcp puts it.
    let meta = params.meta.take();
    let mut call = CallToolRequest::new(params);
    meta.into_iter().for_each(|meta| drop(call.extensions.insert(meta)));
    Some(ClientJsonRpcMessage::request(ClientRequest::CallToolRequest(call), id))
}

/// An error as the answer to a request over HTTP.
pub(super) fn refused(error: ErrorData, id: Option<RequestId>) -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(ServerJsonRpcMessage::error(error, id))).into_response()
}

/// What is wrong with a body that is no message.
pub(super) fn malformed(body: &[u8]) -> ErrorData {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => {
            let at = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
            ErrorData::parse_error(at, None)
        }
        Ok(Value::Array(_)) => {
            let detail = "batches are taken in sessions of MCP 2025-03-26 only: send one message a request";
            ErrorData::invalid_request(detail, None)
        }
        Ok(_) => ErrorData::invalid_request("the body is not a JSON-RPC message of MCP", None),
    }
}

/// What is wrong with the parameters of a request whose method is known. rmcp takes such a request for one of a
/// method that it does not know.
pub(super) fn wrong_params(message: &ClientJsonRpcMessage) -> Option<(RequestId, ErrorData)> {
    let ClientJsonRpcMessage::Request(request) = message else { return None };
    let ClientRequest::CustomRequest(CustomRequest { method, params, .. }) = &request.request else {
        return None;
    };
    let wrong = match method.as_str() {
        "initialize" => misfit::<InitializeRequestParams>(params),
        "tools/call" => misfit::<CallToolRequestParams>(params),
        "resources/read" => misfit::<ReadResourceRequestParams>(params),
        "resources/subscribe" => misfit::<SubscribeRequestParams>(params),
        "resources/unsubscribe" => misfit::<UnsubscribeRequestParams>(params),
        "subscriptions/listen" => misfit::<SubscriptionsListenRequestParams>(params),
        "completion/complete" => misfit::<CompleteRequestParams>(params),
        _ => None,
    };
    Some((request.id.clone(), ErrorData::invalid_params(wrong?, None)))
}

/// The answer to the request in this body, if its parameters are wrong.
///
/// Without sessions there is no `initialize` and no subscribing by it, whatever the parameters are.
pub(super) fn refused_params(body: &[u8], is_stateless: bool) -> Option<Response> {
    let message = message(body).ok()?;
    let (id, error) = wrong_params(&message)?;
    const OF_SESSIONS: [&str; 3] = ["initialize", "resources/subscribe", "resources/unsubscribe"];
    let is_of_sessions = matches!(&message, ClientJsonRpcMessage::Request(request)
        if matches!(&request.request, ClientRequest::CustomRequest(custom) if OF_SESSIONS.contains(&custom.method.as_str())));
    if is_stateless && is_of_sessions {
        return None;
    }
    Some(refused(error, Some(id)))
}

/// Where the parameters are not what they must be, and what they must be there.
fn misfit<T: DeserializeOwned>(params: &Option<Value>) -> Option<String> {
    let Some(params) = params else { return Some("params: must be an object".to_owned()) };
    let error = serde_path_to_error::deserialize::<_, T>(params).err()?;
    let path = match error.path().to_string() {
        path if path == "." => "params".to_owned(),
        path => format!("params.{path}"),
    };
    let said = error.inner().to_string().replace("expected a map", "expected an object");
    Some(format!("{path}: {}", said.replace("expected struct ", "expected an object: ")))
}

#[cfg(test)]
mod tests {
    use rmcp::model::ClientJsonRpcMessage;
    use serde_json::{Value, json};

    use super::{message, wrong_params};

    fn said(method: &str, params: Value) -> Option<String> {
        let message = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        let message = serde_json::from_value::<ClientJsonRpcMessage>(message).ok()?;
        wrong_params(&message).map(|(_, error)| format!("{}: {}", error.code.0, error.message))
    }

    #[test]
    fn parameters_that_do_not_fit_are_named() {
        let client = json!({ "name": "x", "version": "1" });
        let hello =
            |version: Value| json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
        let cases = [
            (
                "tools/call",
                json!({ "name": "x", "arguments": "str" }),
                "params.arguments",
                "expected an object",
            ),
            (
                "tools/call",
                json!({ "name": "x", "arguments": [1] }),
                "params.arguments",
                "expected an object",
            ),
            ("tools/call", json!({ "name": 7 }), "params.name", "expected a string"),
            ("tools/call", json!({ "arguments": {} }), "params", "missing field `name`"),
            ("initialize", hello(Value::Null), "params.protocolVersion", "expected a string"),
            ("initialize", hello(json!(20_250_326)), "params.protocolVersion", "expected a string"),
            ("initialize", json!({ "protocolVersion": "2025-11-25" }), "params", "missing field"),
        ];
        for (method, params, path, words) in cases {
            let said = said(method, params.clone()).unwrap_or_default();
            assert!(
                said.starts_with(&format!("-32602: {path}: ")) && said.contains(words),
                "{params}: {said}"
            );
        }
        assert_eq!(said("tools/call", json!({ "name": "x" })), None);
        assert_eq!(said("no/such", json!({ "name": 7 })), None);
        assert_eq!(said("initialize", hello(json!("2025-11-25"))), None);
    }

    /// However it is read, it is the message that rmcp reads.
    #[test]
    fn messages_are_as_rmcp_reads_them() {
        let bodies = [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":[1,null]}}}"#,
            r#"{"jsonrpc":"2.0","id":"é","method":"tools/call","params":{"name":"\u0078","_meta":{"progressToken":7}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":null,"more":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools\/call","params":{"name":"x"},"more":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"},"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["x"]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[null,"x",null,null,null]}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}]"#,
            r#"["2.0",1,"tools/call",{"name":"x"}]"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        ];
        for body in bodies {
            let ours = message(body.as_bytes()).ok();
            let rmcps = serde_json::from_str::<ClientJsonRpcMessage>(body).ok();
            assert_eq!(format!("{ours:?}"), format!("{rmcps:?}"), "{body}");
            // With what the other form leaves out.
            assert_eq!(json!(ours), json!(rmcps), "{body}");
        }
        // As deep, and no deeper.
        let depths = 100..140;
        let deep = depths.clone().map(|depth| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"x","arguments":{{"a":{open}{close}}}}}}}"#
            )
        });
        let taken = |body: &String| {
            let taken = message(body.as_bytes()).is_ok();
            assert_eq!(taken, serde_json::from_str::<ClientJsonRpcMessage>(body).is_ok(), "{body}");
            assert_eq!(taken, serde_json::from_str::<Value>(body).is_ok(), "{body}");
            taken
        };
        assert!((1..depths.len()).contains(&deep.filter(taken).count()));
    }
}
