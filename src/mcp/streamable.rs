//! Streamable HTTP at `/mcp`: sessions up to MCP 2025-11-25, none from 2026-07-28 on.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use futures::Stream;
use mcp_odoo_core::access::Caller;
use mcp_odoo_tools::caller::Identity;
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError, LocalSessionWorker,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::once::Once;
use super::session::{Asked, Refusal, Session, Sessions, id_in_use};
use super::single::{self, Single};
use super::{batch, body, plain, step_up};
use crate::error::Problem;

const SESSION_ID: &str = "mcp-session-id";

/// The route of this transport.
pub(super) fn routes<H: ServerHandler + Clone + Sync>(
    handler: H,
    sessions: Sessions,
    once: Once<H>,
) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_cancellation_token(sessions.abort().clone())
        .with_max_request_body_bytes(body::MAX_BODY)
        // Both are checked for all transports alike, by `middleware::hosts`.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let mut local = LocalSessionManager::default();
    // Ours counts as present who answers; the one built in would end a quiet client's session.
    local.session_config.keep_alive = None;
    let manager = Arc::new(Manager { local, sessions, open: Mutex::default() });
    let service = StreamableHttpService::new(
        {
            let manager = Arc::clone(&manager);
            move || {
                manager.admit_single().map_err(std::io::Error::other)?;
                Ok(handler.clone())
            }
        },
        Arc::clone(&manager),
        config,
    );
    // People type the slash, too.
    Router::new()
        .route("/mcp", any(serve::<H>))
        .route("/mcp/", any(serve::<H>))
        .with_state(Arc::new(Shared { service, manager, once }))
}

struct Shared<H> {
    service: StreamableHttpService<H, Manager>,
    manager: Arc<Manager>,
    /// For clients that take no streams.
    once: Once<H>,
}

tokio::task_local! {
    /// The request being served, for the manager, which is not shown it.
    static CURRENT: Current;
}

struct Current {
    identity: Identity,
    single: Single,
    in_session: Cell<bool>,
    failure: Cell<Option<Failure>>,
}

async fn serve<H: ServerHandler + Clone + Sync>(
    State(shared): State<Arc<Shared<H>>>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if ![Method::GET, Method::POST, Method::DELETE].contains(&parts.method) {
        return ([(header::ALLOW, "GET, POST, DELETE")], Problem::wrong_method().await).into_response();
    }
    let open = shared.manager.named(&parts.headers);
    let is_strange = match &open {
        Some(open) => open.caller != identity.caller || open.tenant != identity.tenant.id,
        // All else that names an unknown session is found out by rmcp.
        None => parts.method == Method::DELETE && parts.headers.contains_key(SESSION_ID),
    };
    if is_strange {
        return unknown().into_response();
    }
    let body = match body::read(&mut parts, body, shared.manager.sessions.room()).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    if let Some(refused) = body::ambiguous(&body) {
        return refused;
    }
    if parts.method == Method::POST && body::is_json(&parts.headers) && plain::is_plain(&parts.headers, &body)
    {
        return plain::at_mcp(&shared.once, &identity, parts, &body).await;
    }
    if let Err(problem) = step_up::check(&identity, &body) {
        return problem.into_response();
    }
    if body::is_batch(&body) && open.is_some_and(|open| open.has_batches) {
        return match batch::messages(&body) {
            Ok(messages) => {
                batch::serve(messages, |message| {
                    pass_on(Arc::clone(&shared), identity.clone(), parts.clone(), message)
                })
                .await
            }
            Err(error) => body::refused(error, None),
        };
    }
    pass_on(shared, identity, parts, body).await
}

/// Has rmcp serve the request, and says what went wrong in our words.
async fn pass_on<H: ServerHandler + Clone + Sync>(
    shared: Arc<Shared<H>>,
    identity: Identity,
    mut parts: Parts,
    body: Bytes,
) -> Response {
    let is_json = body::is_json(&parts.headers);
    let is_delete = parts.method == Method::DELETE;
    // Of a version that has no sessions.
    let is_stateless =
        parts.headers.get("mcp-protocol-version").is_some_and(|it| it.as_bytes() >= b"2026".as_slice());
    let single = Single::default();
    parts.extensions.insert(single.clone());
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let current =
        Current { identity, single: single.clone(), in_session: Cell::default(), failure: Cell::default() };
    let (response, failure) = CURRENT
        .scope(current, async {
            let response = shared.service.handle(request).await;
            let failed = |current: &Current| Some((current.failure.take()?, current.identity.clone()));
            (response, CURRENT.with(failed))
        })
        .await;
    match failure {
        Some((Failure::Refused(refusal @ (Refusal::Busy(_) | Refusal::OwnBusy(_))), asker)) => {
            single::busy(refusal, &asker, &body)
        }
        Some((Failure::Refused(refusal), _)) => Problem::from(refusal).into_response(),
        Some((Failure::Gone, _)) if response.status() == StatusCode::INTERNAL_SERVER_ERROR => {
            unknown().into_response()
        }
        Some((Failure::IdInUse, _)) => body::refused(id_in_use(), body::id(&body)),
        _ if response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE && is_json => {
            body::refused(body::malformed(&body), None)
        }
        // It says so in JSON where a method is not found.
        _ if response.status() == StatusCode::NOT_FOUND && !body::is_json(response.headers()) => {
            unknown().into_response()
        }
        _ if response.status().is_client_error() => body::refused_params(&body, is_stateless)
            .unwrap_or_else(|| single.held_by(response.map(Body::new))),
        // rmcp says 202, which Python clients take for a failure.
        _ if response.status() == StatusCode::ACCEPTED && is_delete => StatusCode::NO_CONTENT.into_response(),
        _ => single.held_by(response.map(Body::new)),
    }
}

