//! WebSocket at `/mcp/ws`: JSON-RPC both ways, one message a frame. Clients that begin without a handshake, and leave out
//! `jsonrpc`, are served, too.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::{Sink, SinkExt, Stream, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use mcp_odoo_tools::caller::Identity;
use pin_project_lite::pin_project;
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, JsonRpcError, RequestId, ServerJsonRpcMessage};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, error::CapacityError};

use super::body;
use super::channel::{self, Begin, Channel, Inlet};
use super::session::{Place, Sessions};
use crate::body::Held;
use crate::error::Problem;
use crate::json;
use crate::middleware::address::Arrival;

/// Between pings, so that proxies keep the connection and a broken one is noticed.
const PING: Duration = Duration::from_secs(15);
/// What is read at once; each connection has so much all the time.
const READ_BUFFER: usize = 8 * 1024;
/// How long the last word may take to leave.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is spoken here, to who speaks something else.
const SPOKEN: [(HeaderName, &str); 3] =
    [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];

/// The route of this transport.
pub(super) fn routes<H: ServerHandler + Clone>(handler: H, sessions: Sessions) -> Router {
    Router::new().route("/mcp/ws", get(open::<H>)).with_state(Arc::new(Shared { handler, sessions }))
}

struct Shared<H> {
    handler: H,
    sessions: Sessions,
}

/// Opens a session; it lasts as long as its connection.
async fn open<H: ServerHandler + Clone>(
    State(shared): State<Arc<Shared<H>>>,
    Extension(identity): Extension<Identity>,
    mut request: Request,
) -> Result<Response, Response> {
    let upgrade = hyper::upgrade::on(&mut request);
    let taken = request.extensions().get::<Arrival>().and_then(|arrival| arrival.place.upgrade());
    let (parts, _) = request.into_parts();
    let request = Request::from_parts(parts, Body::empty());
    let response = create_response_with_body(&request, Body::empty).map_err(|error| {
        let detail = format!("open this with a WebSocket client: {error}");
        let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, "websocket_only", detail);
        (SPOKEN, problem).into_response()
    })?;
    let place = shared.sessions.admit(&identity).map_err(|refusal| Problem::from(refusal).into_response())?;
    let (parts, _) = request.into_parts();
    tokio::spawn(async move {
        let _taken = taken;
        let Shared { handler, sessions } = &*shared;
        let abort = sessions.abort().clone();
        let client = Client { parts, sessions: sessions.clone() };
        let serving = client.serve(upgrade, handler.clone(), place, identity);
        let _ = abort.run_until_cancelled(serving).await;
    });
    Ok(response)
}

/// Who is at the other end.
struct Client {
    /// The head of the request that opened it, for the handler.
    parts: Parts,
    sessions: Sessions,
}

/// Why it ends, as its client is told.
type End = (CloseCode, &'static str);

const GONE: End = (CloseCode::Away, "nothing was heard of you");

impl Client {
    async fn serve<H: ServerHandler + Clone>(
        self,
        upgrade: OnUpgrade,
        handler: H,
        place: Place,
        identity: Identity,
    ) {
        let Ok(held) = self.sessions.room().nothing(Some(&identity)) else { return };
        let Ok(upgraded) = upgrade.await else { return };
        let meter = Meter(Arc::new(Mutex::new(Arriving { bytes: 0, held })));
        let config = WebSocketConfig::default()
            .max_message_size(Some(body::MAX_BODY))
            .max_frame_size(Some(body::MAX_BODY))
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(usize::MAX);
        let io = Metered { io: TokioIo::new(upgraded), meter: meter.clone() };
        let (mut sink, stream) =
            WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await.split();
        let Channel { inlet, answers, end: _end } =
            channel::open(handler, &self.sessions, place, Begin::Anyhow);
        let end = tokio::select! {
            end = self.read(stream, &inlet, &meter) => end,
            end = write(&mut sink, answers, self.sessions.idle()) => end,
            () = identity.caller.over() => (CloseCode::Policy, "your key or token does not work any more"),
        };
        let frame = CloseFrame { code: end.0, reason: end.1.into() };
        let _ = tokio::time::timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
    }

    /// Takes in messages until there are no more, or nothing is heard any more.
    async fn read(
        &self,
        mut frames: impl Stream<Item = tungstenite::Result<Message>> + Unpin,
        inlet: &Inlet,
        meter: &Meter,
    ) -> End {
        let idle = self.sessions.idle();
        loop {
            let bytes = match tokio::time::timeout(idle, frames.next()).await {
                Err(_) => return GONE,
                Ok(None | Some(Ok(Message::Close(_)))) => return (CloseCode::Normal, ""),
                Ok(Some(Ok(Message::Text(text)))) => text.into(),
                Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
                Ok(Some(Ok(_))) => continue,
                Ok(Some(Err(tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. })))) => {
                    return (CloseCode::Size, body::TOO_LARGE);
                }
                Ok(Some(Err(tungstenite::Error::Io(error))))
                    if error.kind() == std::io::ErrorKind::OutOfMemory =>
                {
                    return (CloseCode::Again, "too many large messages are arriving at once; repeat later");
                }
                Ok(Some(Err(_))) => return (CloseCode::Protocol, "this is no WebSocket any more"),
            };
            let Some(held) = meter.whole() else {
                return (CloseCode::Again, "too much is arriving at once; repeat later");
            };
            let delivered = match message(&bytes) {
                Ok(mut message) => {
                    let mut parts = self.parts.clone();
                    parts.extensions.insert(Arc::new(held));
                    message.insert_extension(parts);
                    tokio::time::timeout(idle, inlet.deliver(vec![message])).await
                }
                Err(refused) => tokio::time::timeout(idle, inlet.say(*refused)).await,
            };
            match delivered {
                Ok(Some(())) => {}
                Ok(None) => return (CloseCode::Away, "the session is over"),
                Err(_) => return (CloseCode::Policy, "you do not read your answers"),
            }
        }
    }
}

