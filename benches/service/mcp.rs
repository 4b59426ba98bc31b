//! A trivial tool call over each transport, beside a bare rmcp server with one tool.
//!
//! The call is one that needs neither Odoo nor disk: the status of what cannot be a quotation. A stall of 40 ms
//! would mean that TCP_NODELAY is off.

use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::StreamExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::load::{self, Load, post};
use super::process::{Server, product, role};
use super::report::{Report, Row};
use super::sse::SseClient;
use super::{Scale, alternate};

pub const TOOL: &str = "dev_get_quotation_status";
const AT_ONCE: usize = 16;

pub async fn run(scale: Scale, report: &mut Report) {
    let (ours, bare) = (Server::product(&[]).await, Server::role("rmcp", &[]).await);
    for transport in ["/mcp, in a session", "/mcp, without one", "/mcp/sse", "stdio"] {
        let (ours, bare) = alternate(scale, async |turn| {
            let server = if turn.is_ours { &ours } else { &bare };
            let before = server.cpu();
            let load = match transport {
                "/mcp, in a session" => session(server, turn.time).await,
                "/mcp, without one" => single(server, turn.time).await,
                "/mcp/sse" => by_client(Client::sse(server).await, turn.time).await,
                _ => by_client(Client::stdio(turn.is_ours).await, turn.time).await,
            };
            (load, server.cpu() - before)
        })
        .await;
        let mut remark =
            format!("p50 {:.2} ms, p99 {:.2} ms", ours.load.percentile(50), ours.load.percentile(99));
        remark += &format!(" (bare {:.2}, {:.2})", bare.load.percentile(50), bare.load.percentile(99));
        if transport != "stdio" {
            remark += &format!(
                "; µs of the server's processor a call: {:.0} (bare {:.0})",
                ours.cost(),
                bare.cost()
            );
        }
        let row =
            Row::new(format!("MCP tools/call, {transport}, {AT_ONCE} at once"), ours.load.per_second, "/s");
        report.add(row.beside("/s bare rmcp", bare.load.per_second).ratio_at_least(0.9).remark(remark));
    }
}

/// Up to MCP 2025-11-25.
async fn session(server: &Server, time: Duration) -> Load {
    const HEADERS: &str = "Accept: application/json, text/event-stream\r\n";
    let client = json!({ "name": "bench", "version": "1" });
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello });
    let mut connection = server.connect().await;
    let answer = connection.ask(&post("/mcp", HEADERS, &hello)).await;
    let id = answer.header("mcp-session-id").unwrap();
    let headers = format!("{HEADERS}MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {id}\r\n");
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    connection.ask(&post("/mcp", &headers, &ready)).await;
    let load = load::run(&server.address, AT_ONCE, (time, u64::MAX), move |number| {
        let params = json!({ "name": TOOL, "arguments": arguments() });
        let call = json!({ "jsonrpc": "2.0", "id": number + 1, "method": "tools/call", "params": params });
        post("/mcp", &headers, &call)
    });
    let load = load.await;
    load.assert_only(200);
    load
}

/// Of MCP 2026-07-28.
async fn single(server: &Server, time: Duration) -> Load {
    let load = load::run(&server.address, AT_ONCE, (time, u64::MAX), |number| {
        without_session(number, TOOL, &arguments())
    });
    let load = load.await;
    load.assert_only(200);
    load
}

/// A tool call that belongs to no session.
pub fn without_session(id: u64, tool: &str, arguments: &Map<String, Value>) -> Vec<u8> {
    let headers = format!(
        "Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n\
         Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
    );
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
    let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
    post("/mcp", &headers, &call)
}

pub fn arguments() -> Map<String, Value> {
    json!({ "tracking_id": "none" }).as_object().unwrap().clone()
}

async fn by_client(client: Client, time: Duration) -> Load {
    let started = Instant::now();
    let calls = futures::stream::repeat_with(|| async {
        let asked = Instant::now();
        client.call().await;
        asked.elapsed()
    });
    let calls = calls.take_while(|_| std::future::ready(started.elapsed() < time));
    let times = calls.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
    let load = Load::of(times, Default::default(), started.elapsed());
    client.end().await;
    load
}

enum Client {
    Stdio { client: RunningService<RoleClient, ()>, _folder: TempDir },
    Sse(SseClient),
}

impl Client {
    async fn sse(server: &Server) -> Self {
        Self::Sse(SseClient::connect(&server.url()).await)
    }

    async fn stdio(ours: bool) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = if ours { product(&[]) } else { role("rmcp-stdio", &[]) };
        if ours {
            command.arg("stdio");
        }
        command.current_dir(folder.path()).kill_on_drop(true);
        let log = std::fs::File::create(folder.path().join("stderr")).unwrap();
        let transport = TokioChildProcess::builder(command).stderr(Stdio::from(log));
        let client = ().serve(transport.spawn().unwrap().0).await.unwrap();
        Self::Stdio { client, _folder: folder }
    }

    async fn call(&self) {
        match self {
            Self::Stdio { client, .. } => {
                let call = CallToolRequestParams::new(TOOL).with_arguments(arguments());
                client.call_tool(call).await.unwrap();
            }
            Self::Sse(client) => client.call().await,
        }
    }

    async fn end(self) {
        if let Self::Stdio { client, .. } = self {
            client.cancel().await.unwrap();
        }
    }
}
