//! Tenants: what known and used ones take, and what one notes of another whose Odoo hangs while it is asked for too much.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures::future::join_all;
use mcp_odoo_core::access::key::KeyHash;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::Scale;
use super::load::{Connection, get, percentile, post};
use super::process::{Server, product, root};
use super::quotation::request;
use super::report::{Report, Row};

/// What the hanging one is asked for.
const FLOOD: usize = 10_000;
const CONNECTIONS: usize = 4;
const KNOWN: usize = 1000;
const USED: usize = 100;

pub async fn run(scale: Scale, report: &mut Report) {
    known(report).await;
    beside(scale, report).await;
}

/// A service with these tenants, each by a key that is called so.
async fn serve(tenants: &[(String, String)]) -> Server {
    let folder = TempDir::new_in(root()).unwrap().keep();
    let (file, key) = (folder.join("access.toml"), folder.join("key"));
    std::fs::write(&key, "sandbox").unwrap();
    let mut text = String::new();
    for (name, address) in tenants {
        let (hash, key) = (KeyHash::of(name), key.display());
        write!(
            text,
            "[callers.{name}]\nkey = \"{hash}\"\ntenant = \"{name}\"\npermissions = [\"quotations\"]\n\
             [tenants.{name}]\nurl = \"{address}\"\ndb = \"sandbox\"\nlogin = \"admin\"\napi_key_file = \"{key}\"\n"
        )
        .unwrap();
    }
    std::fs::write(&file, text).unwrap();
    let mut command = product(&[("ODOO_PROTOCOL", "jsonrpc")]);
    // No caller may have more than half of the queue.
    command.env("ACCESS_FILE", &file).env("QUEUE_CAPACITY", (2 * FLOOD).to_string());
    Server::start(command, "/health").await
}

async fn known(report: &mut Report) {
    let none = serve(&[]).await;
    let names: Vec<_> = (0..KNOWN).map(|n| (format!("t{n}"), "https://127.0.0.1:9".to_owned())).collect();
    let many = serve(&names).await;
    let idle = many.resident() - none.resident();
    report.add(Row::new(format!("resident, {KNOWN} known tenants"), idle, "MB more").at_most(10.0));
    let before = many.resident();
    let mut connection = many.connect().await;
    for (name, _) in names.iter().take(USED) {
        let path = format!("/api/quotation/status/quot_{:032}", 0);
        let asked = String::from_utf8(get(&path)).unwrap();
        let asked = asked.replace("Host:", &format!("X-API-Key: {name}\r\nHost:"));
        assert_eq!(connection.ask(asked.as_bytes()).await.status, 404);
    }
    let each = (many.resident() - before) * 1000.0 / USED as f64;
    report.add(Row::new(format!("resident, each of {USED} tenants in use"), each, "kB more"));
}

async fn beside(scale: Scale, report: &mut Report) {
    // It takes all connections and answers none.
    let hanging = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", hanging.local_addr().unwrap());
    let holding = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = hanging.accept().await {
            held.push(connection);
        }
    });
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "5")]).await;
    let server = serve(&[("acme".to_owned(), address), ("beta".to_owned(), odoo.url())]).await;
    let time = scale.round * if scale.quick { 2 } else { 6 };
    quotations(&server, time / 4).await;
    let alone = quotations(&server, time).await;
    let address = server.address.clone();
    let flood = tokio::spawn(async move {
        let posting = (0..CONNECTIONS).map(async |_| {
            let mut connection = Connection::open(&address).await;
            for _ in 0..FLOOD / CONNECTIONS {
                let request = post("/api/quotation/async", "X-API-Key: acme\r\n", &request(2, 26174));
                assert_eq!(connection.ask(&request).await.status, 202);
            }
        });
        join_all(posting).await;
    });
    let meanwhile = quotations(&server, time).await;
    flood.await.unwrap();
    let beside = quotations(&server, time).await;
    for (percent, limit) in [(50, None), (99, Some(1.2))] {
        let name = format!("quotation beside a tenant that hangs with {FLOOD} waiting, p{percent}");
        let row = Row::new(name, percentile(&beside, percent), "ms")
            .beside("ms alone", percentile(&alone, percent));
        let row = limit.into_iter().fold(row, Row::ratio_at_most);
        let coming = percentile(&meanwhile, percent);
        report.add(row.remark(format!("{coming:.1} ms while these come, on the same cores")));
    }
    holding.abort();
}

/// How long each took, from the request to the event that says it is made; sorted.
async fn quotations(server: &Server, time: Duration) -> Vec<Duration> {
    let started = Instant::now();
    let making = (0..CONNECTIONS).map(async |_| {
        let (mut connection, mut times) = (server.connect().await, Vec::new());
        while started.elapsed() < time {
            let request = post("/api/quotation/async", "X-API-Key: beta\r\n", &request(2, 26174));
            let began = Instant::now();
            make(&mut connection, &request).await;
            times.push(began.elapsed());
        }
        times
    });
    let mut times: Vec<Duration> = join_all(making).await.into_iter().flatten().collect();
    times.sort_unstable();
    times
}

async fn make(connection: &mut Connection, request: &[u8]) {
    let answer = connection.ask(request).await;
    assert_eq!(answer.status, 202);
    let answer: Value = answer.json();
    let path = format!("/api/quotation/events/{}", answer["tracking_id"].as_str().unwrap());
    let events = String::from_utf8(get(&path)).unwrap().replace("Host:", "X-API-Key: beta\r\nHost:");
    let events = connection.ask(events.as_bytes()).await;
    assert!(std::str::from_utf8(events.body).unwrap().contains("\"status\":\"completed\""));
}
