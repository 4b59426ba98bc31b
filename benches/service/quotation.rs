//! Whole quotations, beside the same calls made directly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::Scale;
use super::direct::Direct;
use super::load::{Connection, get, median, post};
use super::process::{Server, in_memory, odoo_env};
use super::report::{Report, Row};

/// The product of the embedded Odoo.
const PRODUCT: i64 = 26174;

pub async fn run(scale: Scale, report: &mut Report) {
    let lines: &[usize] = if scale.quick { &[2, 100] } else { &[1, 2, 10, 100, 500] };
    for latency in if scale.quick { &[0, 100][..] } else { &[0, 20, 100][..] } {
        let milliseconds = latency.to_string();
        let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", &milliseconds)]).await;
        let url = odoo.url();
        let pair = Pair::new(&odoo_env(&url), PRODUCT).await;
        for lines in lines {
            let calls = counted(&odoo, || pair.ours(*lines)).await;
            let both = pair.compare(*lines, scale).await;
            let rest = both.ours - 4.0 * *latency as f64;
            let name = format!("quotation, lines: {lines}, Odoo + {latency} ms");
            let mut row = Row::new(name, both.ours, "ms").beside("ms direct", both.direct);
            if *latency == 0 && matches!(lines, 2 | 100) {
                row = row.ratio_at_most(1.1);
            }
            let mut remark = format!("{calls} calls");
            if let Some(diskless) = both.diskless.filter(|_| *latency == 0) {
                remark += &format!("; {diskless:.2} ms with the log files in memory");
            }
            if *latency == 100 {
                row = row.target("4 round trips", rest < *latency as f64);
                remark += &format!("; {rest:.0} ms beyond 4 × 100 ms");
            }
            report.add(row.remark(remark));
        }
    }
    given(scale, report).await;
    at_once(scale, report).await;
}

/// Against the Odoo in the environment. It makes quotations there.
async fn given(scale: Scale, report: &mut Report) {
    let names = ["ODOO_URL", "ODOO_DB", "ODOO_LOGIN", "ODOO_API_KEY"];
    let env: Option<Vec<_>> = names.iter().map(|name| Some((*name, std::env::var(name).ok()?))).collect();
    let Some(env) = env else { return };
    let mut odoo: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    odoo.push(("ODOO_PROTOCOL", "jsonrpc"));
    let product = std::env::var("BENCH_PRODUCT_ID").map_or(PRODUCT, |id| id.parse().unwrap());
    let pair = Pair::new(&odoo, product).await;
    for lines in [2, 100] {
        let both = pair.compare(lines, scale).await;
        let row = Row::new(format!("quotation, lines: {lines}, Odoo at ODOO_URL"), both.ours, "ms");
        report.add(row.beside("ms direct", both.direct));
    }
}

/// Quotations of two lines at once.
async fn at_once(scale: Scale, report: &mut Report) {
    for at_once in [1, 8, 64] {
        let (mut ours, mut direct) = (Vec::new(), Vec::new());
        for _ in 0..scale.rounds {
            // New ones for each round: the embedded Odoo searches all that it holds.
            let odoo = Server::role("sandbox", &[]).await;
            let url = odoo.url();
            let pair = Arc::new(Pair::new(&odoo_env(&url), PRODUCT).await);
            pair.ours(2).await;
            ours.push(rate(at_once, scale.round, &pair, async |pair| pair.ours(2).await).await);
            let odoo = Server::role("sandbox", &[]).await;
            let url = odoo.url();
            let pair = Arc::new(Pair::new(&odoo_env(&url), PRODUCT).await);
            direct.push(rate(at_once, scale.round, &pair, async |pair| pair.direct(2).await).await);
        }
        let row = Row::new(format!("quotations, {at_once} at once"), median(ours), "/s");
        let remark = "ODOO_MAX_CONCURRENCY=8 here, no limit there";
        report.add(row.beside("/s the embedded Odoo's ceiling", median(direct)).remark(remark));
    }
}