/// Sends answers as they come, and asks now and then whether anybody is there.
async fn write(
    sink: &mut (impl Sink<Message, Error = tungstenite::Error> + Unpin),
    mut answers: impl Stream<Item = ServerJsonRpcMessage> + Unpin,
    idle: Duration,
) -> End {
    let mut pings = tokio::time::interval(PING.min(idle / 3));
    pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            answer = answers.next() => match answer {
                Some(answer) => Message::text(text(answer)),
                None => return (CloseCode::Away, "the session is over"),
            },
            _ = pings.tick() => Message::Ping(Default::default()),
        };
        if sink.send(frame).await.is_err() {
            return GONE;
        }
    }
}

/// A message as it is sent. What answers no request in particular has the id `null`, as JSON-RPC 2.0 has it.
fn text(message: ServerJsonRpcMessage) -> String {
    let json = match message {
        ServerJsonRpcMessage::Error(JsonRpcError { id: None, error, .. }) => {
            serde_json::to_string(&json!({ "jsonrpc": "2.0", "id": null, "error": error }))
        }
        message => serde_json::to_string(&message),
    };
    // A message is made of texts, numbers and lists: it always has a JSON form.
    json.unwrap_or_default()
}

/// The message, or what is answered to what is none.
fn message(bytes: &[u8]) -> Result<ClientJsonRpcMessage, Box<ServerJsonRpcMessage>> {
    let mut value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let id: Option<RequestId> = value.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
    let refused = |error| Box::new(ServerJsonRpcMessage::error(error, id.clone()));
    if let Some(path) = json::twice(bytes) {
        return Err(refused(ErrorData::invalid_params(format!("{path} {}", json::TWICE), None)));
    }
    if let Some(message) = value.as_object_mut() {
        message.entry("jsonrpc").or_insert(json!("2.0"));
    }
    serde_json::from_value(value).map_err(|_| refused(body::malformed(bytes)))
}

/// What arrives of a message, and the room that it takes.
struct Arriving {
    bytes: usize,
    held: Held,
}

#[derive(Clone)]
struct Meter(Arc<Mutex<Arriving>>);

impl Meter {
    fn arriving(&self) -> MutexGuard<'_, Arriving> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room of a message that has arrived.
    fn whole(&self) -> Option<Held> {
        let mut arriving = self.arriving();
        arriving.bytes = 0;
        let next = arriving.held.another().ok()?;
        Some(std::mem::replace(&mut arriving.held, next))
    }
}

pin_project! {
    /// A connection that is read only as far as there is room for what arrives.
    struct Metered {
        #[pin]
        io: TokioIo<Upgraded>,
        meter: Meter,
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.project();
        let before = buffer.filled().len();
        ready!(this.io.poll_read(context, buffer))?;
        let mut arriving = this.meter.arriving();
        let Arriving { bytes, held } = &mut *arriving;
        *bytes += buffer.filled().len() - before;
        Poll::Ready(held.grow(*bytes).map_err(|_| std::io::ErrorKind::OutOfMemory.into()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.project().io.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.project().io.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.project().io.poll_shutdown(context)
    }
}
