//! What web pages of other origins are told (CORS). Programs send no `Origin`: their answers say only that a page's would differ,
//! which costs less than to work out for each what a page may.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
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
pub struct Pages(Arc<CorsLayer>);

impl Pages {
    /// This.
    pub fn new(cors: CorsLayer) -> Self {
        Self(Arc::new(cors))
    }
}

impl<S> Layer<S> for Pages {
    type Service = ForPages<S>;

    fn layer(&self, inner: S) -> ForPages<S> {
        ForPages { cors: Arc::clone(&self.0), inner }
    }
}

/// A service that pages may call.
#[derive(Clone)]
pub struct ForPages<S> {
    cors: Arc<CorsLayer>,
    inner: S,
}

impl<S> Service<Request> for ForPages<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<<Cors<S> as Service<Request>>::Future, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Without an origin OPTIONS is answered as to a page that asks first.
        if request.headers().contains_key(header::ORIGIN) || request.method() == axum::http::Method::OPTIONS {
            // The clone may not be ready; the service itself is.
            let clone = self.inner.clone();
            let ready = std::mem::replace(&mut self.inner, clone);
            Answer::Page { future: self.cors.layer(ready).call(request) }
        } else {
            Answer::Program { future: self.inner.call(request) }
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
