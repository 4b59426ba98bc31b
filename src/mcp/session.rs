//! A session over any transport: its place under the cap, the end of one whose client is gone, an
//! orderly end for all. Requests of no session have a cap of the same size.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_odoo_core::shares::{Share, Shares};
use mcp_odoo_tools::caller::Identity;
use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorData, PingRequest, RequestId,
    ServerJsonRpcMessage, ServerRequest,
};
use rmcp::transport::Transport;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{McpConfig, body};
use crate::body::Room;
use crate::error::Problem;

/// Requests of one session that are worked on at once, at most; more of them wait.
const MAX_RUNNING: usize = 64;
/// No answer that takes longer will ever come: its handler has panicked.
const LONGEST_CALL: Duration = Duration::from_secs(600);
/// How long answers that are ready may take to leave when the process stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// The open sessions of all transports; a cheap handle.
#[derive(Clone)]
pub struct Sessions(Arc<Shared>);

struct Shared {
    max: usize,
    idle: Duration,
    places: Arc<Semaphore>,
    shares: Shares,
    /// Of requests that belong to no session.
    single: Arc<Semaphore>,
    single_shares: Shares,
    /// For messages that arrive or are worked on.
    room: Room,
    open: watch::Sender<usize>,
    stop: CancellationToken,
    abort: CancellationToken,
}

/// Why there is no new session, or no answer to a request of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0} MCP sessions are open already (MCP_MAX_SESSIONS); repeat later")]
    Full(usize),
    #[error("{0} requests without a session are being answered already (MCP_MAX_SESSIONS); repeat later")]
    Busy(usize),
    #[error(
        "this caller, or its tenant, has half of the {0} MCP sessions of this service (MCP_MAX_SESSIONS): end some"
    )]
    OwnFull(usize),
    #[error(
        "half of the {0} requests without a session that this service answers at once are this caller's, or its tenant's; repeat later"
    )]
    OwnBusy(usize),
    #[error("the service is restarting; repeat in a few seconds")]
    Stopping,
}

impl Sessions {
    /// None yet. With `stop`, sessions end as soon as they owe their client no answer.
    pub fn new(config: &McpConfig, stop: CancellationToken) -> Self {
        let places = || Arc::new(Semaphore::new(config.max_sessions.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Shared {
            max: config.max_sessions,
            idle: config.idle,
            places: places(),
            shares: Shares::default(),
            single: places(),
            single_shares: Shares::default(),
            room: Room::new(),
            open: watch::Sender::new(0),
            stop,
            abort: CancellationToken::new(),
        }))
    }

    /// How many are open, now and as it changes.
    pub fn open(&self) -> watch::Receiver<usize> {
        self.0.open.subscribe()
    }

    /// Waits a little for answers that are ready, then ends what is still open.
    pub async fn close(&self) {
        self.0.stop.cancel();
        let mut open = self.open();
        let _ = tokio::time::timeout(FAREWELL, open.wait_for(|open| *open == 0)).await;
        self.0.abort.cancel();
        // A client that reads nothing may hold up the last words to it; nobody waits long for that.
        let _ = tokio::time::timeout(2 * FAREWELL, open.wait_for(|open| *open == 0)).await;
    }

    /// Cancelled when sessions are to end whatever they do.
    pub(super) fn abort(&self) -> &CancellationToken {
        &self.0.abort
    }

    /// What messages need until their call is done.
    pub(super) fn room(&self) -> &Room {
        &self.0.room
    }

    /// Takes a place for one more session.
    pub(super) fn admit(&self, identity: &Identity) -> Result<Place, Refusal> {
        if self.0.stop.is_cancelled() {
            return Err(Refusal::Stopping);
        }
        let share = share(&self.0.shares, identity, self.0.max).ok_or(Refusal::OwnFull(self.0.max))?;
        let permit = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| Refusal::Full(self.0.max))?;
        self.0.open.send_modify(|open| *open += 1);
        Ok(Place { _permit: permit, _share: share, open: self.0.open.clone() })
    }

    /// Takes a place for one request that belongs to no session.
    pub(super) fn admit_single(&self, identity: &Identity) -> Result<SinglePlace, Refusal> {
        let share = share(&self.0.single_shares, identity, self.0.max).ok_or(Refusal::OwnBusy(self.0.max))?;
        let permit = Arc::clone(&self.0.single).try_acquire_owned();
        Ok(SinglePlace { _permit: permit.map_err(|_| Refusal::Busy(self.0.max))?, _share: share })
    }

    /// A session of a client that may vanish without a word.
    pub(super) fn remote<T>(&self, transport: T, place: Place, asked: Asked) -> Session<T> {
        Session { _place: Some(place), idle: Some(Idle::new(self.0.idle)), asked, ..self.local(transport) }
    }

    /// A session of a client that whoever holds the transport looks after.
    pub(super) fn attached<T>(&self, transport: T, place: Place) -> Session<T> {
        Session { _place: Some(place), ..self.local(transport) }
    }

    /// After how long a client counts as gone of which nothing is heard.
    pub(super) fn idle(&self) -> Duration {
        self.0.idle
    }

    /// The session of the process that started this one; its end of input is not the end of its interest.
    pub(super) fn local<T>(&self, transport: T) -> Session<T> {
        Session {
            transport,
            _place: None,
            idle: None,
            stop: Stop::of(&self.0.stop),
            input_ended: false,
            ready: false,
            pinged: false,
            heard: Instant::now(),
            running: HashSet::new(),
            listening: HashSet::new(),
            asked: Asked::default(),
        }
    }
}

