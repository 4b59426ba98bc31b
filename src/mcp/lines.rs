//! Messages as lines. rmcp passes over what is too long, and takes the last of two equal keys: here both are refused, with
//! the reason, as over HTTP.

use std::io;
use std::mem;

use futures::future::BoxFuture;
use mcp_odoo_tools::caller::Local;
use rmcp::RoleServer;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, GetExtensions, RequestId, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, Empty, empty};

use super::body;

/// One message a line.
pub(super) struct Lines<R, W: AsyncWrite> {
    input: BufReader<R>,
    line: Vec<u8>,
    /// It is too long: the rest of it is passed over.
    is_skipped: bool,
    output: AsyncRwTransport<RoleServer, Empty, W>,
    /// What is being said to a line that is refused.
    saying: Option<BoxFuture<'static, io::Result<()>>>,
}

/// What is answered to a line that is refused.
type Refused = Box<ServerJsonRpcMessage>;

fn refused(error: ErrorData, id: Option<RequestId>) -> Refused {
    Box::new(ServerJsonRpcMessage::error(error, id))
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    pub(super) fn new(input: R, output: W) -> Self {
        Self {
            input: BufReader::new(input),
            line: Vec::new(),
            is_skipped: false,
            output: AsyncRwTransport::new_server(empty(), output),
            saying: None,
        }
    }

    /// The next line, or that it is too long; `None` at the end. Dropped, it loses nothing.
    async fn line(&mut self) -> Option<Result<Vec<u8>, Refused>> {
        loop {
            // What cannot be read has ended.
            let read = self.input.fill_buf().await.ok().filter(|read| !read.is_empty())?;
            let end = read.iter().position(|byte| *byte == b'\n');
            let part = end.and_then(|end| read.get(..end)).unwrap_or(read);
            let taken = part.len() + usize::from(end.is_some());
            self.is_skipped |= self.line.len() + part.len() > body::MAX_BODY;
            if self.is_skipped {
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(part);
            }
            self.input.consume(taken);
            if end.is_some() {
                let line = mem::take(&mut self.line);
                let too_long = || refused(ErrorData::invalid_request(body::TOO_LARGE, None), None);
                return Some(if mem::take(&mut self.is_skipped) { Err(too_long()) } else { Ok(line) });
            }
        }
    }
}

/// The message in this line; `None` for what is not to be answered, either: noise, which would be answered with noise
/// for ever, and notifications.
fn message(line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, Refused> {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    if let Some((error, id)) = body::given_twice(line) {
        return Err(refused(error, id));
    }
    if let Ok(mut message) = body::message(line) {
        if let ClientJsonRpcMessage::Request(request) = &mut message {
            request.request.extensions_mut().insert(Local);
        }
        return Ok(Some(message));
    }
    let what = match serde_json::from_slice::<Value>(line) {
        Err(_) => return Ok(None),
        Ok(message) if message.get("method").is_some() && message.get("id").is_none() => return Ok(None),
        Ok(Value::Array(_)) => "batches are not taken over stdio: send one message a line",
        Ok(_) => "the line is not a JSON-RPC message of MCP",
    };
    Err(refused(ErrorData::invalid_request(what, None), None))
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.output.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            // Also when the input has ended meanwhile, or an answer has come between.
            if let Some(saying) = &mut self.saying {
                let said = saying.await;
                self.saying = None;
                said.ok()?;
            }
            let line = self.line().await?;
            match line.and_then(|line| message(&line)) {
                Ok(Some(message)) => return Some(message),
                Ok(None) => {}
                Err(refused) => self.saying = Some(Box::pin(self.output.send(*refused))),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}
