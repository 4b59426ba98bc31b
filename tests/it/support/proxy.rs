//! A proxy between the service and Odoo that fails on demand.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const JSON: &str = "application/json";

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before Odoo hears of the call.
    Refuse,
    /// Odoo does the call, then the connection is cut.
    CutAfter,
    /// Odoo does the call, the proxy answers 502 with HTML.
    BadGateway,
    /// Odoo does the call, the answer never comes.
    Late,
    /// Odoo does the call, the answer comes when it is [released](Proxy::release). Not one of [`Fault::ALL`].
    Held,
    /// Odoo does the call, the answer is garbage.
    Garbage,
    /// Odoo does nothing and reports a serialization conflict.
    Conflict,
    /// Odoo does the call, then a hook of its own fails. Not one of [`Fault::ALL`]: a read that fails so is final.
    Raise,
    /// A proxy in front of Odoo sheds load.
    Overloaded,
    /// Odoo does the call, a proxy answers this status with a page.
    Page(u16),
    /// Odoo does the call, a proxy answers nothing but this status.
    Bare(u16),
    /// A proxy answers this status with a page, Odoo hears nothing of the call.
    TurnedAway(u16),
}

impl Fault {
    /// Of the statuses of proxies those that once had a meaning of their own; the client is tried with all of them.
    pub const ALL: [Self; 14] = [
        Self::Refuse,
        Self::CutAfter,
        Self::BadGateway,
        Self::Late,
        Self::Garbage,
        Self::Conflict,
        Self::Overloaded,
        Self::Page(401),
        Self::Page(403),
        Self::Page(404),
        Self::Bare(413),
        Self::Bare(503),
        Self::TurnedAway(401),
        Self::TurnedAway(404),
    ];

    /// The time-out of calls to give a service that meets this: only an answer that never comes is to be waited for
    /// shortly, for a busy machine is slow with all others. What asks before the fault waits as long: two seconds are enough for
    /// it where everything takes thirty times as long as usual.
    pub fn timeout(self) -> Duration {
        Duration::from_secs(if self == Self::Late { 2 } else { 30 })
    }
}

/// One call as it passed: `model.method`, or the method alone for log-in and version; of a page its path.
pub type CallName = String;

/// Decides what goes wrong with the n-th call (from 1).
type Plan = Box<dyn FnMut(usize, &str) -> Option<Fault> + Send>;

/// Makes of what Odoo answers a call what it is to have answered.
type Edit = Box<dyn Fn(&str, &mut Value) + Send>;

/// The running proxy; stops when dropped.
pub struct Proxy {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _stop: tokio_util::sync::DropGuard,
}

struct Shared {
    upstream: SocketAddr,
    client: reqwest::Client,
    state: Mutex<State>,
    called: watch::Sender<()>,
    /// How many callers have hung up before they had their answer.
    left: watch::Sender<usize>,
    released: watch::Sender<bool>,
    edit: Mutex<Option<Edit>>,
}

/// Who waits for an answer.
struct Caller<'a> {
    shared: &'a Shared,
    is_answered: bool,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.shared.left.send_modify(|left| *left += 1);
        }
    }
}

struct State {
    calls: Vec<CallName>,
    /// Of JSON-2, where they are kept.
    bodies: Option<Vec<(CallName, Value)>>,
    answers: Vec<(CallName, Value)>,
    plan: Plan,
}

impl State {
    fn new(plan: impl FnMut(usize, &str) -> Option<Fault> + Send + 'static) -> Self {
        Self { calls: Vec::new(), bodies: None, answers: Vec::new(), plan: Box::new(plan) }
    }
}

