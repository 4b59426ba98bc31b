//! A stand-in for Twilio on a real socket: it checks what it is sent as Twilio does, answers with the documented
//! bodies, and fails on demand.

mod answers;
mod messages;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::{Channel, TwilioConfig};
use reqwest::Url;
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::messages::Message;

pub const ACCOUNT: &str = "AC00112233445566778899aabbccddeeff";
pub const TOKEN: &str = "geheim-token-4711";
pub const FROM: &str = "+14155238886";

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The error with this number of Twilio's dictionary.
    Refuse(u32),
    /// HTTP 429, perhaps with `Retry-After` in seconds.
    RateLimited(Option<u64>),
    /// Twilio does nothing and answers with this HTTP status.
    ServerError(u16),
    /// The connection is closed before Twilio does anything.
    CutBefore,
    /// Twilio does it, then the connection is cut.
    CutAfter,
    /// Twilio does it, the answer never comes.
    HangAfter,
    /// Twilio does it, a proxy answers 502 with HTML.
    BadGateway,
    /// Twilio does it, the answer is garbage with a good status.
    Garbage,
    /// Twilio does it, the answer comes so much later.
    Delay(Duration),
}

/// Decides what goes wrong with the n-th call (from 1): `send`, `list` or `account`.
type Plan = Box<dyn FnMut(usize, &str) -> Option<Fault> + Send>;

/// The running stand-in; stops when dropped.
pub struct Twilio {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    stop: Mutex<Option<DropGuard>>,
}

struct Shared {
    state: Mutex<State>,
    accepted: watch::Sender<usize>,
}

struct State {
    calls: Vec<String>,
    plan: Plan,
    messages: Vec<Message>,
    /// However many are asked for.
    largest_page: usize,
    account: Value,
    next_page_host: Option<String>,
}

impl Twilio {
    /// Nothing goes wrong until [`Twilio::plan`] says so.
    pub async fn start() -> Self {
        let account =
            json!({ "sid": ACCOUNT, "friendly_name": "Robots", "status": "active", "type": "Full" });
        let state = State {
            calls: Vec::new(),
            plan: Box::new(|_, _| None),
            messages: Vec::new(),
            largest_page: 1000,
            account,
            next_page_host: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), accepted: watch::Sender::new(0) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let twilio = Self { address, shared, stop: Mutex::new(None) };
        twilio.serve(listener);
        twilio
    }

