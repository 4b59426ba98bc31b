//! What is held in memory: idle, and with finished quotations up to where the bound is met.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::Scale;
use super::load::{Connection, post};
use super::process::{Server, in_memory, odoo_env, product};
use super::quotation::{make, request};
use super::report::{Report, Row};

const CLIENTS: usize = 50;
/// Quotations a second, at least: a round that is slower hangs.
const SLOWEST: u64 = 400;
const FINISHED: usize = 100_000;

pub async fn run(scale: Scale, report: &mut Report) {
    let held = Held::new().await;
    report.add(Row::new("resident, idle", held.server.resident(), "MB").at_most(20.0));
    let row = held.fill(if scale.quick { FINISHED / 100 } else { FINISHED }).await;
    report.add(row.at_most(200.0));
}

/// As many as a busy service finishes in the day that it remembers them; it takes minutes.
pub async fn run_million(scale: Scale, report: &mut Report) {
    let held = Held::new().await;
    report.add(held.fill(if scale.quick { FINISHED / 10 } else { 10 * FINISHED }).await.at_most(200.0));
}

struct Held {
    server: Server,
    _odoo: Server,
    _folder: Option<TempDir>,
}

impl Held {
    async fn new() -> Self {
        let odoo = Server::role("instant", &[]).await;
        let url = odoo.url();
        let mut command = product(&[odoo_env(&url), vec![("ODOO_MAX_CONCURRENCY", "32")]].concat());
        // Durable or not makes no difference to what is held, and these are very many files.
        let folder = in_memory();
        if let Some(folder) = &folder {
            command.env("LOG_DIR", folder.path());
        }
        Self { server: Server::start(command, "/health").await, _odoo: odoo, _folder: folder }
    }

    /// Has so many quotations made.
    async fn fill(&self, finished: usize) -> Row {
        let (started, mut seen) = (Instant::now(), Vec::new());
        for part in 1..=4 {
            let making = (0..CLIENTS).map(|_| {
                let address = self.server.address.clone();
                tokio::spawn(async move {
                    let mut connection = Connection::open(&address).await;
                    for _ in 0..finished / 4 / CLIENTS {
                        let request = post("/api/quotation/async", "", &request(2, 26174));
                        make(&mut connection, &request).await;
                    }
                })
            });
            let made = futures::future::join_all(making.collect::<Vec<_>>());
            let limit = Duration::from_secs(10 + finished as u64 / 4 / SLOWEST);
            let made = tokio::time::timeout(limit, made).await.unwrap();
            made.into_iter().for_each(Result::unwrap);
            seen.push(format!("{:.0} MB at {}", self.server.resident(), finished / 4 * part));
        }
        let rate = finished as f64 / started.elapsed().as_secs_f64();
        let row = Row::new(format!("resident, {finished} finished quotations"), self.server.resident(), "MB");
        row.remark(format!("{}; {rate:.0} made a second, Odoo at 0 ms", seen.join(", ")))
    }
}