fn share(shares: &Shares, Identity { caller, tenant, .. }: &Identity, of: usize) -> Option<Share> {
    shares.place(tenant.shares(caller), of)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, wait) = match refusal {
            Refusal::Full(_) | Refusal::OwnFull(_) => ("too_many_sessions", Duration::from_secs(30)),
            Refusal::Busy(_) | Refusal::OwnBusy(_) => ("too_many_requests", Duration::from_secs(5)),
            Refusal::Stopping => ("stopping", Duration::from_secs(5)),
        };
        Self::unavailable(code, refusal.to_string(), wait)
    }
}

/// A place of a request that belongs to no session.
pub(super) struct SinglePlace {
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

/// A place under the cap.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _share: Share,
    open: watch::Sender<usize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.send_modify(|open| *open -= 1);
    }
}

/// How long a client may be silent, and when to look whether it was.
struct Idle {
    patience: Duration,
    /// Set anew only when it rings: to do so with every message would cost more than the message.
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    fn new(patience: Duration) -> Self {
        Self { patience, timer: Box::pin(tokio::time::sleep(patience / 2)) }
    }

    async fn rings(idle: &mut Option<Self>) {
        match idle {
            Some(idle) => idle.timer.as_mut().await,
            None => std::future::pending().await,
        }
    }
}

/// That the process stops.
struct Stop {
    token: CancellationToken,
    /// Waits all the time: to begin anew with every message takes a lock that all sessions share.
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Stop {
    fn of(token: &CancellationToken) -> Self {
        Self { token: token.clone(), cancelled: Box::pin(token.clone().cancelled_owned()) }
    }
}

/// The ids of the requests of a session that are on their way or not answered, where each has a stream of its own:
/// a second one under an id would take over the stream of the first.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<Mutex<HashSet<RequestId>>>);

impl Asked {
    fn ids(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the id, unless another request has it now.
    pub(super) fn ask(&self, id: &RequestId) -> Option<Ask> {
        let is_free = self.ids().insert(id.clone());
        is_free.then(|| Ask { asked: self.clone(), id: Some(id.clone()) })
    }

    fn answered(&self, id: &RequestId) {
        self.ids().remove(id);
    }
}

/// A request on its way: its id is free again when it does not arrive.
pub(super) struct Ask {
    asked: Asked,
    id: Option<RequestId>,
}

impl Ask {
    /// The session has it: its answer frees the id.
    pub(super) fn arrived(mut self) {
        self.id = None;
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.asked.answered(id);
        }
    }
}

/// A transport that ends in time.
///
/// A client counts as there while it sends something. When nothing came for half of the idle time, it is
/// asked by `ping`; when still nothing came at its end, and no answer is owed to it, the session is over.
pub(super) struct Session<T> {
    transport: T,
    /// Left when nothing more is taken in: fields are dropped in their order.
    _place: Option<Place>,
    idle: Option<Idle>,
    stop: Stop,
    input_ended: bool,
    /// The client has said that it is initialized: before that it takes no requests.
    ready: bool,
    pinged: bool,
    heard: Instant,
    running: HashSet<RequestId>,
    /// Those of them that are answered only when they end.
    listening: HashSet<RequestId>,
    asked: Asked,
}

impl<T> Session<T> {
    fn is_over(&self, stopping: bool) -> bool {
        self.running.len() == self.listening.len() && (self.input_ended || stopping)
    }

    fn has_room(&self) -> bool {
        // Of those that listen there are as many as the room for messages holds.
        self.running.len() - self.listening.len() < MAX_RUNNING
    }

