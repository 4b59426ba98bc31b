//! A call whose answer comes in parts: `POST /mcp/stream/tools/call`, as Server-Sent Events. A search of records is read from
//! Odoo page by page, each when the one before has left: memory holds one, who reads slowly holds up nobody, and who hangs
//! up stops the reading.
//!
//! What can be refused before anything is done is refused by HTTP, as in the other plain forms; later, by the last event.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use chrono::{SecondsFormat, Utc};
use futures::FutureExt;
use futures::future::{self, Either};
use futures::stream::{self, BoxStream, StreamExt};
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::Call as CoreCall;
use mcp_odoo_tools::caller::{Identity, language};
use mcp_odoo_tools::operation::Operation;
use mcp_odoo_tools::records::SearchRecords;
use mcp_odoo_tools::records::stream::{Pages, requested};
use mcp_odoo_tools::reply::Failure;
use mcp_odoo_tools::{admit, audit};
use rmcp::ServerHandler;
use serde::Serialize;
use serde_json::{Value, json};

use super::once::Once;
use super::plain::{self, Call};
use super::single::Single;
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
    let start = json!({ "type": "start", "tool": asked.tool, "timestamp": now() });
    let events = match SEARCHES.contains(&asked.tool.as_str()) {
        true => pages(search(&once, &identity, &parts, asked).await?),
        false => whole(&once, &identity, parts, asked).await?,
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

fn chunk(data: Value, current: impl Serialize, total: impl Serialize) -> Value {
    json!({ "type": "chunk", "data": data, "progress": { "current": current, "total": total } })
}

fn end() -> Value {
    json!({ "type": "end", "timestamp": now() })
}

/// What a refusal by HTTP would say.
fn failed(problem: &Problem) -> Value {
    let mut event =
        json!({ "type": "error", "code": problem.code(), "message": problem.detail(), "timestamp": now() });
    if let (Some(wait), Some(event)) = (problem.retry_after(), event.as_object_mut()) {
        event.insert("retry_after".to_owned(), wait.as_secs().into());
    }
    event
}

/// A search that is about to be told, and the place that it takes meanwhile.
struct Reading {
    pages: Pages,
    _place: Single,
}

async fn search<H: ServerHandler + Clone>(
    once: &Once<H>,
    identity: &Identity,
    parts: &Parts,
    asked: Call,
) -> Result<Reading, Problem> {
    let language = language(&parts.headers).unwrap_or(identity.tenant.language);
    let call = CoreCall { language, ..identity.call(Door::Mcp) };
    admit(&SearchRecords::SPEC, &call)?;
    let request = requested(asked.arguments).map_err(|errors| {
        audit::refused(&SearchRecords::SPEC, &call, "invalid_request");
        Problem::invalid(errors)
    })?;
    let place = Single::default();
    place.take(once.sessions(), identity).map_err(|refusal| {
        let problem = Problem::from(refusal);
        audit::refused(&SearchRecords::SPEC, &call, problem.code());
        problem
    })?;
    Ok(Reading { pages: Pages::open(call, request).await?, _place: place })
}

fn pages(reading: Reading) -> BoxStream<'static, Value> {
    stream::unfold(Some(reading), async |reading| {
        let mut reading = reading?;
        Some(match reading.pages.next().await {
            Ok(Some(page)) => (chunk(json!(page.items), page.current, page.total), Some(reading)),
            Ok(None) => (end(), None),
            Err(refusal) => (failed(&refusal.into()), None),
        })
    })
    .boxed()
}

/// Any other tool: its answer, and the files that go with it, once it is being done.
async fn whole<H: ServerHandler + Clone + Sync>(
    once: &Once<H>,
    identity: &Identity,
    mut parts: Parts,
    asked: Call,
) -> Result<BoxStream<'static, Value>, Problem> {
    let (request, course) = plain::request(identity, &mut parts, "tools/call", asked.params())?;
    let (once, identity, told_of) = (once.clone(), identity.clone(), course.clone());
    let telling = async move { plain::told(once.answer(&identity, parts, request).await?, &told_of) };
    let begun = course.begun().clone().cancelled_owned();
    let telling = match future::select(telling.boxed(), begun.boxed()).await {
        Either::Right((_, telling)) => telling,
        Either::Left((told, _)) if course.begun().is_cancelled() => future::ready(told).boxed(),
        // It was refused before.
        Either::Left((told, _)) => match course.failure() {
            Some(failure) => return Err(failure.into()),
            None => future::ok(told?).boxed(),
        },
    };
    let events = telling.map(move |told| match told {
        Ok(told) => parts_of(&json!(told), course.failure()),
        Err(problem) => vec![failed(&problem)],
    });
    Ok(stream::once(events).flat_map(stream::iter).boxed())
}

/// The result of a tool as events: the items of a list, or the answer as the only one; then each file. What a list says beside
/// its items, such as where to go on, goes with the end.
fn parts_of(result: &Value, failure: Option<Failure>) -> Vec<Value> {
    let text = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
    let is_error = result.get("isError") == Some(&Value::Bool(true));
    let answer = result.get("structuredContent");
    let items = answer.and_then(|answer| answer.get("items")).and_then(Value::as_array);
    let beside = answer.and_then(Value::as_object).filter(|_| items.is_some()).into_iter().flatten();
    let beside = beside.filter(|(name, _)| *name != "items");
    let answer = match (items, answer) {
        (Some(items), _) => Some(items.clone()),
        (None, Some(answer)) => Some(vec![answer.clone()]),
        (None, None) => (!is_error).then(|| vec![json!(text)]),
    };
    let contents = result.get("content").and_then(Value::as_array).into_iter().flatten();
    let files = contents.filter_map(|block| block.get("resource")).map(|file| vec![file.clone()]);
    let parts: Vec<Vec<Value>> = answer.into_iter().chain(files).collect();
    let total: usize = parts.iter().map(Vec::len).sum();
    let mut current = 0;
    let chunks = parts.into_iter().map(|part| {
        current += part.len();
        chunk(part.into(), current, total)
    });
    let last = match (is_error, failure) {
        (false, _) => {
            let mut end = end();
            if let Some(end) = end.as_object_mut() {
                end.extend(beside.map(|(name, value)| (name.clone(), value.clone())));
            }
            end
        }
        (true, Some(failure)) => failed(&failure.into()),
        (true, None) => failed(&Problem::new(StatusCode::BAD_GATEWAY, "tool_failed", text)),
    };
    chunks.chain([last]).collect()
}
