//! A request id on every answer, and one line in the process log for every request.
//!
//! The line has the route, never the path or the query: those may hold what a user typed.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use tokio::time::Instant;
use uuid::Uuid;

/// Taken from the caller where it is well formed, made otherwise.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are not taken from callers.
const MAX_LENGTH: usize = 64;

/// A request that is being served.
pub struct Entry {
    started: Instant,
    id: Uuid,
    /// As the caller wrote it.
    given: Option<HeaderValue>,
    method: &'static str,
    route: Option<MatchedPath>,
}

impl Entry {
    /// Of a request that has just come.
    pub fn new(request: &Request) -> Self {
        let given = given_id(request);
        Self {
            started: Instant::now(),
            id: given.as_ref().map_or_else(new_id, |(id, _)| *id),
            given: given.map(|(_, text)| text),
            method: method(request),
            route: request.extensions().get::<MatchedPath>().cloned(),
        }
    }

    /// What names it.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Logs it when the head of its answer is ready.
    pub fn close(self, mut response: Response) -> Response {
        let Self { started, id, given, method, route } = self;
        let mut text = Uuid::encode_buffer();
        let id = &*id.hyphenated().encode_lower(&mut text);
        let status = response.status().as_u16();
        let milliseconds = (started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
        let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
        tracing::info!(request_id = id, method, route, status, milliseconds, "request");
        if let Some(id) = given.or_else(|| HeaderValue::from_str(id).ok()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}

/// An e-mail address or a phone number cannot pass for an id: it would end up in the log.
fn given_id(request: &Request) -> Option<(Uuid, HeaderValue)> {
    let given = request.headers().get(REQUEST_ID)?;
    let id = given.to_str().ok().filter(|id| id.len() <= MAX_LENGTH)?;
    Some((Uuid::try_parse(id).ok()?, given.clone()))
}

/// Nobody gains by guessing it, so it takes no system call for randomness.
fn new_id() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid()
}

/// A method may be any word: only those of HTTP are logged.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
