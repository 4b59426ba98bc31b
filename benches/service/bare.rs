//! What rmcp does by itself: a server with one tool that answers at once.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
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
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::PollSender;

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
    Router::new().route_service("/mcp", service).merge(sse.with_state(Inbox::default()))
}

/// The way into the one session.
type Inbox = Arc<Mutex<Option<mpsc::Sender<ClientJsonRpcMessage>>>>;

async fn open(State(inbox): State<Inbox>) -> impl IntoResponse {
    let (messages, incoming) = mpsc::channel(16);
    let (answers, outgoing) = mpsc::channel::<ServerJsonRpcMessage>(16);
    *inbox.lock().unwrap() = Some(messages);
    let transport = SinkStreamTransport::new(PollSender::new(answers), ReceiverStream::new(incoming));
    tokio::spawn(async move {
        let running = Bare.serve::<_, _, TransportAdapterIdentity>(transport).await;
        running.unwrap().waiting().await.unwrap();
    });
    let endpoint = stream::once(async { Event::default().event("endpoint").data("/mcp/messages") });
    let events = ReceiverStream::new(outgoing)
        .map(|message| Event::default().event("message").json_data(message).unwrap());
    Sse::new(endpoint.chain(events).map(Ok::<_, Infallible>))
}

async fn message(State(inbox): State<Inbox>, Json(message): Json<ClientJsonRpcMessage>) -> impl IntoResponse {
    let messages = inbox.lock().unwrap().clone().unwrap();
    messages.send(message).await.unwrap();
    axum::http::StatusCode::ACCEPTED
}
