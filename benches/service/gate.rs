//! What it costs to know who calls: a service with a hundred callers and their keys, beside one that asks nobody.

use mcp_odoo_core::access::key::KeyHash;
use tempfile::NamedTempFile;

use super::load::{self, get};
use super::mcp;
use super::process::Server;
use super::quotation::request;
use super::report::{Report, Row};
use super::{Scale, alternate};

const CONNECTIONS: usize = 64;
const CALLERS: usize = 100;

fn key(number: usize) -> String {
    format!("mcpo_{number:043}")
}

pub async fn run(scale: Scale, report: &mut Report) {
    let file = NamedTempFile::new().unwrap();
    let caller = |number| {
        let hash = KeyHash::of(&key(number));
        format!("[callers.c{number}]\nkey = \"{hash}\"\npermissions = [\"quotations\", \"read\"]\n")
    };
    std::fs::write(file.path(), (0..CALLERS).map(caller).collect::<String>()).unwrap();
    let asks = Server::product(&[("ACCESS_FILE", file.path().to_str().unwrap())]).await;
    let open = Server::product(&[]).await;
    let header = format!("Authorization: Bearer {}\r\n", key(CALLERS / 2));
    let post = load::post("/api/quotation/async", &header, &request(2, 26174));
    let mut paths = Vec::new();
    for server in [&asks, &open] {
        let mut connection = server.connect().await;
        // Each has one of its own; the open one does not look at the key.
        let accepted = connection.ask(&post).await.json();
        paths.push(format!("/api/quotation/status/{}", accepted["tracking_id"].as_str().unwrap()));
    }
    let (with, without) = alternate(scale, async |turn| {
        let (server, path) = if turn.is_ours { (&asks, &paths[0]) } else { (&open, &paths[1]) };
        let poll = get(path);
        let poll = [&poll[..poll.len() - 2], header.as_bytes(), b"\r\n"].concat();
        let before = server.cpu();
        let load =
            load::run(&server.address, CONNECTIONS, (turn.time, u64::MAX), move |_| poll.clone()).await;
        load.assert_only(200);
        (load, server.cpu() - before)
    })
    .await;
    let remark =
        format!("µs of the server's processor each: {:.1} (without {:.1})", with.cost(), without.cost());
    let row = Row::new("status polls by who has a key", with.load.per_second, "/s");
    report
        .add(row.beside("/s without the gate", without.load.per_second).ratio_at_least(0.97).remark(remark));
    let (with, without) = alternate(scale, async |turn| {
        let server = if turn.is_ours { &asks } else { &open };
        let (before, header) = (server.cpu(), header.clone());
        let load = load::run(&server.address, CONNECTIONS, (turn.time, u64::MAX), move |number| {
            let call = mcp::without_session(number, mcp::TOOL, &mcp::arguments());
            let at = call.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
            [&call[..at], header.as_bytes(), &call[at..]].concat()
        });
        let load = load.await;
        load.assert_only(200);
        (load, server.cpu() - before)
    })
    .await;
    let row = Row::new("MCP call: what the gate adds", with.cost() - without.cost(), "µs");
    let remark =
        format!("µs of the server's processor a call: {:.1} (without {:.1})", with.cost(), without.cost());
    report.add(row.at_most(5.0).remark(remark));
}
