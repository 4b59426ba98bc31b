//! How long a trivial tool call takes over Streamable HTTP, beside a bare rmcp server in the same run.
//!
//! `cargo bench --bench mcp_latency`. The call is one that needs neither Odoo nor disk: the status of what
//! cannot be a quotation. A stall of 40 ms would mean that TCP_NODELAY is off.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use mcp_odoo::app::App;
use mcp_odoo_core::config::{Config, Env};
use mcp_odoo_core::odoo::{OdooConfig, ProtocolChoice};
use mcp_odoo_core::quotation::target::Target;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Tool};
use rmcp::model::{ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig};
use rmcp::service::RequestContext;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::json;
use tokio::net::TcpListener;

const CALLS: usize = 2_000;

/// A bare server with one tool that answers at once.
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
        Ok(ListToolsResult::with_all_items(vec![Tool::new("dev_get_quotation_status", "Echo", schema)]))
    }

    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![ContentBlock::text("there is no quotation")]).into())
    }
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (product, bare) = (product().await, bare().await);
    // In turns, so that whatever else the machine does meets both.
    for round in 1..=3 {
        measure(&format!("{round} bare rmcp  /mcp"), &bare).await;
        measure(&format!("{round} mcp-odoo   /mcp"), &product).await;
    }
}

async fn product() -> String {
    let mut config = Config::from_env(&Env::default()).unwrap();
    config.log_dir = tempfile::tempdir().unwrap().keep();
    let odoo = OdooConfig {
        url: "http://127.0.0.1:9".parse().unwrap(),
        database: String::new(),
        login: String::new(),
        secret: "".into(),
        secret_is_api_key: true,
        protocol: ProtocolChoice::Auto,
        timeout: Duration::from_secs(1),
        max_concurrency: 1,
    };
    let app = App::new(config, odoo, Target::embedded()).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(app.serve(listener, std::future::pending()));
    url
}

async fn bare() -> String {
    let service = StreamableHttpService::new(
        || Ok(Bare),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route_service("/mcp", service)).into_future());
    url
}

async fn measure(name: &str, url: &str) {
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await.unwrap();
    let arguments = json!({ "tracking_id": "none" }).as_object().unwrap().clone();
    let call = CallToolRequestParams::new("dev_get_quotation_status").with_arguments(arguments);
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let started = Instant::now();
        client.call_tool(call.clone()).await.unwrap();
        took.push(started.elapsed());
    }
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    println!("{name}: p50 {:>8.3?} p99 {:>8.3?}", at(50), at(99));
    client.cancel().await.unwrap();
}