    fn serve(&self, listener: TcpListener) {
        let stop = CancellationToken::new();
        let accept = accept(listener, Arc::clone(&self.shared), stop.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept));
        *self.stop.lock().unwrap() = Some(stop.drop_guard());
    }

    /// Nobody listens any more, and open connections end.
    pub async fn stop(&self) {
        drop(self.stop.lock().unwrap().take());
        // The listener is gone when nobody answers.
        while tokio::net::TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// After [`Twilio::stop`], on the same port and with the same messages.
    pub async fn restart(&self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    pub fn config(&self, channel: Channel) -> TwilioConfig {
        TwilioConfig {
            account_sid: ACCOUNT.to_owned(),
            auth_token: TOKEN.into(),
            channel,
            from: Phone::parse(FROM, CountryCode::default()).unwrap(),
            content_sid: None,
            api_base: Url::parse(&format!("http://{}", self.address)).unwrap(),
        }
    }

    /// The same as variables.
    pub fn env(&self) -> [(&'static str, String); 5] {
        [
            ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN", TOKEN.to_owned()),
            ("TWILIO_WHATSAPP_FROM", format!("whatsapp:{FROM}")),
            ("TWILIO_SMS_FROM", FROM.to_owned()),
            ("TWILIO_API_BASE", format!("http://{}", self.address)),
        ]
    }

    /// From now on these faults; the count of calls starts anew.
    pub fn plan(&self, plan: impl FnMut(usize, &str) -> Option<Fault> + Send + 'static) {
        let mut state = self.shared.state.lock().unwrap();
        state.calls.clear();
        state.plan = Box::new(plan);
    }

    /// From now on this fault at the n-th call (from 1).
    pub fn fail_at(&self, n: usize, fault: Fault) {
        self.plan(move |call, _| (call == n).then_some(fault));
    }

    /// The calls since the last plan.
    pub fn calls(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().calls.clone()
    }

    /// The messages it took over, in order.
    pub fn accepted(&self) -> Vec<Message> {
        self.shared.state.lock().unwrap().messages.clone()
    }

    /// Waits until it has taken over so many.
    pub async fn until_accepted(&self, count: usize) {
        self.shared.accepted.subscribe().wait_for(|accepted| *accepted >= count).await.unwrap();
    }

    /// Changes what is known of the messages, e.g. when they were sent.
    pub fn messages(&self, change: impl FnOnce(&mut Vec<Message>)) {
        change(&mut self.shared.state.lock().unwrap().messages);
    }

    /// So many messages on a page, however many are asked for.
    pub fn largest_page(&self, size: usize) {
        self.shared.state.lock().unwrap().largest_page = size;
    }

    /// The pages after the first are said to be on this host.
    pub fn next_page_host(&self, host: &str) {
        self.shared.state.lock().unwrap().next_page_host = Some(host.to_owned());
    }

    /// Changes a property of the account, e.g. `status` to `suspended`.
    pub fn account(&self, name: &str, value: &str) {
        self.shared.state.lock().unwrap().account[name] = json!(value);
    }

    /// Tells of a message's delivery at `url`, as Twilio does with `StatusCallback` set to `signed`: the same,
    /// or the address under which the world knows it.
    pub async fn callback(
        &self,
        signed: &str,
        url: &str,
        message: &Message,
        status: &str,
        error_code: Option<u32>,
    ) -> reqwest::Response {
        let form = message.callback(status, error_code);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        super::http_client()
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("x-twilio-signature", signature(TOKEN, signed, &pairs))
            .body(body)
            .send()
            .await
            .unwrap()
    }
}

/// `X-Twilio-Signature` of a request.
pub fn signature(token: &str, url: &str, form: &[(&str, &str)]) -> String {
    let mut form = form.to_vec();
    form.sort_unstable();
    form.dedup();
    let text: String = form.into_iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap().chain_update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, stop: CancellationToken) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let shared = Arc::clone(&shared);
        let serve = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.answer(request).await }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
        // A connection that ends in an error is what a fault looks like from here.
        tokio::spawn(stop.clone().run_until_cancelled_owned(connection));
    }
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let name = match (&parts.method, parts.uri.path()) {
            (&Method::POST, path) if path == format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json") => {
                "send"
            }
            (&Method::GET, path) if path == format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json") => "list",
            (&Method::GET, path) if path == format!("/2010-04-01/Accounts/{ACCOUNT}.json") => "account",
            // Twilio checks the credentials first: another account's are wrong ones.
            (_, path) if path.starts_with("/2010-04-01/Accounts/AC") => {
                return Ok(answers::refuse(20003, ""));
            }
            _ => return Ok(answers::refuse(20404, "")),
        };
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.calls.push(name.to_owned());
            let n = state.calls.len();
            (state.plan)(n, name)
        };
        match fault {
            Some(Fault::CutBefore) => return Err(cut()),
            Some(Fault::Refuse(code)) => return Ok(answers::refuse(code, "+5215587654321")),
            Some(Fault::RateLimited(retry_after)) => return Ok(answers::rate_limited(retry_after)),
            Some(Fault::ServerError(status)) => return Ok(answers::server_error(status)),
            _ => {}
        }
        let authorization = parts.headers.get("authorization").map(|value| value.as_bytes());
        let expected = format!("Basic {}", STANDARD.encode(format!("{ACCOUNT}:{TOKEN}")));
        let done = if authorization != Some(expected.as_bytes()) {
            answers::refuse(20003, "")
        } else {
            let mut state = self.state.lock().unwrap();
            match name {
                "send" => state.send(&parts.headers, &body),
                "list" => state.list(&parts.uri),
                _ => answers::json(200, &state.account),
            }
        };
        let count = self.state.lock().unwrap().messages.len();
        self.accepted.send_replace(count);
        match fault {
            Some(Fault::CutAfter) => Err(cut()),
            Some(Fault::HangAfter) => std::future::pending().await,
            Some(Fault::BadGateway) => Ok(answers::html(502, "<h1>502 Bad Gateway</h1>")),
            Some(Fault::Garbage) => Ok(answers::html(201, "\u{1}%% no such thing")),
            Some(Fault::Delay(pause)) => {
                tokio::time::sleep(pause).await;
                Ok(done)
            }
            _ => Ok(done),
        }
    }
}

/// Ends the connection without an answer.
fn cut() -> io::Error {
    io::Error::other("cut on purpose")
}
