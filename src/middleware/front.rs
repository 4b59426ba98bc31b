//! The one layer that every request passes: who is it, may they, how long may it take; and one line in the log. Written as a
//! service: axum's `from_fn` would box and copy each request twice.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, CatchUnwind};
use futures::{FutureExt, StreamExt};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

use super::gate::{Found, Gate};
use super::hosts;
use super::request_log::Entry;
use crate::error::Problem;

/// Lets requests in to the service behind it.
#[derive(Clone)]
pub struct Front {
    /// Under which names the service may be called.
    pub hosts: hosts::Check,
    /// Who may call.
    pub gate: Arc<Gate>,
    /// How long a request may take. A stream counts as answered once it has begun.
    pub limit: Option<Duration>,
}

impl<S> Layer<S> for Front {
    type Service = Served<S>;

    fn layer(&self, inner: S) -> Served<S> {
        Served { front: self.clone(), inner }
    }
}

/// A service behind the front.
#[derive(Clone)]
pub struct Served<S> {
    front: Front,
    inner: S,
}

impl<S> Service<Request> for Served<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Answer<S::Future> {
        let entry = Entry::new(&request);
        let Front { hosts, gate, limit } = &self.front;
        let mut ended = None;
        let found = match hosts(&request) {
            Ok(()) => gate.find(&request, entry.id()),
            Err(problem) => Found::Now(Err(problem)),
        };
        let state = match found {
            Found::Now(Ok(identity)) => {
                ended.clone_from(&identity.caller.ended);
                request.extensions_mut().insert(identity);
                State::Serving { future: AssertUnwindSafe(self.inner.call(request)).catch_unwind() }
            }
            Found::Now(Err(problem)) => State::Refused { problem: Some(problem) },
            Found::Later(finding) => {
                // The clone may not be ready; the service itself is.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                let finding = async move {
                    let identity = match finding.await {
                        Ok(identity) => identity,
                        Err(problem) => return problem.into_response(),
                    };
                    let ended = identity.caller.ended.clone();
                    request.extensions_mut().insert(identity);
                    let Ok(response) = inner.call(request).await;
                    until(ended, response)
                };
                State::Finding { future: AssertUnwindSafe(finding.boxed()).catch_unwind() }
            }
        };
        Answer { state, limit: limit.map(tokio::time::sleep), ended, entry: Some(entry) }
    }
}

pin_project! {
    /// What becomes of a request.
    pub struct Answer<F> {
        #[pin]
        state: State<F>,
        #[pin]
        limit: Option<Sleep>,
        ended: Option<CancellationToken>,
        entry: Option<Entry>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Serving { #[pin] future: CatchUnwind<AssertUnwindSafe<F>> },
        Finding { #[pin] future: CatchUnwind<AssertUnwindSafe<BoxFuture<'static, Response>>> },
        Refused { problem: Option<Problem> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = match this.state.project() {
            StateProjection::Serving { future } => {
                future.poll(context).map(|done| done.map(|Ok(response)| until(this.ended.take(), response)))
            }
            StateProjection::Finding { future } => future.poll(context),
            StateProjection::Refused { problem } => {
                Poll::Ready(Ok(problem.take().unwrap_or_else(Problem::internal).into_response()))
            }
        };
        let response = match (answered, this.limit.as_pin_mut()) {
            // A defect is answered, too.
            (Poll::Ready(done), _) => done.unwrap_or_else(|_| Problem::internal().into_response()),
            (Poll::Pending, Some(limit)) => {
                ready!(limit.poll(context));
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

/// A stream ends when its caller may not call any more.
fn until(ended: Option<CancellationToken>, response: Response) -> Response {
    match ended {
        Some(ended) if response.body().size_hint().exact().is_none() => response
            .map(|body| Body::from_stream(body.into_data_stream().take_until(ended.cancelled_owned()))),
        _ => response,
    }
}

/// Nearly always its body did not come.
fn too_slow() -> Problem {
    let detail =
        "the request took too long; repeat it with the same Idempotency-Key, nothing will be made twice";
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
}
