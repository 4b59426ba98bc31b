//! The outermost layer: under which names the service may be called, how long a request may take, an answer also to one that
//! meets a defect, and one line in the log. Written as a service: axum's `from_fn` would box and copy each request.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::CatchUnwind;
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower::{Layer, Service};

use super::address::Arrival;
use super::hosts;
use super::request_log::Entry;
use crate::error::Problem;

/// What stands before a service.
#[derive(Clone)]
pub struct Front {
    /// Under which names it may be called.
    pub hosts: hosts::Check,
    /// How long a request may take. A stream counts as answered once it has begun.
    pub limit: Option<Duration>,
}

impl<S> Layer<S> for Front {
    type Service = Served<S>;

    fn layer(&self, inner: S) -> Served<S> {
        Served { front: self.clone(), inner }
    }
}

/// A service behind its front.
#[derive(Clone)]
pub struct Served<S> {
    front: Front,
    inner: S,
}

impl<S> Service<Request> for Served<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Answer<S::Future> {
        let entry = Entry::new(&request);
        let state = match (self.front.hosts)(&request) {
            Ok(()) => {
                request.extensions_mut().get_or_insert_default::<Arrival>().request_id = entry.id();
                State::Serving { future: AssertUnwindSafe(self.inner.call(request)).catch_unwind() }
            }
            Err(problem) => State::Refused { problem: Some(problem) },
        };
        Answer { state, limit: self.front.limit, late: None, entry: Some(entry) }
    }
}

pin_project! {
    /// What becomes of a request.
    pub struct Answer<F> {
        #[pin]
        state: State<F>,
        limit: Option<Duration>,
        // Most are answered without having waited: this is made for those that do.
        late: Option<Pin<Box<Sleep>>>,
        entry: Option<Entry>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Serving { #[pin] future: CatchUnwind<AssertUnwindSafe<F>> },
        Refused { problem: Option<Problem> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = match this.state.project() {
            StateProjection::Serving { future } => future.poll(context),
            StateProjection::Refused { problem } => {
                Poll::Ready(Ok(Ok(problem.take().unwrap_or_else(Problem::internal).into_response())))
            }
        };
        let response = match (answered, *this.limit) {
            (Poll::Ready(Ok(Ok(response))), _) => response,
            // It met a defect.
            (Poll::Ready(Err(_)), _) => Problem::internal().into_response(),
            (Poll::Pending, Some(limit)) => {
                let late = this.late.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
                ready!(late.as_mut().poll(context));
                too_slow().into_response()
            }
            (Poll::Pending, None) => return Poll::Pending,
        };
        Poll::Ready(Ok(match this.entry.take() {
            Some(entry) => entry.close(response),
            None => response,
        }))
    }
}

/// Nearly always its body did not come.
fn too_slow() -> Problem {
    let detail =
        "the request took too long; repeat it with the same Idempotency-Key, nothing will be made twice";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
}
