//! Plain JSON over POST, the form of clients that know neither JSON-RPC nor sessions: the same requests, handed to the same
//! handler. A tool that fails answers 200 with `isError`, as everywhere in MCP; what is refused before is an HTTP error.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Json, Router};
use mcp_odoo_tools::NO_TOOL;
use mcp_odoo_tools::caller::{Course, Identity};
use mcp_odoo_tools::reply::Failure;
use rmcp::ServerHandler;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, ErrorCode, ErrorData, RequestId, ServerJsonRpcMessage, ServerResult,
};
use serde_json::{Map, Value, json};

use super::once::Once;
use super::{body, step_up};
use crate::error::Problem;
use crate::json;

/// Versions without a `protocolVersion` of their own are taken for this one.
const VERSION: &str = "2025-11-25";

/// The routes of this form.
pub(super) fn routes<H: ServerHandler + Clone + Sync>(once: Once<H>) -> Router {
    Router::new()
        .route("/mcp/initialize", asks("initialize"))
        .route("/mcp/tools/list", asks("tools/list"))
        .route("/mcp/tools/call", asks("tools/call"))
        .route("/mcp/resources/list", asks("resources/list"))
        .route("/mcp/resources/read", asks("resources/read"))
        .route("/mcp/mode", get(mode))
        .with_state(once)
}

/// A route that is one method of MCP.
fn asks<H: ServerHandler + Clone + Sync>(method: &'static str) -> MethodRouter<Once<H>> {
    post(
        async move |State(once): State<Once<H>>,
                    Extension(identity): Extension<Identity>,
                    request: Request| { serve(&once, &identity, request, method).await },
    )
}

/// What the service lets anybody do, and what this caller may do of that.
async fn mode(Extension(Identity { caller, tenant, .. }): Extension<Identity>) -> Json<Value> {
    let mode = if tenant.access.config().read_only { "readonly" } else { "readwrite" };
    let permissions: Vec<_> = caller.permissions.iter().map(|permission| permission.name()).collect();
    Json(json!({ "mode": mode, "permissions": permissions }))
}

async fn serve<H: ServerHandler + Clone + Sync>(
    once: &Once<H>,
    identity: &Identity,
    request: Request,
    method: &'static str,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let answered = async {
        let object = object(&mut parts, body, once).await?;
        if object.contains_key("jsonrpc") {
            return Ok(rpc(once, identity, parts, object).await);
        }
        answer(once, identity, parts, method, object).await
    };
    answered.await.unwrap_or_else(Problem::into_response)
}

/// The body, which must be an object; nothing is an empty one.
pub(super) async fn object<H: ServerHandler + Clone>(
    parts: &mut Parts,
    body: Body,
    once: &Once<H>,
) -> Result<Map<String, Value>, Problem> {
    let body = body::read(parts, body, once.sessions().room()).await?;
    if body.is_empty() {
        return Ok(Map::new());
    }
    if !body::is_json(&parts.headers) {
        let detail = "send the body as JSON with the header Content-Type: application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
    }
    parse(&body)
}

/// An object without a key that is there twice.
fn parse(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    if let Some(path) = json::twice(body) {
        return Err(invalid(format!("{path} {}", json::TWICE)));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(invalid("send a JSON object".to_owned())),
        Err(_) => {
            let detail = body::malformed(body).message;
            Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_json", detail))
        }
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail)
}

/// Has a request answered with what its result is.
async fn answer<H: ServerHandler + Clone + Sync>(
    once: &Once<H>,
    identity: &Identity,
    mut parts: Parts,
    method: &'static str,
    object: Map<String, Value>,
) -> Result<Response, Problem> {
    let params = match method {
        "tools/call" => Call::of(object)?.params(),
        "initialize" => introduced(params(object)),
        _ => params(object),
    };
    let (request, course) = request(identity, &mut parts, method, params)?;
    let told = told(once.answer(identity, parts, request).await?, &course)?;
    Ok(Json(told).into_response())
}