impl Proxy {
    /// Starts a proxy in front of this address; nothing goes wrong until [`Proxy::plan`] says so.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State::new(|_, _| None);
        let client = super::http::passing();
        let called = watch::Sender::new(());
        let left = watch::Sender::new(0);
        let released = watch::Sender::new(false);
        let (state, edit) = (Mutex::new(state), Mutex::default());
        let shared = Arc::new(Shared { upstream, client, state, called, left, released, edit });
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(accept(listener, Arc::clone(&shared))));
        Self { address, shared, _stop: stop.drop_guard() }
    }

    /// From now on these faults; the count of calls starts anew.
    pub fn plan(&self, plan: impl FnMut(usize, &str) -> Option<Fault> + Send + 'static) {
        let mut state = self.shared.state.lock().unwrap();
        *state = State::new(plan);
    }

    /// From now on answers over JSON-2 are changed so, as by an Odoo with modules of its own.
    pub fn edit(&self, edit: impl Fn(&str, &mut Value) + Send + 'static) {
        *self.shared.edit.lock().unwrap() = Some(Box::new(edit));
    }

    /// Lets the answers go that are [held](Fault::Held).
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// Waits until this is true of the calls since the last plan.
    pub async fn until(&self, is: impl Fn(&[CallName]) -> bool) {
        self.shared.called.subscribe().wait_for(|()| is(&self.calls())).await.unwrap();
    }

    /// Waits until a caller has hung up on a call.
    pub async fn left(&self) {
        self.shared.left.subscribe().wait_for(|left| *left > 0).await.unwrap();
    }

    /// From now on what is asked by JSON-2 is kept, and what is answered.
    pub fn keep_bodies(&self) {
        let mut state = self.shared.state.lock().unwrap();
        (state.bodies, state.answers) = (Some(Vec::new()), Vec::new());
    }

    /// What was kept.
    pub fn bodies(&self) -> Vec<(CallName, Value)> {
        self.shared.state.lock().unwrap().bodies.clone().unwrap_or_default()
    }

    /// What was answered to it.
    pub fn answers(&self) -> Vec<(CallName, Value)> {
        self.shared.state.lock().unwrap().answers.clone()
    }

    /// The calls since the last plan.
    pub fn calls(&self) -> Vec<CallName> {
        self.shared.state.lock().unwrap().calls.clone()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let shared = Arc::clone(&shared);
        let serve = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move {
                let mut caller = Caller { shared: &shared, is_answered: false };
                let answer = shared.pass(request).await;
                caller.is_answered = true;
                answer
            }
        });
        // A connection that ends in an error is what a fault looks like from here.
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), serve),
        );
    }
}

/// Ends the connection without an answer.
fn cut() -> io::Error {
    io::Error::other("cut on purpose")
}

impl Shared {
    async fn pass(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let path = parts.uri.path().to_owned();
        let name = call_name(&path, &body);
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.calls.push(name.clone());
            if let Some(bodies) = state.bodies.as_mut().filter(|_| path.starts_with("/json/2/")) {
                bodies.push((name.clone(), serde_json::from_slice(&body).unwrap()));
            }
            let n = state.calls.len();
            (state.plan)(n, &name)
        };
        self.called.send_replace(());
        match fault {
            Some(Fault::Refuse) => return Err(cut()),
            Some(Fault::Conflict) => return Ok(conflict(&path, &name)),
            Some(Fault::Overloaded) => {
                return Ok(answer(StatusCode::SERVICE_UNAVAILABLE, "text/html", "<h1>Busy</h1>"));
            }
            Some(Fault::TurnedAway(status)) => return Ok(page(status)),
            _ => {}
        }
        let url = format!("http://{}{}", self.upstream, parts.uri);
        let mut forward = self.client.request(parts.method, url).body(body);
        for name in ["content-type", "authorization", "x-odoo-database", "cookie"] {
            if let Some(value) = parts.headers.get(name) {
                forward = forward.header(name, value);
            }
        }
        let done = forward.send().await.map_err(io::Error::other)?;
        let (status, headers) = (done.status(), done.headers().clone());
        let mut bytes = done.bytes().await.map_err(io::Error::other)?;
        if path.starts_with("/json/2/") {
            if let Some(edit) = &*self.edit.lock().unwrap() {
                let mut answer = serde_json::from_slice(&bytes).unwrap();
                edit(&name, &mut answer);
                bytes = answer.to_string().into();
            }
            let mut state = self.state.lock().unwrap();
            if state.bodies.is_some() {
                state.answers.push((name, serde_json::from_slice(&bytes).unwrap_or_default()));
            }
        }
        if fault == Some(Fault::Held) {
            self.released.subscribe().wait_for(|is_released| *is_released).await.map_err(io::Error::other)?;
        }
        match fault {
            Some(Fault::CutAfter) => Err(cut()),
            Some(Fault::Raise) => Ok(raised(&path, "builtins.ZeroDivisionError", "division by zero")),
            Some(Fault::BadGateway) => {
                Ok(answer(StatusCode::BAD_GATEWAY, "text/html", "<h1>502 Bad Gateway</h1>"))
            }
            Some(Fault::Page(status)) => Ok(page(status)),
            Some(Fault::Bare(status)) => Ok(answer(StatusCode::from_u16(status).unwrap(), "text/plain", "")),
            Some(Fault::Late) => std::future::pending().await,
            Some(Fault::Garbage) => Ok(answer(StatusCode::OK, "text/plain", "\u{1}%% no such thing")),
            _ => {
                let mut passed = Response::builder().status(status).body(Full::new(bytes)).unwrap();
                for name in ["content-type", "content-disposition", "location", "set-cookie"] {
                    if let Some(value) = headers.get(name) {
                        passed.headers_mut().insert(name, value.clone());
                    }
                }
                Ok(passed)
            }
        }
    }
}

