//! One message without a session, served whole: for the plain forms, which hand their requests to the same handler as every
//! other transport.

use std::sync::Arc;

use axum::http::request::Parts;
use mcp_odoo_tools::caller::Identity;
use rmcp::ServerHandler;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::serve_directly_with_ct;
use rmcp::transport::{OneshotTransport, TransportAdapterIdentity};

use super::channel::nobody_said;
use super::session::{Refusal, Sessions};
use super::single::Single;
use crate::error::Problem;

/// Serves single messages; a cheap handle.
pub(super) struct Once<H>(Arc<Shared<H>>);

struct Shared<H> {
    handler: H,
    sessions: Sessions,
}

impl<H> Clone for Once<H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<H: ServerHandler + Clone> Once<H> {
    pub fn new(handler: H, sessions: Sessions) -> Self {
        Self(Arc::new(Shared { handler, sessions }))
    }

    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub fn handler(&self) -> &H {
        &self.0.handler
    }

    /// The answer to a request; who hangs up cancels it.
    ///
    /// # Errors
    /// When too many are being answered already; a line of the audit says so.
    pub async fn answer(
        &self,
        identity: &Identity,
        mut parts: Parts,
        mut request: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Problem> {
        let single = Single::default();
        single.take(self.sessions(), identity).inspect_err(|refusal| refusal.noted(identity, &request))?;
        parts.extensions.insert(single.clone());
        request.insert_extension(parts);
        let (transport, mut said) = OneshotTransport::new(request);
        let end = self.sessions().abort().child_token();
        let handler = self.handler().clone();
        let serving = serve_directly_with_ct::<_, _, _, _, TransportAdapterIdentity>(
            handler,
            transport,
            Some(nobody_said()),
            end.clone(),
        );
        let _end = end.clone().drop_guard();
        tokio::spawn(async move {
            let _ = serving.waiting().await;
        });
        loop {
            match end.run_until_cancelled(said.recv()).await {
                Some(Some(answer @ (ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_)))) => {
                    return Ok(answer);
                }
                // Progress, which this form has no place for.
                Some(Some(_)) => {}
                // The process stops.
                None => return Err(Refusal::Stopping.into()),
                Some(None) => return Err(Problem::internal()),
            }
        }
    }
}
