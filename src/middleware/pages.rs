//! What web pages of other origins are told (CORS). Programs send no `Origin`: their answers say only that a page's would differ,
//! which costs less than to work out for each what a page may.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tower_http::cors::{Cors, CorsLayer};

const VARY: HeaderValue =
    HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers");

/// Tells pages what they may.
#[derive(Clone)]
pub struct Pages(pub CorsLayer);

impl<S: Clone> Layer<S> for Pages {
    type Service = ForPages<S>;

    fn layer(&self, inner: S) -> ForPages<S> {
        ForPages { page: self.0.layer(inner.clone()), program: inner }
    }
}

/// A service that pages may call.
#[derive(Clone)]
pub struct ForPages<S> {
    page: Cors<S>,
    program: S,
}

impl<S> Service<Request> for ForPages<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<<Cors<S> as Service<Request>>::Future, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        std::task::ready!(self.page.poll_ready(context))?;
        self.program.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Without an origin OPTIONS is answered as to a page that asks first.
        if request.headers().contains_key(header::ORIGIN) || request.method() == axum::http::Method::OPTIONS {
            Answer::Page { future: self.page.call(request) }
        } else {
            Answer::Program { future: self.program.call(request) }
        }
    }
}

pin_project! {
    /// What becomes of a request.
    #[project = AnswerProjection]
    pub enum Answer<P, F> {
        /// Of a page.
        Page { #[pin] future: P },
        /// Of a program.
        Program { #[pin] future: F },
    }
}

impl<P, F> Future for Answer<P, F>
where
    P: Future<Output = Result<Response, Infallible>>,
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnswerProjection::Page { future } => future.poll(context),
            AnswerProjection::Program { future } => future.poll(context).map(|Ok(mut response)| {
                response.headers_mut().append(header::VARY, VARY);
                Ok(response)
            }),
        }
    }
}
