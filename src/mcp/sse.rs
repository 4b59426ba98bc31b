//! HTTP+SSE, the transport of MCP 2024-11-05: one stream of events out, one POST for each message in.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router, http::HeaderMap};
use futures::{Stream, StreamExt, stream};
use mcp_odoo_core::access::Caller;
use mcp_odoo_tools::caller::Identity;
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use super::channel::{self, Begin, Channel, Inlet};
use super::session::Sessions;
use super::{batch, body, step_up};
use crate::error::Problem;

/// Where clients post, as the first event tells them.
const MESSAGES: &str = "/mcp/messages";
/// Comments between events, so that proxies keep the connection and a broken one is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Where a proxy says that it has mounted this service.
const PREFIX: &str = "x-forwarded-prefix";
/// Has nginx pass events on at once.
const NO_BUFFERING: &str = "x-accel-buffering";

/// The routes of this transport.
pub(super) fn routes<H: ServerHandler + Clone>(handler: H, sessions: Sessions) -> Router {
    let shared = Arc::new(Shared { handler, sessions, inboxes: Arc::default() });
    // The shorter name is that of other servers.
    Router::new()
        .route("/mcp/sse", opening::<H>())
        .route("/sse", opening::<H>())
        .route(MESSAGES, post(message::<H>))
        .with_state(shared)
}

/// Who asks only for the head opens nothing.
fn opening<H: ServerHandler + Clone>() -> MethodRouter<Arc<Shared<H>>> {
    get(open::<H>).head(async || told(stream::empty()))
}

struct Shared<H> {
    handler: H,
    sessions: Sessions,
    inboxes: Inboxes,
}

/// The open sessions by their ids, which cannot be guessed.
type Inboxes = Arc<Mutex<HashMap<Uuid, Arc<Inbox>>>>;

struct Inbox {
    caller: Arc<Caller>,
    tenant: String,
    inlet: Inlet,
    has_batches: Arc<AtomicBool>,
}

fn lock(inboxes: &Inboxes) -> MutexGuard<'_, HashMap<Uuid, Arc<Inbox>>> {
    inboxes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a session; it lasts as long as its stream.
async fn open<H: ServerHandler + Clone>(
    State(shared): State<Arc<Shared<H>>>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let place = shared.sessions.admit(&identity)?;
    let id = Uuid::new_v4();
    let Channel { inlet, answers, end } =
        channel::open(shared.handler.clone(), &shared.sessions, place, Begin::Handshake);
    let has_batches = Arc::new(AtomicBool::new(false));
    let inbox = Inbox {
        caller: Arc::clone(&identity.caller),
        tenant: identity.tenant.id.clone(),
        inlet,
        has_batches: Arc::clone(&has_batches),
    };
    lock(&shared.inboxes).insert(id, Arc::new(inbox));
    let endpoint = format!("{}{MESSAGES}?sessionId={}", prefix(&headers), id.simple());
    let endpoint = Event::default().event("endpoint").data(endpoint);
    let answers = together(answers).inspect(move |answer| {
        if batch::may_follow(answer) {
            has_batches.store(true, Ordering::Relaxed);
        }
    });
    let events = stream::once(async { endpoint }).chain(answers.map(event));
    let hold = Hold { id, inboxes: Arc::clone(&shared.inboxes), _end: end };
    let events = events.map(move |event| {
        let _ = &hold;
        Ok::<_, Infallible>(event)
    });
    Ok(told(events))
}

fn told(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> impl IntoResponse {
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    ([(NO_BUFFERING, "no")], sse)
}

/// Who has an answer lets others that are about to be ready go first: they leave in one write.
fn together<S: Stream + Unpin>(answers: S) -> impl Stream<Item = S::Item> {
    let (mut answers, mut is_leaving) = (answers.peekable(), false);
    stream::poll_fn(move |context| {
        if !is_leaving {
            ready!(Pin::new(&mut answers).poll_peek(context));
            is_leaving = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let answer = answers.poll_next_unpin(context);
        is_leaving = answer.is_ready();
        answer
    })
}

/// The path that the proxy in front takes away; what is no plain path is not repeated to the client.
fn prefix(headers: &HeaderMap) -> &str {
    let given = headers.get(PREFIX).and_then(|prefix| prefix.to_str().ok()).unwrap_or_default();
    let given = given.trim_end_matches('/');
    let is_plain = |segment: &str| {
        segment.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    let is_path = given.strip_prefix('/').is_some_and(|path| path.split('/').all(is_plain));
    if is_path && given.len() <= 200 { given } else { "" }
}

/// Who hangs up drops the stream of events, and with it ends the session and what runs in it.
struct Hold {
    id: Uuid,
    inboxes: Inboxes,
    _end: DropGuard,
}

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.inboxes).remove(&self.id);
    }
}

fn event(message: ServerJsonRpcMessage) -> Event {
    // A message is made of texts, numbers and lists: it always has a JSON form.
    Event::default().event("message").json_data(message).unwrap_or_default()
}

/// Takes one message; what it leads to comes as an event.
async fn message<H: ServerHandler + Clone>(
    State(shared): State<Arc<Shared<H>>>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let inbox = inbox(&shared.inboxes, &parts).ok_or_else(|| unknown().into_response())?;
    if !body::is_json(&parts.headers) {
        let detail = "send the message as JSON with the header Content-Type: application/json";
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail);
        return Err(problem.into_response());
    }
    let body =
        body::read(&mut parts, body, shared.sessions.room()).await.map_err(IntoResponse::into_response)?;
    if let Some(refused) = body::ambiguous(&body) {
        return Err(refused);
    }
    step_up::check(&identity, &body).map_err(IntoResponse::into_response)?;
    let refused = |error| body::refused(error, None);
    let mut messages = if body::is_batch(&body) && inbox.has_batches.load(Ordering::Relaxed) {
        batch::messages(&body).map_err(refused)?
    } else {
        vec![body::message(&body).map_err(|_| refused(body::malformed(&body)))?]
    };
    // The head of their request, for the handler.
    if let Some((last, others)) = messages.split_last_mut() {
        others.iter_mut().for_each(|message| message.insert_extension(parts.clone()));
        last.insert_extension(parts);
    }
    inbox.take(messages).await.map_err(IntoResponse::into_response)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

impl Inbox {
    /// Delivers messages soon, or says why not.
    async fn take(&self, messages: Vec<ClientJsonRpcMessage>) -> Result<(), Problem> {
        match tokio::time::timeout(body::PATIENCE, self.inlet.deliver(messages)).await {
            Ok(delivered) => delivered.ok_or_else(unknown),
            Err(_) => {
                let detail = "the session has too many answers that were not fetched; read its stream";
                Err(Problem::unavailable("session_busy", detail, Duration::from_secs(5)))
            }
        }
    }
}

/// The session that the request names, if it is its caller's.
fn inbox(inboxes: &Inboxes, parts: &Parts) -> Option<Arc<Inbox>> {
    let mut query = url::form_urlencoded::parse(parts.uri.query()?.as_bytes());
    let (_, id) = query.find(|(name, _)| name == "sessionId")?;
    let inbox = lock(inboxes).get(&Uuid::try_parse(&id).ok()?).cloned();
    let identity = parts.extensions.get::<Identity>()?;
    inbox.filter(|inbox| inbox.caller == identity.caller && inbox.tenant == identity.tenant.id)
}

fn unknown() -> Problem {
    let detail = "there is no such session (any more): open one with GET /mcp/sse";
    Problem::new(StatusCode::NOT_FOUND, "session_not_found", detail)
}
