//! How many quotations a second are accepted, durably, beside the same without `fsync`. Odoo is slow meanwhile.

use super::load::{self, post};
use super::process::{Server, odoo_env, product, without_fsync};
use super::quotation::request;
use super::report::{Report, Row};
use super::{Scale, alternate};

const CLIENTS: usize = 64;

pub async fn run(scale: Scale, report: &mut Report) {
    let folder = tempfile::TempDir::new().unwrap();
    let Some(library) = without_fsync(folder.path()) else {
        println!("accepting: not measured; its peer needs Linux and cc");
        return;
    };
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "2000")]).await;
    let url = odoo.url();
    let env = [odoo_env(&url), vec![("QUEUE_CAPACITY", "1000000")]].concat();
    let (durable, other) = alternate(scale, async |turn| {
        let mut command = product(&env);
        if !turn.is_ours {
            command.env("LD_PRELOAD", &library);
        }
        // Each on an empty folder.
        let server = Server::start(command, "/health").await;
        let before = server.cpu();
        let load = load::run(&server.address, CLIENTS, (turn.time, u64::MAX), |_| {
            post("/api/quotation/async", "", &request(2, 26174))
        })
        .await;
        load.assert_only(202);
        let cpu = server.cpu() - before;
        server.end().await;
        (load, cpu)
    })
    .await;
    let name = format!("quotations accepted, durable, {CLIENTS} clients");
    let reached = durable.load.per_second >= f64::min(2000.0, other.load.per_second / 2.0);
    let remark = format!(
        "µs of the server's processor each: {:.0} (without fsync {:.0})",
        durable.cost(),
        other.cost()
    );
    let (durable, other) = (durable.load, other.load);
    let row = Row::new(name, durable.per_second, "/s").beside("/s without fsync", other.per_second);
    report.add(row.target("≥ 2,000/s or ≥ 0.50×, whichever is lower", reached).remark(remark));
    let row = Row::new("the same, p99", durable.percentile(99), "ms").at_most(50.0);
    let remark = format!("p50 {:.1} ms (without fsync {:.1})", durable.percentile(50), other.percentile(50));
    report.add(row.beside("ms without fsync", other.percentile(99)).remark(remark));
}