/// The message that is meant, with what is told of its course.
pub(super) fn request(
    identity: &Identity,
    parts: &mut Parts,
    method: &str,
    params: Value,
) -> Result<(ClientJsonRpcMessage, Course), Problem> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    step_up::check_one(identity, &request)?;
    let request =
        serde_json::from_value(request).map_err(|_| invalid("the parameters are wrong".to_owned()))?;
    if let Some((_, ErrorData { message, .. })) = body::wrong_params(&request) {
        // Here they are the body.
        let bare = message.strip_prefix("params.").or_else(|| message.strip_prefix("params: "));
        return Err(invalid(bare.unwrap_or(&message).to_owned()));
    }
    let course = Course::default();
    parts.extensions.insert(course.clone());
    Ok((request, course))
}

/// What is answered to such a message.
pub(super) fn told(answer: ServerJsonRpcMessage, course: &Course) -> Result<ServerResult, Problem> {
    match answer {
        ServerJsonRpcMessage::Response(response) => Ok(response.result),
        ServerJsonRpcMessage::Error(error) => Err(problem(&error.error, course.failure())),
        _ => Err(Problem::internal()),
    }
}

/// The body, or what stands in it as in a message of MCP.
fn params(mut object: Map<String, Value>) -> Value {
    match object.remove("params") {
        Some(params @ Value::Object(_)) => params,
        _ => object.into(),
    }
}

/// A call, however it is written.
pub(super) struct Call {
    pub tool: String,
    pub arguments: Map<String, Value>,
}

impl Call {
    /// As `tools/call` takes it.
    pub fn params(self) -> Value {
        json!({ "name": self.tool, "arguments": self.arguments })
    }

    pub fn of(mut object: Map<String, Value>) -> Result<Self, Problem> {
        const NAMES: [&str; 3] = ["name", "tool", "method"];
        const ARGUMENTS: [&str; 3] = ["arguments", "parameters", "params"];
        let takes = "send {\"name\", \"arguments\"}, {\"tool\", \"parameters\"} or {\"method\", \"params\"}";
        let mut given = |names: [&'static str; 3]| -> Vec<_> {
            names.into_iter().filter_map(|name| Some((name, object.remove(name)?))).collect()
        };
        // Documents mix them, so each name goes with each word for arguments.
        let (tools, mut arguments) = (given(NAMES), given(ARGUMENTS));
        let arguments = match arguments.as_mut_slice() {
            [] | [(_, Value::Null)] => Map::new(),
            [(_, Value::Object(arguments))] => std::mem::take(arguments),
            [(name, _)] => return Err(invalid(format!("{name}: must be an object"))),
            _ => return Err(invalid(takes.to_owned())),
        };
        let [(tool, name)] = tools.as_slice() else { return Err(invalid(takes.to_owned())) };
        match name {
            // A message of MCP without its version.
            Value::String(name) if name == "tools/call" => Self::of(arguments),
            Value::String(name) => Ok(Self { tool: name.clone(), arguments }),
            _ => Err(invalid(format!("{tool}: must be the name of a tool; {takes}"))),
        }
    }
}

/// What a client that does not introduce itself would have said.
fn introduced(params: Value) -> Value {
    let mut whole = json!({
        "protocolVersion": VERSION, "capabilities": {}, "clientInfo": { "name": "unnamed", "version": "0" },
    });
    if let (Some(whole), Value::Object(params)) = (whole.as_object_mut(), params) {
        whole.extend(params.into_iter().filter(|(_, value)| !value.is_null()));
    }
    whole
}

