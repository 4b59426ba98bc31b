//! What is held in memory: idle, and with finished quotations up to where the bound is met.

use std::time::Instant;

use super::Scale;
use super::load::{Connection, post};
use super::process::{Server, odoo_env, product, without_fsync};
use super::quotation::{make, request};
use super::report::{Report, Row};

const CLIENTS: usize = 50;
const FINISHED: usize = 100_000;

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
    let (started, mut seen) = (Instant::now(), Vec::new());
    for part in 1..=4 {
        let making = (0..CLIENTS).map(|_| {
            let address = server.address.clone();
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await;
                for _ in 0..finished / 4 / CLIENTS {
                    let request = post("/api/quotation/async", "", &request(2, 26174));
                    make(&mut connection, &request).await;
                }
            })
        });
        for making in making.collect::<Vec<_>>() {
            making.await.unwrap();
        }
        seen.push(format!("{:.0} MB at {}", server.resident(), finished / 4 * part));
    }
    let rate = finished as f64 / started.elapsed().as_secs_f64();
    let row = Row::new(format!("resident, {finished} finished quotations"), server.resident(), "MB");
    let remark = format!("{}; {rate:.0} made a second, Odoo at 0 ms", seen.join(", "));
    report.add(row.at_most(200.0).remark(remark));
}
