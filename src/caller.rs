//! Who a request over HTTP comes from, and for whom it is.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use mcp_odoo_core::access::{Caller, Door};
use mcp_odoo_core::call::{Call, Progress};
use tokio_util::sync::CancellationToken;

use crate::state::AppState;

/// Who calls, as far as the request tells. The service asks for no log-in yet; a proxy before it may.
pub fn caller(door: Door, headers: &HeaderMap) -> Caller {
    Caller::anonymous(door, headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes))
}

/// The call that a request over REST is. Who hangs up drops it.
pub struct Asked(pub Call);

impl FromRequestParts<AppState> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let caller = caller(Door::Rest, &parts.headers).into();
        let (tenant, stop) = (Arc::clone(&state.tenant), CancellationToken::new());
        Ok(Self(Call { caller, tenant, progress: Progress::default(), stop }))
    }
}
