//! A call whose answer comes in parts: `POST /mcp/stream/tools/call`, as Server-Sent Events. A search of records is read from
//! Odoo page by page, each when the one before has left: memory holds one, who reads slowly holds up nobody, and who hangs
//! up stops the reading.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use chrono::{SecondsFormat, Utc};
use futures::stream::{self, BoxStream, StreamExt};
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::Call as CoreCall;
use mcp_odoo_core::input;
use mcp_odoo_core::records::RecordSearch;
use mcp_odoo_core::refusal::Refusal;
use mcp_odoo_tools::caller::{Identity, language};
use mcp_odoo_tools::operation::Operation;
use mcp_odoo_tools::records::stream::{Pages, StreamRecords};
use mcp_odoo_tools::{admit, audit, dispatch};
use rmcp::ServerHandler;
use rmcp::model::ServerJsonRpcMessage;
use serde_json::{Map, Value, json};

use super::once::Once;
use super::plain::{self, Call};
use super::single::Single;
use super::step_up;
use crate::error::Problem;

/// The searches, by all their names.
const SEARCHES: [&str; 2] = ["search_records", "odoo_search"];
/// Comments between events, so that proxies keep the connection while Odoo thinks.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The route of this form.
pub(super) fn routes<H: ServerHandler + Clone + Sync>(once: Once<H>) -> Router {
    Router::new().route("/mcp/stream/tools/call", post(call::<H>)).with_state(once)
}

async fn call<H: ServerHandler + Clone + Sync>(
    State(once): State<Once<H>>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let asked = Call::of(plain::object(&mut parts, body, &once).await?)?;
    step_up::check_call(&identity, &asked.tool)?;
    let start = json!({ "type": "start", "tool": asked.tool, "timestamp": now() });
    let events = match SEARCHES.contains(&asked.tool.as_str()) {
        true => pages(search(&once, &identity, &parts, asked.arguments).await?),
        false => whole(once.clone(), identity, parts, asked),
    };
    let events = stream::once(async { start }).chain(events);
    let events = events.take_until(once.sessions().abort().clone().cancelled_owned());
    let sse = Sse::new(events.map(event)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    Ok(([("x-accel-buffering", "no")], sse).into_response())
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn event(event: Value) -> Result<Event, Infallible> {
    Ok(Event::default().data(event.to_string()))
}

fn end() -> Value {
    json!({ "type": "end", "timestamp": now() })
}

fn failed(code: &str, message: &str) -> Value {
    json!({ "type": "error", "code": code, "message": message, "timestamp": now() })
}

/// A search that is about to be read, and the place that it takes meanwhile.
struct Reading {
    pages: Pages,
    _place: Single,
}

async fn search<H: ServerHandler + Clone>(
    once: &Once<H>,
    identity: &Identity,
    parts: &Parts,
    mut arguments: Map<String, Value>,
) -> Result<Reading, Problem> {
    let language = language(&parts.headers).unwrap_or(identity.tenant.language);
    let call = CoreCall { language, ..identity.call(Door::Mcp) };
    admit(&StreamRecords::SPEC, &call)?;
    arguments.retain(|_, argument| !argument.is_null());
    // All of them: what is read is bounded by the page, not by what there is.
    arguments.entry("limit").or_insert(u32::MAX.into());
    let request: RecordSearch = input::parse(arguments.into()).map_err(|errors| {
        audit::refused(&StreamRecords::SPEC, &call, "invalid_request");
        Problem::invalid(errors)
    })?;
    let place = Single::default();
    place.take(once.sessions(), identity)?;
    let pages = dispatch::<StreamRecords>(call, request).await?;
    Ok(Reading { pages, _place: place })
}

fn pages(reading: Reading) -> BoxStream<'static, Value> {
    stream::unfold(Some(reading), async |reading| {
        let mut reading = reading?;
        Some(match reading.pages.next().await {
            Ok(Some(chunk)) => {
                let progress = json!({ "current": chunk.current, "total": chunk.total });
                let chunk = json!({ "type": "chunk", "data": chunk.items, "progress": progress });
                (chunk, Some(reading))
            }
            Ok(None) => (end(), None),
            Err(Refusal { code, sentence, .. }) => (failed(&code, &sentence), None),
        })
    })
    .boxed()
}

/// Any other tool, in one part.
fn whole<H: ServerHandler + Clone + Sync>(
    once: Once<H>,
    identity: Identity,
    parts: Parts,
    Call { tool, arguments }: Call,
) -> BoxStream<'static, Value> {
    let asked = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": tool, "arguments": arguments },
    });
    let told = async move {
        let Ok(request) = serde_json::from_value(asked) else {
            return vec![failed("invalid_request", "the call cannot be read")];
        };
        match once.answer(&identity, parts, request).await {
            Ok(ServerJsonRpcMessage::Response(response)) => {
                parts_of(&serde_json::to_value(response.result).unwrap_or_default())
            }
            Ok(ServerJsonRpcMessage::Error(error)) => {
                vec![failed("invalid_request", &error.error.message)]
            }
            Ok(_) => vec![failed("internal_error", "the tool gave no answer")],
            Err(problem) => vec![failed(problem.code(), problem.detail())],
        }
    };
    stream::once(told).flat_map(stream::iter).boxed()
}

/// The result of a tool as events: the items of a list, or the answer as the only one.
fn parts_of(result: &Value) -> Vec<Value> {
    let text = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
    if result.get("isError") == Some(&Value::Bool(true)) {
        return vec![failed("tool_failed", text)];
    }
    let answer = result.get("structuredContent");
    let items = answer.and_then(|answer| answer.get("items")).and_then(Value::as_array);
    let data = match (items, answer) {
        (Some(items), _) => items.clone(),
        (None, Some(answer)) => vec![answer.clone()],
        (None, None) => vec![json!(text)],
    };
    let progress = json!({ "current": data.len(), "total": data.len() });
    vec![json!({ "type": "chunk", "data": data, "progress": progress }), end()]
}
