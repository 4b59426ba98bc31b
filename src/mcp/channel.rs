//! A session whose messages come and go by channels: for transports that have a stream of their own for each session.

use std::future::ready;

use futures::future::Either;
use futures::{FutureExt, Stream, StreamExt, stream};
use rmcp::model::{
    ClientCapabilities, ClientJsonRpcMessage, ClientRequest, GetMeta, Implementation,
    InitializeRequestParams, ProtocolVersion, ServerJsonRpcMessage,
};
use rmcp::service::serve_directly_with_ct;
use rmcp::transport::{Transport, TransportAdapterIdentity};
use rmcp::{RoleServer, ServerHandler, service::serve_server_with_ct};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::DropGuard;

use super::session::{Asked, Place, Sessions};

/// Messages that wait on the way in and out of one session.
const BUFFER: usize = 16;

/// An open session.
pub(super) struct Channel {
    /// Where messages go in.
    pub inlet: Inlet,
    /// Where answers come out; it ends with the session.
    pub answers: ReceiverStream<ServerJsonRpcMessage>,
    /// Dropped, it ends the session and what runs in it.
    pub end: DropGuard,
}

/// Where messages go into a session.
pub(super) struct Inlet {
    /// Those of one request at once: all of a batch arrive, or none.
    messages: mpsc::Sender<Vec<ClientJsonRpcMessage>>,
    /// Held weakly: the stream ends with the session.
    answers: mpsc::WeakSender<ServerJsonRpcMessage>,
}

/// How a session begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// As MCP has it, and then it is given up when nothing is heard of its client.
    Handshake,
    /// With whatever comes first; who opened it looks after its client.
    Anyhow,
}

/// Opens a session in this place.
pub(super) fn open<H: ServerHandler + Clone>(
    handler: H,
    sessions: &Sessions,
    place: Place,
    begin: Begin,
) -> Channel {
    let (messages, incoming) = mpsc::channel(BUFFER);
    let mut incoming = ReceiverStream::new(incoming).flat_map(stream::iter::<Vec<_>>);
    let (answers, outgoing) = mpsc::channel(BUFFER);
    let inlet = Inlet { messages, answers: answers.downgrade() };
    let end = sessions.abort().child_token();
    let (token, sessions) = (end.clone(), sessions.clone());
    tokio::spawn(async move {
        let running = if begin == Begin::Handshake {
            let session = sessions.remote(Line { incoming, answers }, place, Asked::default());
            serve_server_with_ct::<_, _, _, TransportAdapterIdentity>(handler, session, token).await.ok()
        } else {
            let first = token.clone().run_until_cancelled_owned(incoming.next()).await;
            let Some(Some(first)) = first else { return };
            let begins = is_of_a_lifecycle(&first);
            let incoming = stream::once(ready(first)).chain(incoming);
            let session = sessions.attached(Line { incoming, answers }, place);
            if begins {
                serve_server_with_ct::<_, _, _, TransportAdapterIdentity>(handler, session, token).await.ok()
            } else {
                Some(serve_directly_with_ct::<_, _, _, _, TransportAdapterIdentity>(
                    handler,
                    session,
                    Some(nobody_said()),
                    token,
                ))
            }
        };
        if let Some(running) = running {
            let _ = running.waiting().await;
        }
    });
    Channel { inlet, answers: ReceiverStream::new(outgoing), end: end.drop_guard() }
}

/// What a session reads from and writes to.
struct Line<St> {
    incoming: St,
    answers: mpsc::Sender<ServerJsonRpcMessage>,
}

impl<St: Stream<Item = ClientJsonRpcMessage> + Send + Unpin> Transport<RoleServer> for Line<St> {
    type Error = SendError<()>;

    /// At once where there is room, as nearly always: rmcp makes a task of what it is given, and moves it some times.
    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        match self.answers.try_send(message) {
            Err(TrySendError::Full(message)) => {
                let answers = self.answers.clone();
                Either::Right(async move { answers.send(message).await.map_err(|_| SendError(())) }.boxed())
            }
            sent => Either::Left(ready(sent.map_err(|_| SendError(())))),
        }
    }

    fn receive(&mut self) -> impl Future<Output = Option<ClientJsonRpcMessage>> + Send {
        self.incoming.next()
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Whether it begins as a version of MCP says, with `initialize` or by what each request brings.
fn is_of_a_lifecycle(first: &ClientJsonRpcMessage) -> bool {
    match first {
        ClientJsonRpcMessage::Request(request) => {
            matches!(request.request, ClientRequest::InitializeRequest(_) | ClientRequest::DiscoverRequest(_))
                || request.request.get_meta().protocol_version().is_some()
        }
        _ => false,
    }
}

/// What is taken for granted of a client that does not introduce itself.
pub(super) fn nobody_said() -> InitializeRequestParams {
    InitializeRequestParams::new(
        ClientCapabilities::default(),
        Implementation::new("unnamed", env!("CARGO_PKG_VERSION")),
    )
    .with_protocol_version(ProtocolVersion::V_2025_03_26)
}

impl Inlet {
    /// Waits until the client has read what it was sent, so that answers to who never reads do not pile up; nothing when the
    /// session is over.
    pub async fn deliver(&self, messages: Vec<ClientJsonRpcMessage>) -> Option<()> {
        let answers = self.answers.upgrade()?;
        drop(answers.reserve().await.ok()?);
        drop(answers);
        self.messages.send(messages).await.ok()
    }

    /// Says something beside what the session answers.
    pub async fn say(&self, message: ServerJsonRpcMessage) -> Option<()> {
        let answers = self.answers.upgrade()?;
        answers.send(message).await.ok()
    }
}
