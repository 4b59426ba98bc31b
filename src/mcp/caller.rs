//! Whose session it is: nobody may work in another caller's.

use axum::http::{HeaderMap, HeaderValue, header};

/// Who calls, as far as a request tells. The service asks for no log-in yet; a proxy before it may.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Caller(Option<HeaderValue>);

impl Caller {
    /// The caller that these headers are of.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(header::AUTHORIZATION).cloned())
    }
}
