//! From the start to the first answer, parallel reads, and the size of the binary.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::net::TcpListener;

use super::Scale;
use super::load::median;
use super::mcp::without_session;
use super::process::{Server, binary, odoo_env, product, role};
use super::report::{Report, Row};

const READS: usize = 8;

pub async fn run(scale: Scale, report: &mut Report) {
    // An Odoo that takes connections and says nothing.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..if scale.quick { 3 } else { 11 } {
        for (times, command) in [(&mut ours, product(&odoo_env(&url))), (&mut bare, role("axum", &[]))] {
            let started = Instant::now();
            let server = Server::start(command, "/health").await;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
            server.end().await;
        }
    }
    let row = Row::new("start to first answer, Odoo silent", median(ours), "ms");
    report.add(row.beside("ms bare axum", median(bare)).at_most(50.0));
    reads(scale, report, "list_sales", &Map::new()).await;
    let size = std::fs::metadata(binary()).unwrap().len();
    let row = Row::new("binary, stripped", size as f64 / 1e6, "MB");
    report.add(if cfg!(debug_assertions) { row } else { row.at_most(25.0) });
}

pub async fn reads(scale: Scale, report: &mut Report, tool: &str, arguments: &Map<String, Value>) {
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "200")]).await;
    let url = odoo.url();
    let server = Server::product(&odoo_env(&url)).await;
    let call = without_session(1, tool, arguments);
    // The first one logs in.
    server.connect().await.ask(&call).await;
    let mut took = Vec::new();
    for _ in 0..scale.rounds {
        let mut connections = Vec::new();
        for _ in 0..READS {
            connections.push(server.connect().await);
        }
        let started = Instant::now();
        let reading = connections.iter_mut().map(async |connection| {
            let answer = connection.ask(&call).await;
            let body = std::str::from_utf8(answer.body).unwrap();
            assert!(answer.status == 200 && body.contains("structuredContent"), "{body}");
        });
        futures::future::join_all(reading).await;
        took.push(started.elapsed().as_secs_f64());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let row = Row::new(format!("{READS} reads at once by MCP ({tool}), Odoo at 200 ms"), median(took), "s");
    report.add(row.at_most(0.25));
}