    /// Whether it asks under the id of a request that is not answered: rmcp would answer only one of them, and
    /// they would not count as two.
    fn is_running(&self, message: &ClientJsonRpcMessage) -> bool {
        matches!(message, ClientJsonRpcMessage::Request(request) if self.running.contains(&request.id))
    }

    /// When to ask the client, or, when it was asked, to give it up. Who waits for an answer may be silent.
    fn alarm(&self) -> Option<Instant> {
        let idle = self.idle.as_ref()?.patience;
        let patience = if self.running.is_empty() { idle } else { idle.max(LONGEST_CALL) };
        self.heard.checked_add(if self.pinged { patience } else { patience / 2 })
    }

    /// After half of the idle time at latest: an answer that leaves meanwhile ends the longer patience.
    fn set_timer(&mut self) {
        let alarm = self.alarm();
        if let Some(Idle { patience, timer }) = &mut self.idle {
            let soon = Instant::now().checked_add(*patience / 2);
            if let Some(next) = [alarm, soon].into_iter().flatten().min() {
                timer.as_mut().reset(next);
            }
        }
    }

    fn heard(&mut self, message: &ClientJsonRpcMessage) {
        (self.heard, self.pinged) = (Instant::now(), false);
        match message {
            ClientJsonRpcMessage::Request(request) => {
                self.running.insert(request.id.clone());
                if matches!(request.request, ClientRequest::SubscriptionsListenRequest(_)) {
                    self.listening.insert(request.id.clone());
                }
            }
            ClientJsonRpcMessage::Notification(notification) => match &notification.notification {
                ClientNotification::InitializedNotification(_) => self.ready = true,
                ClientNotification::CancelledNotification(cancelled) => {
                    if let Some(id) = &cancelled.params.request_id {
                        self.running.remove(id);
                        self.listening.remove(id);
                        self.asked.answered(id);
                    }
                }
                _ => {}
            },
            ClientJsonRpcMessage::Response(_) | ClientJsonRpcMessage::Error(_) => {}
        }
    }

    fn answered(&mut self, message: &ServerJsonRpcMessage) {
        let id = match message {
            ServerJsonRpcMessage::Response(response) => Some(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        if let Some(id) = id {
            self.asked.answered(id);
            self.listening.remove(id);
        }
        if id.is_some_and(|id| self.running.remove(id)) {
            // The client had reason to be silent until now.
            (self.heard, self.pinged) = (Instant::now(), false);
        }
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Session<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        self.answered(&message);
        self.transport.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        // Called anew after every answer, so that what is decided here is decided on the newest state.
        loop {
            let (has_room, stopping) = (self.has_room(), self.stop.token.is_cancelled());
            if self.is_over(stopping) {
                return None;
            }
            tokio::select! {
                message = self.transport.receive(), if has_room && !self.input_ended => match message {
                    Some(message) if self.is_running(&message) => {
                        (self.heard, self.pinged) = (Instant::now(), false);
                        // Without the id: with it, this would be the answer to the first request.
                        tokio::spawn(self.transport.send(ServerJsonRpcMessage::error(id_in_use(), None)));
                    }
                    Some(message) => {
                        self.heard(&message);
                        let Some((id, error)) = body::wrong_params(&message) else { return Some(message) };
                        let answer = ServerJsonRpcMessage::error(error, Some(id));
                        tokio::spawn(self.send(answer));
                    }
                    None if self.idle.is_some() => return None,
                    None => self.input_ended = true,
                },
                () = &mut self.stop.cancelled, if !stopping => {}
                () = Idle::rings(&mut self.idle) => {
                    if self.alarm().is_some_and(|alarm| alarm <= Instant::now()) {
                        if self.pinged {
                            tracing::debug!("an MCP session ends: nothing was heard of its client");
                            return None;
                        }
                        self.pinged = true;
                        if self.ready {
                            tokio::spawn(self.transport.send(ping()));
                        }
                    }
                    self.set_timer();
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), T::Error> {
        self.transport.close().await
    }
}

/// Said to the second request under an id.
pub(super) fn id_in_use() -> ErrorData {
    ErrorData::invalid_request(
        "a request with this id is not answered yet: each needs an id of its own",
        None,
    )
}

/// The service counts its own requests in numbers: a text cannot be mistaken for one of them.
fn ping() -> ServerJsonRpcMessage {
    let ping = ServerRequest::PingRequest(PingRequest::default());
    ServerJsonRpcMessage::request(ping, RequestId::String("are-you-there".into()))
}
