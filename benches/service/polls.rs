//! Polls of a quotation's status, beside a bare axum handler that answers with the same document.

use super::load::{self, get};
use super::process::Server;
use super::quotation::{make, request};
use super::report::{Report, Row};
use super::{Scale, alternate};

const CONNECTIONS: usize = 64;

pub async fn run(scale: Scale, report: &mut Report) {
    let ours = Server::product(&[]).await;
    let mut connection = ours.connect().await;
    let post = load::post("/api/quotation/async", "", &request(2, 26174));
    let id = make(&mut connection, &post).await;
    let path = format!("/api/quotation/status/{id}");
    let document = String::from_utf8(connection.ask(&get(&path)).await.body.to_vec()).unwrap();
    let bare = Server::role("axum", &[("BENCH_DOCUMENT", &document)]).await;
    let (ours, bare) = alternate(scale, async |turn| {
        let server = if turn.is_ours { &ours } else { &bare };
        let (before, path) = (server.cpu(), path.clone());
        let load = load::run(&server.address, CONNECTIONS, (turn.time, u64::MAX), move |_| get(&path)).await;
        load.assert_only(200);
        (load, server.cpu() - before)
    })
    .await;
    let remark = format!(
        "{} bytes; p99 {:.1} ms (axum {:.1}); µs of the server's processor each: {:.1} (axum {:.1})",
        document.len(),
        ours.load.percentile(99),
        bare.load.percentile(99),
        ours.cost(),
        bare.cost()
    );
    let row = Row::new(format!("status polls, {CONNECTIONS} connections"), ours.load.per_second, "/s");
    report.add(row.beside("/s bare axum", bare.load.per_second).ratio_at_least(0.9).remark(remark));
}
