//! Searches of records, beside the same call made directly; and a stream of a million of them.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Scale;
use super::direct::Direct;
use super::load::{Connection, median, post};
use super::mcp::without_session;
use super::process::{Server, odoo_env};
use super::report::{Report, Row};
use super::start;

const ROWS: usize = 80;
const FIELDS: [&str; 8] = ["name", "ref", "street", "city", "zip", "is_company", "country_id", "write_date"];
/// 64 MiB
const MOST_ABOVE_IDLE: f64 = 67.1;

pub async fn run(scale: Scale, report: &mut Report) {
    beside_direct(scale, report).await;
    start::reads(scale, report, "search_records", &arguments()).await;
    stream(scale, report).await;
}

fn arguments() -> Map<String, Value> {
    let search = json!({ "model": "res.partner", "fields": FIELDS, "limit": ROWS, "order": "id" });
    search.as_object().unwrap().clone()
}

/// In turns, so that whatever else the machine does meets all of them.
async fn beside_direct(scale: Scale, report: &mut Report) {
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "20"), ("BENCH_RECORDS", "1000")]).await;
    let url = odoo.url();
    let server = Server::product(&odoo_env(&url)).await;
    let direct = Direct::connect(&odoo_env(&url), 0).await;
    let (mut mcp, mut rest) = (server.connect().await, server.connect().await);
    let by_mcp = without_session(1, "search_records", &arguments());
    let by_rest = post("/odoo/query", "", &Value::Object(arguments()));
    // The first ones log in and learn the fields.
    ask(&mut mcp, &by_mcp).await;
    ask(&mut rest, &by_rest).await;
    search(&direct).await;
    let (mut ours, mut queries, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let started = Instant::now();
    while ours.len() < 3 || started.elapsed() < 6 * scale.round {
        ours.push(ask(&mut mcp, &by_mcp).await);
        others.push(search(&direct).await);
        queries.push(ask(&mut rest, &by_rest).await);
    }
    let (count, beside) = (ours.len(), median(others));
    for (form, times) in [("search_records by MCP", ours), ("/odoo/query by REST", queries)] {
        let row = Row::new(format!("{form}, {ROWS} rows, Odoo + 20 ms, p50"), median(times), "ms");
        let row = row.beside("ms web_search_read direct", beside).ratio_at_most(1.05);
        report.add(row.remark(format!("{count} of each, in turns")));
    }
}

/// In milliseconds.
async fn ask(connection: &mut Connection, request: &[u8]) -> f64 {
    let started = Instant::now();
    let answer = connection.ask(request).await;
    let took = started.elapsed();
    let body = std::str::from_utf8(answer.body).unwrap();
    assert!(answer.status == 200 && body.contains("Contact 0000050"), "{body}");
    took.as_secs_f64() * 1000.0
}

async fn search(direct: &Direct) -> f64 {
    let named = json!({ "fields": { "display_name": {} } });
    let wanted = |name: &str| if name == "country_id" { named.clone() } else { json!({}) };
    let specification: Map<String, Value> =
        FIELDS.iter().map(|name| ((*name).to_owned(), wanted(name))).collect();
    let more = json!({ "specification": specification, "limit": ROWS, "order": "id" });
    let started = Instant::now();
    let found = direct.call("res.partner", "web_search_read", json!([[]]), more).await;
    let took = started.elapsed();
    assert_eq!(found["records"].as_array().unwrap().len(), ROWS);
    took.as_secs_f64() * 1000.0
}

/// All of very many through `POST /mcp/stream/tools/call`.
async fn stream(scale: Scale, report: &mut Report) {
    let count = if scale.quick { 20_000 } else { 1_000_000 };
    let odoo = Server::role("sandbox", &[("BENCH_RECORDS", &count.to_string())]).await;
    let url = odoo.url();
    let server = Server::product(&odoo_env(&url)).await;
    let call = |limit: u32| {
        let search = json!({ "model": "res.partner", "fields": FIELDS, "limit": limit });
        post("/mcp/stream/tools/call", "", &json!({ "name": "search_records", "arguments": search }))
    };
    let mut connection = server.connect().await;
    // The first one logs in and learns the fields.
    connection.ask(&call(1)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (idle, started) = (server.resident(), Instant::now());
    connection.write(&call(u32::MAX)).await;
    let (mut bytes, mut records, mut during) = (0, 0, Vec::new());
    loop {
        let some = connection.more().await.unwrap();
        // What ends a line stands whole in what is counted.
        let whole = some.iter().rposition(|byte| *byte == b'}').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&some[..whole]).into_owned();
        some.drain(..whole);
        records += text.matches("\"ref\":").count();
        if bytes / 10_000_000 < (bytes + whole) / 10_000_000 {
            during.push(server.resident());
        }
        bytes += whole;
        if text.contains("\"type\":\"end\"") {
            break;
        }
        assert!(!text.contains("\"type\":\"error\""), "{text}");
    }
    let (took, peak) = (started.elapsed().as_secs_f64(), server.peak());
    assert!(records >= count, "{records} came");
    let name = format!("stream of {records} records, the most it holds above idle");
    let row = Row::new(name, peak - idle, "MB").at_most(MOST_ABOVE_IDLE);
    let held = if during.is_empty() { f64::NAN } else { median(during) };
    report.add(row.remark(format!(
        "VmHWM {peak:.1} MB, VmRSS {idle:.1} MB idle and {held:.1} MB on the way (median); {:.0} MB in {took:.1} s",
        bytes as f64 / 1e6
    )));
}
