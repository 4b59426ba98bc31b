//! How long a trivial tool call takes over each transport, beside a bare rmcp server in the same run.
//!
//! `cargo bench --bench mcp_latency`. The call is one that needs neither Odoo nor disk: the status of what
//! cannot be a quotation. All servers are processes of their own. A stall of 40 ms would mean that
//! TCP_NODELAY is off.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod bare;
mod sse;

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures::StreamExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use self::sse::SseClient;

const TOOL: &str = "dev_get_quotation_status";
/// One after the other, for the times; and at once, for the throughput.
const CALLS: usize = 2_000;
const AT_ONCE: usize = 16;
const CALLS_AT_ONCE: usize = 8_000;

#[derive(Clone, Copy, PartialEq)]
enum Server {
    Bare,
    Product,
}

#[tokio::main]
async fn main() {
    if let Ok(transport) = std::env::var(bare::TRANSPORT) {
        return bare::serve(&transport).await;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = TempDir::new().unwrap();
    let bare = Http::start(Server::Bare, folder.path()).await;
    let product = Http::start(Server::Product, folder.path()).await;
    println!("round transport server         p50       p99   calls/s with {AT_ONCE} at once");
    // In turns, so that whatever else the machine does meets both.
    for round in 1..=3 {
        for transport in ["/mcp", "/mcp/sse", "stdio"] {
            for server in [Server::Bare, Server::Product] {
                let http = if server == Server::Bare { &bare } else { &product };
                let client = match transport {
                    "/mcp" => Client::streamable(&http.url).await,
                    "/mcp/sse" => Client::Sse(SseClient::connect(&http.url).await),
                    _ => Client::stdio(server, folder.path()).await,
                };
                let name = match (server, transport) {
                    (Server::Product, _) => "mcp-odoo",
                    (Server::Bare, "/mcp/sse") => "bare rmcp*",
                    (Server::Bare, _) => "bare rmcp",
                };
                measure(&format!("{round}     {transport:<9} {name:<10}"), &client).await;
                client.end().await;
            }
        }
    }
    println!(
        "* rmcp has no HTTP+SSE: its handler behind the least code that makes one, one session at a time"
    );
}

async fn measure(name: &str, client: &Client) {
    for _ in 0..100 {
        client.call().await;
    }
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let started = Instant::now();
        client.call().await;
        took.push(started.elapsed());
    }
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
    let started = Instant::now();
    let calls = futures::stream::iter(0..CALLS_AT_ONCE).map(|_| client.call());
    calls.buffer_unordered(AT_ONCE).for_each(async |()| ()).await;
    let each_second = CALLS_AT_ONCE as f64 / started.elapsed().as_secs_f64();
    println!("{name} {:>9.3?} {:>9.3?} {each_second:>9.0}", at(50), at(99));
}

enum Client {
    Rmcp(RunningService<RoleClient, ()>),
    Sse(SseClient),
}

impl Client {
    async fn streamable(url: &str) -> Self {
        let transport = StreamableHttpClientTransport::from_uri(format!("{url}/mcp"));
        Self::Rmcp(().serve(transport).await.unwrap())
    }

    async fn stdio(server: Server, folder: &Path) -> Self {
        let transport = TokioChildProcess::builder(command(server, "stdio", folder)).stderr(Stdio::null());
        Self::Rmcp(().serve(transport.spawn().unwrap().0).await.unwrap())
    }

    async fn call(&self) {
        match self {
            Self::Rmcp(client) => {
                let call = CallToolRequestParams::new(TOOL).with_arguments(arguments());
                client.call_tool(call).await.unwrap();
            }
            Self::Sse(client) => client.call().await,
        }
    }

    async fn end(self) {
        if let Self::Rmcp(client) = self {
            client.cancel().await.unwrap();
        }
    }
}

fn arguments() -> Map<String, Value> {
    json!({ "tracking_id": "none" }).as_object().unwrap().clone()
}

fn command(server: Server, transport: &str, folder: &Path) -> Command {
    let mut command = match server {
        Server::Bare => {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.env_clear().env(bare::TRANSPORT, transport);
            command
        }
        Server::Product => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-odoo"));
            command.env_clear().env("PORT", "0").arg(transport);
            command
        }
    };
    command.current_dir(folder).kill_on_drop(true);
    command
}

/// A server that listens; it ends with this.
struct Http {
    url: String,
    _process: Child,
}

impl Http {
    async fn start(server: Server, folder: &Path) -> Self {
        // Its log goes to a file, so that nobody here has to read it.
        let log = tempfile::NamedTempFile::new_in(folder).unwrap().into_temp_path().keep().unwrap();
        let mut command = command(server, "serve", folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log).unwrap());
        let process = command.spawn().unwrap();
        loop {
            let said = std::fs::read_to_string(&log).unwrap();
            if let Some((_, url)) = said.split_once("listening on ")
                && let Some((url, _)) = url.split_once([',', '\n'])
            {
                return Self { url: url.to_owned(), _process: process };
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