/// Why nothing is answered: as REST has it, where it is known what was refused.
fn problem(error: &ErrorData, failure: Option<Failure>) -> Problem {
    let is_not_there = error.code == ErrorCode::RESOURCE_NOT_FOUND;
    if let Some(failure) = failure.filter(|_| !is_not_there) {
        return failure.into();
    }
    let (status, code) = match error.code {
        ErrorCode::INVALID_PARAMS if error.message == NO_TOOL => {
            let detail = "there is no such tool; POST /mcp/tools/list lists what there is";
            return Problem::new(StatusCode::NOT_FOUND, "no_such_tool", detail);
        }
        ErrorCode::INVALID_PARAMS => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
        ErrorCode::METHOD_NOT_FOUND => (StatusCode::NOT_FOUND, "method_not_found"),
        ErrorCode::RESOURCE_NOT_FOUND => (StatusCode::NOT_FOUND, "resource_not_found"),
        ErrorCode::INVALID_REQUEST | ErrorCode::PARSE_ERROR => (StatusCode::BAD_REQUEST, "invalid_request"),
        _ => return Problem::internal(),
    };
    Problem::new(status, code, error.message.clone())
}

/// Whether a request to `/mcp` is of this form: a call without JSON-RPC, or JSON-RPC of a client that takes one answer and no
/// stream, in no session.
pub(super) fn is_plain(headers: &HeaderMap, body: &[u8]) -> bool {
    let of_session = ["mcp-session-id", "mcp-protocol-version"];
    if of_session.iter().any(|name| headers.contains_key(*name)) || body::is_batch(body) {
        return false;
    }
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepts = accepts.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let takes_json = ["*/*", "application/*", "application/json"].iter().any(|kind| accepts.contains(kind));
    let takes_one = (accepts.is_empty() || takes_json) && !accepts.contains("text/event-stream");
    takes_one || is_call(body)
}

fn is_call(body: &[u8]) -> bool {
    let object: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    object.is_some_and(|object| object.contains_key("tool") && !object.contains_key("jsonrpc"))
}

/// Answers such a request.
pub(super) async fn at_mcp<H: ServerHandler + Clone + Sync>(
    once: &Once<H>,
    identity: &Identity,
    parts: Parts,
    body: &Bytes,
) -> Response {
    if is_call(body) {
        let answered = async { answer(once, identity, parts, "tools/call", parse(body)?).await };
        return answered.await.unwrap_or_else(Problem::into_response);
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => rpc(once, identity, parts, object).await,
        _ => body::refused(body::malformed(body), None),
    }
}

/// The id of a request to be told of changes.
fn follows(message: &ClientJsonRpcMessage) -> Option<RequestId> {
    let ClientJsonRpcMessage::Request(request) = message else { return None };
    let follows = matches!(
        request.request,
        ClientRequest::SubscribeRequest(_) | ClientRequest::SubscriptionsListenRequest(_)
    );
    follows.then(|| request.id.clone())
}

/// JSON-RPC with one answer.
async fn rpc<H: ServerHandler + Clone + Sync>(
    once: &Once<H>,
    identity: &Identity,
    parts: Parts,
    mut object: Map<String, Value>,
) -> Response {
    if object.get("method").and_then(Value::as_str) == Some("initialize") {
        let params = object.remove("params").unwrap_or_default();
        object.insert("params".to_owned(), introduced(params));
    }
    let bytes = serde_json::to_vec(&object).unwrap_or_default();
    let message = match serde_json::from_value(object.into()) {
        Ok(message) => message,
        Err(_) => return body::refused(body::malformed(&bytes), None),
    };
    if let Err(problem) = step_up::check(identity, &bytes) {
        return problem.into_response();
    }
    match &message {
        ClientJsonRpcMessage::Request(_) => {}
        // Nobody waits for what it leads to.
        _ => return StatusCode::ACCEPTED.into_response(),
    }
    if let Some((id, error)) = body::wrong_params(&message) {
        return body::refused(error, Some(id));
    }
    if let Some(id) = follows(&message) {
        let detail = "one answer tells of no changes: follow resources in a session, or with Accept: text/event-stream";
        return body::refused(ErrorData::invalid_request(detail, None), Some(id));
    }
    match once.answer(identity, parts, message).await {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => problem.into_response(),
    }
}
