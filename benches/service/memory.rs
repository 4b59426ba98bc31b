//! What is held in memory: idle, and with finished quotations up to where the bound is met.

use std::time::Duration;

use super::Scale;
use super::load::{self, Connection, get, post};
use super::process::{Server, odoo_env, product, without_fsync};
use super::quotation::request;
use super::report::{Report, Row};

const CLIENTS: usize = 64;
const FINISHED: u64 = 100_000;

pub async fn run(scale: Scale, report: &mut Report) {
    let odoo = Server::role("instant", &[]).await;
    let url = odoo.url();
    let mut command = product(&[odoo_env(&url), vec![("ODOO_MAX_CONCURRENCY", "32")]].concat());
    let folder = tempfile::TempDir::new().unwrap();
    if let Some(library) = without_fsync(folder.path()) {
        // Durable or not makes no difference to memory, and this is a hundred thousand files.
        command.env("LD_PRELOAD", library);
    }
    let server = Server::start(command, "/health").await;
    report.add(Row::new("resident, idle", server.resident(), "MB").at_most(20.0));
    let finished = if scale.quick { FINISHED / 100 } else { FINISHED };
    let mut seen = Vec::new();
    for part in 1..=4 {
        let load = load::run(&server.address, CLIENTS, (Duration::from_secs(60), finished / 4), |_| {
            post("/api/quotation/async", "", &request(2, 26174))
        });
        load.await.assert_only(202);
        drained(&mut server.connect().await).await;
        seen.push(format!("{:.0} MB at {}", server.resident(), finished / 4 * part));
    }
    let row = Row::new(format!("resident, {finished} finished quotations"), server.resident(), "MB");
    report.add(row.at_most(200.0).remark(seen.join(", ")));
}

/// One that is posted last is finished about last.
async fn drained(connection: &mut Connection) {
    let answer = connection.ask(&post("/api/quotation/async", "", &request(2, 26174))).await;
    let id = answer.json()["tracking_id"].as_str().unwrap().to_owned();
    connection.ask(&get(&format!("/api/quotation/events/{id}"))).await;
}
