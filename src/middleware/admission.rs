//! Lets requests in whose caller is known: it goes with them. What streams to a caller ends when they may not call any more.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use mcp_odoo_core::access::Caller;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::gate::{Found, Gate};
use super::rate_limit::Limited;
use crate::error::Problem;

/// A gate before a service.
#[derive(Clone)]
pub struct Admission(pub Arc<Gate>);

impl<S> Layer<S> for Admission {
    type Service = Admitted<S>;

    fn layer(&self, inner: S) -> Admitted<S> {
        Admitted { gate: Arc::clone(&self.0), inner }
    }
}

/// A service behind the gate.
#[derive(Clone)]
pub struct Admitted<S> {
    gate: Arc<Gate>,
    inner: S,
}

impl<S> Service<Request> for Admitted<S>
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
        match self.gate.find(&request) {
            Found::Now(Ok(identity)) => {
                let (bound, limited) = (Bound::of(&identity.caller, &self.gate), Limited::new(&identity));
                request.extensions_mut().insert(identity);
                Answer::Serving { future: self.inner.call(request), bound, limited }
            }
            Found::Now(Err(problem)) => Answer::Refused { problem: Some(problem) },
            Found::Later(finding) => {
                // The clone may not be ready; the service itself is.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                let gate = Arc::clone(&self.gate);
                let finding = async move {
                    let identity = match finding.await {
                        Ok(identity) => identity,
                        Err(problem) => return problem.into_response(),
                    };
                    let (bound, limited) = (Bound::of(&identity.caller, &gate), Limited::new(&identity));
                    request.extensions_mut().insert(identity);
                    let Ok(response) = inner.call(request).await;
                    bounded(bound, told(limited.as_ref(), response))
                };
                Answer::Finding { future: finding.boxed() }
            }
        }
    }
}

pin_project! {
    /// What becomes of a request.
    #[project = AnswerProjection]
    pub enum Answer<F> {
        /// Its caller is known.
        Serving {
            #[pin]
            future: F,
            bound: Option<Bound>,
            limited: Option<Limited>,
        },
        /// Others are asked who it is.
        Finding { future: BoxFuture<'static, Response> },
        /// It may not pass.
        Refused { problem: Option<Problem> },
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Answer<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnswerProjection::Serving { future, bound, limited } => future
                .poll(context)
                .map(|Ok(response)| Ok(bounded(bound.take(), told(limited.as_ref(), response)))),
            AnswerProjection::Finding { future } => future.poll_unpin(context).map(Ok),
            AnswerProjection::Refused { problem } => {
                Poll::Ready(Ok(problem.take().unwrap_or_else(Problem::internal).into_response()))
            }
        }
    }
}

fn told(limited: Option<&Limited>, mut response: Response) -> Response {
    if let Some(limited) = limited {
        limited.tell(&mut response);
    }
    response
}

/// A caller who may not call for ever.
pub struct Bound {
    caller: Arc<Caller>,
    /// Where they came with an access token: may tell them how to come by one that permits more.
    gate: Option<Arc<Gate>>,
}

impl Bound {
    fn of(caller: &Arc<Caller>, gate: &Arc<Gate>) -> Option<Self> {
        let gate = caller.token_expires.map(|_| Arc::clone(gate));
        caller.may_end().then(|| Self { caller: Arc::clone(caller), gate })
    }
}

fn bounded(bound: Option<Bound>, response: Response) -> Response {
    let Some(bound) = bound else { return response };
    let response = match bound.gate {
        Some(gate) => gate.answered(&bound.caller, response),
        None => response,
    };
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let over = Box::pin(async move { bound.caller.over().await });
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(over)))
}
