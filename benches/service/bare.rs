//! What rmcp does by itself: a server with one tool that answers at once.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{StreamExt, stream};
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Tool};
use rmcp::model::{ClientJsonRpcMessage, ListToolsResult, PaginatedRequestParams};
use rmcp::model::{ServerCapabilities, ServerConfig, ServerJsonRpcMessage};
use rmcp::service::RequestContext;
use rmcp::transport::TransportAdapterIdentity;
use rmcp::transport::sink_stream::SinkStreamTransport;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::json;
use tokio::sync::{RwLock, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::PollSender;
use uuid::Uuid;

#[derive(Clone)]
struct Bare;

impl ServerHandler for Bare {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object" }).as_object().unwrap().clone();
        Ok(ListToolsResult::with_all_items(vec![Tool::new(super::mcp::TOOL, "Echo", schema)]))
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![ContentBlock::text("there is no quotation")]).into())
    }
}

/// Over stdio, until its input ends.
pub async fn stdio() {
    Bare.serve(rmcp::transport::stdio()).await.unwrap().waiting().await.unwrap();
}

/// Over HTTP.
pub fn router() -> Router {
    let service = StreamableHttpService::new(
        || Ok(Bare),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let sse = Router::new().route("/mcp/sse", get(open)).route("/mcp/messages", post(message));
    Router::new().route_service("/mcp", service).merge(sse.with_state(Inboxes::default()))
}

/// The ways into the open sessions.
type Inboxes = Arc<RwLock<HashMap<String, mpsc::Sender<ClientJsonRpcMessage>>>>;

/// As rmcp had it until it gave this transport up (its `SseServer`, to version 0.10): rmcp is what is left of it.
async fn open(State(inboxes): State<Inboxes>) -> impl IntoResponse {
    let (messages, incoming) = mpsc::channel(64);
    let (answers, outgoing) = mpsc::channel::<ServerJsonRpcMessage>(64);
    let id = Uuid::new_v4().to_string();
    let endpoint = format!("/mcp/messages?sessionId={id}");
    inboxes.write().await.insert(id, messages);
    let transport = SinkStreamTransport::new(PollSender::new(answers), ReceiverStream::new(incoming));
    tokio::spawn(async move {
        let running = Bare.serve::<_, _, TransportAdapterIdentity>(transport).await;
        running.unwrap().waiting().await.unwrap();
    });
    let endpoint = stream::once(async { Event::default().event("endpoint").data(endpoint) });
    let events = ReceiverStream::new(outgoing)
        .map(|message| Event::default().event("message").data(serde_json::to_string(&message).unwrap()));
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Sse::new(endpoint.chain(events).map(Ok::<_, Infallible>)).keep_alive(keep_alive)
}

async fn message(
    State(inboxes): State<Inboxes>,
    head: Parts,
    Json(mut message): Json<ClientJsonRpcMessage>,
) -> StatusCode {
    let mut query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let (_, id) = query.find(|(name, _)| name == "sessionId").unwrap();
    let Some(messages) = inboxes.read().await.get(&*id).cloned() else {
        return StatusCode::NOT_FOUND;
    };
    message.insert_extension(head);
    messages.send(message).await.unwrap();
    StatusCode::ACCEPTED
}