fn unknown() -> Problem {
    let detail = "there is no such session (any more): begin a new one with initialize";
    Problem::new(StatusCode::NOT_FOUND, "session_not_found", detail)
}

/// rmcp's sessions, with places, callers and ends of our own.
struct Manager {
    local: LocalSessionManager,
    sessions: Sessions,
    open: Mutex<HashMap<SessionId, Open>>,
}

/// What is known of an open session.
#[derive(Clone)]
struct Open {
    caller: Arc<Caller>,
    tenant: String,
    asked: Asked,
    has_batches: bool,
}

#[derive(Clone, Copy)]
enum Failure {
    Refused(Refusal),
    Gone,
    IdInUse,
}

#[derive(Debug, thiserror::Error)]
enum ManagerError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Local(#[from] LocalSessionManagerError),
    #[error("the id of the request is in use")]
    IdInUse,
}

impl Manager {
    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asked for a handler, which rmcp wants for a session that begins, for a request that belongs to
    /// none, and to look up a tool for one that belongs to some.
    fn admit_single(&self) -> Result<(), ManagerError> {
        let admit = |current: &Current| match current.in_session.get() {
            true => Ok(()),
            false => current.single.take(&self.sessions, &current.identity),
        };
        noted(CURRENT.try_with(admit).unwrap_or(Ok(())))
    }

    /// The session that the request names.
    fn named(&self, headers: &HeaderMap) -> Option<Open> {
        let id = headers.get(SESSION_ID)?.to_str().ok()?;
        self.open().get(id).cloned()
    }
}

/// Remembers, for the answer over HTTP, why a call of the manager failed.
fn noted<T, E: Into<ManagerError>>(result: Result<T, E>) -> Result<T, ManagerError> {
    result.map_err(|error| {
        let error = error.into();
        let failure = match &error {
            ManagerError::Refused(refusal) => Failure::Refused(*refusal),
            ManagerError::Local(_) => Failure::Gone,
            ManagerError::IdInUse => Failure::IdInUse,
        };
        let _ = CURRENT.try_with(|current| current.failure.set(Some(failure)));
        error
    })
}

impl SessionManager for Manager {
    type Error = ManagerError;
    type Transport = Session<WorkerTransport<LocalSessionWorker>>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), ManagerError> {
        let _ = CURRENT.try_with(|current| {
            current.in_session.set(true);
            current.single.leave();
        });
        let admit = |current: &Current| self.sessions.admit(&current.identity);
        // rmcp begins sessions only for requests that it is given here.
        let place = noted(CURRENT.try_with(admit).unwrap_or(Err(Refusal::Stopping)))?;
        let (id, transport) = noted(self.local.create_session().await)?;
        let asked = Asked::default();
        if let Ok(Identity { caller, tenant, .. }) = CURRENT.try_with(|current| current.identity.clone()) {
            let open = Open { caller, tenant: tenant.id.clone(), asked: asked.clone(), has_batches: false };
            self.open().insert(id.clone(), open);
        }
        Ok((id, self.sessions.remote(transport, place, asked)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, ManagerError> {
        let answer = noted(self.local.initialize_session(id, message).await)?;
        if let Some(open) = self.open().get_mut(id) {
            open.has_batches = batch::may_follow(&answer);
        }
        Ok(answer)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, ManagerError> {
        let has_session = noted(self.local.has_session(id).await)?;
        let _ = CURRENT.try_with(|current| current.in_session.set(has_session));
        Ok(has_session)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), ManagerError> {
        self.open().remove(id);
        noted(self.local.close_session(id).await)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, ManagerError> {
        let asked = self.open().get(id).map(|open| open.asked.clone());
        let mut ask = None;
        if let (ClientJsonRpcMessage::Request(request), Some(asked)) = (&message, asked) {
            ask = Some(noted(asked.ask(&request.id).ok_or(ManagerError::IdInUse))?);
        }
        let stream = noted(self.local.create_stream(id, message).await)?;
        if let Some(ask) = ask {
            ask.arrived();
        }
        Ok(stream)
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), ManagerError> {
        noted(self.local.accept_message(id, message).await)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, ManagerError> {
        noted(self.local.create_standalone_stream(id).await)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, ManagerError> {
        Ok(self.local.resume(id, last_event_id).await?)
    }
}
