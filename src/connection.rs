//! What goes on on a connection, so that one on which nothing does is closed in time. hyper's own timer for the heads of
//! requests is set anew for each of them, which costs as much as the gate does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use pin_project_lite::pin_project;

/// A connection; a cheap handle.
#[derive(Clone, Default)]
pub struct Activity(Arc<State>);

#[derive(Default)]
struct State {
    /// A request is being served.
    serves: AtomicBool,
    /// The client has taken something since this was looked at.
    has_sent: AtomicBool,
}

impl Activity {
    /// The whole head of a request has come. It is served until its response is dropped.
    pub fn begin(&self) {
        self.0.serves.store(true, Ordering::Relaxed);
    }

    /// What is answered to it.
    pub fn end_with(&self, response: Response) -> Response {
        let serving = Serving(self.clone());
        // Of what is there already nothing is waited for but its client.
        if response.body().size_hint().exact().is_some() {
            return response;
        }
        response.map(|body| Body::new(Served { body, _serving: serving }))
    }

    /// Something has left.
    pub fn sent(&self) {
        self.0.has_sent.store(true, Ordering::Relaxed);
    }

    /// Returns when nothing was served or sent for as long as this, and at most twice as long.
    pub async fn over(&self, patience: Duration) {
        loop {
            tokio::time::sleep(patience).await;
            let has_sent = self.0.has_sent.swap(false, Ordering::Relaxed);
            if !has_sent && !self.0.serves.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}

struct Serving(Activity);

impl Drop for Serving {
    fn drop(&mut self) {
        // The end of the response has yet to leave, and the client has some time for its next request.
        self.0.sent();
        self.0.0.serves.store(false, Ordering::Relaxed);
    }
}

pin_project! {
    /// The body of a response.
    struct Served {
        #[pin]
        body: Body,
        _serving: Serving,
    }
}

impl HttpBody for Served {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.project().body.poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