fn answer(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Full::new(body.into()))
        .unwrap()
}

fn page(status: u16) -> Response<Full<Bytes>> {
    answer(StatusCode::from_u16(status).unwrap(), "text/html", format!("<html><h1>{status}</h1></html>"))
}

fn call_name(path: &str, body: &[u8]) -> CallName {
    if let Some(rest) = path.strip_prefix("/json/2/") {
        return rest.replace('/', ".");
    }
    let arguments: Vec<Value> = if path == "/jsonrpc" {
        let request: Value = serde_json::from_slice(body).unwrap();
        if request["params"]["method"] != "execute_kw" {
            return request["params"]["method"].as_str().unwrap().to_owned();
        }
        request["params"]["args"].as_array().unwrap().clone()
    } else if !path.starts_with("/xmlrpc/") {
        return path.to_owned();
    } else {
        let call = dxr::MethodCall::from_xml(std::str::from_utf8(body).unwrap()).unwrap();
        if call.name != "execute_kw" {
            return call.name.into_owned();
        }
        call.params
            .iter()
            .map(|value| if let dxr::Value::String(text) = value { json!(text) } else { Value::Null })
            .collect()
    };
    format!("{}.{}", arguments[3].as_str().unwrap(), arguments[4].as_str().unwrap())
}

/// An exception, as Odoo answers with it.
fn raised(path: &str, class: &str, said: &str) -> Response<Full<Bytes>> {
    let exception =
        json!({ "name": class, "message": said, "arguments": [said], "context": {}, "debug": "" });
    if path.starts_with("/json/2/") {
        return answer(StatusCode::INTERNAL_SERVER_ERROR, JSON, exception.to_string());
    }
    if path == "/jsonrpc" {
        let error = json!({ "code": 200, "message": "Odoo Server Error", "data": exception });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "error": error });
        return answer(StatusCode::OK, JSON, body.to_string());
    }
    // Python shows what is built in without its module.
    let class = class.trim_start_matches("builtins.");
    let said = format!("Traceback (most recent call last):\n  File x\n{class}: {said}");
    let fault = member("faultCode", "<int>1</int>") + &member("faultString", &text(&said));
    xml(&format!("<fault><value><struct>{fault}</struct></value></fault>"))
}

/// As Odoo reports it: in `load`'s messages, else as an exception.
fn conflict(path: &str, name: &str) -> Response<Full<Bytes>> {
    const SAID: &str = "could not serialize access due to concurrent update\n";
    if !name.ends_with(".load") {
        return raised(path, "psycopg2.errors.SerializationFailure", SAID);
    }
    let message = json!({ "type": "error", "message": SAID, "record": 0, "rows": { "from": 0, "to": 0 } });
    let loaded = json!({ "ids": false, "messages": [message], "nextrow": 0 });
    if path.starts_with("/json/2/") {
        return answer(StatusCode::OK, JSON, loaded.to_string());
    }
    if path == "/jsonrpc" {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "result": loaded });
        return answer(StatusCode::OK, JSON, body.to_string());
    }
    let message = member("type", &text("error")) + &member("message", &text(SAID));
    let messages = format!("<array><data><value><struct>{message}</struct></value></data></array>");
    let loaded = member("ids", "<boolean>0</boolean>") + &member("messages", &messages);
    xml(&format!("<params><param><value><struct>{loaded}</struct></value></param></params>"))
}

fn member(name: &str, value: &str) -> String {
    format!("<member><name>{name}</name><value>{value}</value></member>")
}

fn text(text: &str) -> String {
    format!("<string>{text}</string>")
}

fn xml(content: &str) -> Response<Full<Bytes>> {
    let body = format!("<?xml version='1.0'?><methodResponse>{content}</methodResponse>");
    answer(StatusCode::OK, "text/xml", body)
}
