//! Requests that belong to no session (MCP 2026-07-28): bounded over the whole process, as sessions are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use mcp_odoo_core::access::Door;
use mcp_odoo_tools::audit;
use mcp_odoo_tools::caller::Identity;
use rmcp::model::{ClientJsonRpcMessage, ErrorCode, ErrorData, ServerJsonRpcMessage};
use serde_json::json;

use super::session::{Refusal, Sessions, SinglePlace};
use super::{body, step_up};
use crate::error::Problem;

/// JSON-RPC leaves this code to servers.
const BUSY: ErrorCode = ErrorCode(-32000);

/// The place of one request, if it has taken one. Its clones are with the call, which may outlast the
/// caller's interest, and with the answer, which may leave slowly: the place is free after both.
#[derive(Clone, Default)]
pub(super) struct Single(Arc<Mutex<Option<SinglePlace>>>);

impl Single {
    fn place(&self) -> MutexGuard<'_, Option<SinglePlace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place, unless it has one.
    pub(super) fn take(&self, sessions: &Sessions, identity: &Identity) -> Result<(), Refusal> {
        let mut place = self.place();
        if place.is_none() {
            *place = Some(sessions.admit_single(identity)?);
        }
        Ok(())
    }

    /// Gives the place back: the request has turned out to begin a session.
    pub(super) fn leave(&self) {
        self.place().take();
    }

    /// Has the answer hold the place until it has left.
    pub(super) fn held_by(self, response: Response) -> Response {
        let is_there_already = response.body().size_hint().exact().is_some();
        if is_there_already || self.place().is_none() {
            return response;
        }
        response.map(|body| {
            let chunks = body.into_data_stream();
            Body::from_stream(chunks.inspect(move |_| {
                let _ = &self;
            }))
        })
    }
}

impl Refusal {
    /// The audit has a line of what is refused.
    pub(super) fn noted(self, asker: &Identity, message: &ClientJsonRpcMessage) {
        for spec in step_up::asked_for(message) {
            audit::refused(spec, &asker.call(Door::Mcp), Problem::from(self).code());
        }
    }
}

/// Says so by HTTP and, to the request in this body, by JSON-RPC.
pub(super) fn busy(refusal: Refusal, asker: &Identity, body: &[u8]) -> Response {
    let message = body::message(body);
    let _ = message.as_ref().inspect(|message| refusal.noted(asker, message));
    let id = match message {
        Ok(ClientJsonRpcMessage::Request(request)) => Some(request.id),
        _ => None,
    };
    let data = json!({ "code": "too_many_requests" });
    let error = ServerJsonRpcMessage::error(ErrorData::new(BUSY, refusal.to_string(), Some(data)), id);
    let (mut parts, _) = Problem::from(refusal).into_response().into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (parts, axum::Json(error)).into_response()
}