async fn rate(at_once: usize, time: Duration, pair: &Arc<Pair>, make: impl AsyncFn(&Pair) -> f64) -> f64 {
    let started = Instant::now();
    let making = (0..at_once).map(async |_| {
        let mut made = 0;
        while started.elapsed() < time {
            make(pair).await;
            made += 1;
        }
        made
    });
    let made: usize = futures::future::join_all(making).await.into_iter().sum();
    made as f64 / started.elapsed().as_secs_f64()
}

async fn counted<F: Future>(odoo: &Server, work: impl Fn() -> F) -> u64 {
    let count = async || -> u64 {
        let mut connection = odoo.connect().await;
        let answer = connection.ask(&get("/bench/calls")).await;
        std::str::from_utf8(answer.body).unwrap().parse().unwrap()
    };
    // The first one logs in and reads the salespeople.
    work().await;
    let before = count().await;
    work().await;
    count().await - before
}

/// The product and the direct client, in front of one Odoo.
struct Pair {
    server: Server,
    /// The same with its log files in memory: what the disk takes.
    diskless: Option<(Server, TempDir)>,
    direct: Direct,
    product: i64,
}

struct Medians {
    ours: f64,
    diskless: Option<f64>,
    direct: f64,
}

impl Pair {
    async fn new(odoo: &[(&str, &str)], product: i64) -> Self {
        let diskless = match in_memory() {
            Some(folder) => {
                let logs = [("LOG_DIR", folder.path().to_str().unwrap())];
                Some((Server::product(&[odoo, &logs].concat()).await, folder))
            }
            None => None,
        };
        Self {
            server: Server::product(odoo).await,
            diskless,
            direct: Direct::connect(odoo, product).await,
            product,
        }
    }

    /// In turns, so that whatever else the machine does meets both. In milliseconds.
    async fn compare(&self, lines: usize, scale: Scale) -> Medians {
        let (mut ours, mut diskless, mut direct) = (Vec::new(), Vec::new(), Vec::new());
        self.direct(lines).await;
        let started = Instant::now();
        while ours.len() < 3 || started.elapsed() < 2 * scale.round {
            ours.push(self.ours(lines).await);
            if let Some((server, _)) = &self.diskless {
                diskless.push(self.by(server, lines).await);
            }
            direct.push(self.direct(lines).await);
        }
        let diskless = (!diskless.is_empty()).then(|| median(diskless));
        Medians { ours: median(ours), diskless, direct: median(direct) }
    }

    /// From the request to the event that says it is made.
    async fn ours(&self, lines: usize) -> f64 {
        self.by(&self.server, lines).await
    }

    async fn by(&self, server: &Server, lines: usize) -> f64 {
        let mut connection = server.connect().await;
        let request = post("/api/quotation/async", "", &request(lines, self.product));
        let started = Instant::now();
        make(&mut connection, &request).await;
        started.elapsed().as_secs_f64() * 1000.0
    }

    async fn direct(&self, lines: usize) -> f64 {
        let name = Uuid::new_v4().simple().to_string();
        let started = Instant::now();
        self.direct.quote(&name, lines).await;
        started.elapsed().as_secs_f64() * 1000.0
    }
}

/// Posts a quotation and waits for its end; gives its tracking id.
pub async fn make(connection: &mut Connection, request: &[u8]) -> String {
    let answer = connection.ask(request).await;
    assert_eq!(answer.status, 202);
    let id = answer.json()["tracking_id"].as_str().unwrap().to_owned();
    let events = connection.ask(&get(&format!("/api/quotation/events/{id}"))).await;
    let events = std::str::from_utf8(events.body).unwrap();
    assert!(events.contains("\"status\":\"completed\""), "{events}");
    id
}

/// A quotation for a new customer.
pub fn request(lines: usize, product: i64) -> Value {
    let products: Vec<_> = (0..lines).map(|_| json!({ "product_id": product, "qty": 2 })).collect();
    json!({
        "partner_name": "Almacenes Torres", "contact_name": "Luis Fernández",
        "email": format!("{}@bench.example", Uuid::new_v4().simple()), "phone": "+52 155 1234 5678",
        "lead_name": "Cotización Robot PUDU", "products": products,
    })
}
