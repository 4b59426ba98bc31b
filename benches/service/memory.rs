//! What is held in memory: idle, and with finished quotations up to where the bound is met.

use std::time::{Duration, Instant};

use super::Scale;
use super::load::{Connection, post};
use super::process::{Server, in_memory, odoo_env, product};
use super::quotation::{make, request};
use super::report::{Report, Row};

const CLIENTS: usize = 50;
/// Longer than it takes, so that nothing hangs.
const LIMIT: Duration = Duration::from_secs(60);
const FINISHED: usize = 100_000;

pub async fn run(scale: Scale, report: &mut Report) {
    let odoo = Server::role("instant", &[]).await;
    let url = odoo.url();
    let mut command = product(&[odoo_env(&url), vec![("ODOO_MAX_CONCURRENCY", "32")]].concat());
    // Durable or not makes no difference to what is held, and this is a hundred thousand files.
    let folder = in_memory();
    if let Some(folder) = &folder {
        command.env("LOG_DIR", folder.path());
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
        let made = futures::future::join_all(making.collect::<Vec<_>>());
        let made = tokio::time::timeout(LIMIT, made).await.unwrap();
        made.into_iter().for_each(Result::unwrap);
        seen.push(format!("{:.0} MB at {}", server.resident(), finished / 4 * part));
    }
    let rate = finished as f64 / started.elapsed().as_secs_f64();
    let row = Row::new(format!("resident, {finished} finished quotations"), server.resident(), "MB");
    let remark = format!("{}; {rate:.0} made a second, Odoo at 0 ms", seen.join(", "));
    report.add(row.at_most(200.0).remark(remark));
}
