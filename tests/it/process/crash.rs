//! The process is killed again and again while clients ask for quotations: each is made exactly once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_odoo_sandbox::{Language, Options, Sandbox};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::app::Odoo;
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::odoo::{Made, search};
use crate::support::process::Server;

const QUOTATIONS: usize = 100;
const CLIENTS: usize = 8;
const KILLS: usize = 16;

/// One quotation: what is asked for and which lines it must have in the end.
struct Wanted {
    body: Value,
    email: String,
    key: String,
    lines: Vec<(i64, f64, f64)>,
}

/// What the clients share: where the service is now, and how often it has answered.
struct World {
    client: Client,
    /// `None` while it is down.
    address: watch::Receiver<Option<String>>,
    answers: watch::Sender<usize>,
    interrupted: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_hundred_quotations_is_made_once_though_the_process_is_killed() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    // What cannot be told by class must not be told by words.
    let language = Language::Spanish;
    let options = Options { latency: Duration::from_millis(8), language, ..Options::default() };
    let odoo = Odoo::start(options).await;
    let folder = TempDir::new().unwrap();
    let wanted: Vec<Arc<Wanted>> =
        (0..QUOTATIONS).map(|n| Arc::new(Wanted::random(n, &mut random, &odoo.sandbox))).collect();
    let (address, address_now) = watch::channel(None);
    let world = Arc::new(World {
        client: http_client(),
        address: address_now,
        answers: watch::Sender::new(0),
        interrupted: AtomicUsize::new(0),
    });
    let finished = CancellationToken::new();
    let killing = tokio::spawn({
        let (odoo, world, finished) = (Arc::clone(&odoo), Arc::clone(&world), finished.clone());
        let folder = folder.path().to_owned();
        async move {
            let mut kills = 0;
            while kills < KILLS {
                let server = Server::start_with(&folder, &odoo, &[]).await;
                address.send_replace(Some(server.url.clone()));
                tokio::select! {
                    () = a_random_moment(&world, &mut random) => {}
                    () = finished.cancelled() => return (kills, server),
                }
                server.process.kill().await;
                address.send_replace(None);
                kills += 1;
            }
            let server = Server::start_with(&folder, &odoo, &[]).await;
            address.send_replace(Some(server.url.clone()));
            (kills, server)
        }
    });

    let places = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = JoinSet::new();
    for wanted in &wanted {
        let (places, world, wanted) = (Arc::clone(&places), Arc::clone(&world), Arc::clone(wanted));
        clients.spawn(async move {
            let _place = places.acquire().await.unwrap();
            world.until_finished(&wanted).await
        });
    }
    let ids: HashSet<String> = clients.join_all().await.into_iter().collect();
    finished.cancel();
    let (kills, server) = killing.await.unwrap();
    let interrupted = world.interrupted.load(Ordering::Relaxed);
    println!("{kills} kills, {interrupted} requests repeated");

    assert_eq!(ids.len(), QUOTATIONS, "each has an id of its own");
    assert!(kills >= 6 && interrupted > 0, "{kills} kills interrupted {interrupted} requests");
    let context = format!("seed {seed}");
    for wanted in &wanted {
        let context = format!("{context}, {}", wanted.email);
        let status = world.ask(&server.url, wanted, |_| {}).await.expect("the service is up");
        assert_eq!(status["status"], "completed", "{context}: {status}");
        let mut made = Made::by_email(&odoo.sandbox, &wanted.email);
        // As Odoo shows them; lines at the pricelist's price have lower ids than the others.
        made.lines.sort_by_key(|line| (line["sequence"].as_i64(), line["id"].as_i64()));
        made.assert_exactly_once(&wanted.lines, &context);
        let log = log_of(&folder, status["tracking_id"].as_str().unwrap());
        assert_eq!(log["status"], "completed", "{context}: {log}");
        assert_eq!(log["output"], status["output"], "{context}");
        assert_eq!(log["input"]["email"], json!(wanted.email), "{context}");
    }
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
}

/// Some answers or some milliseconds from now: in the midst of anything.
async fn a_random_moment(world: &World, random: &mut fastrand::Rng) {
    if random.bool() {
        let until = *world.answers.borrow() + random.usize(1..20);
        world.answers.subscribe().wait_for(|answers| *answers >= until).await.unwrap();
    } else {
        tokio::time::sleep(Duration::from_micros(random.u64(0..120_000))).await;
    }
}

fn log_of(folder: &TempDir, tracking_id: &str) -> Value {
    let suffix = format!("_{tracking_id}.log");
    let entries = std::fs::read_dir(folder.path().join("logs")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = entries.filter(|path| path.to_str().unwrap().ends_with(&suffix)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    serde_json::from_slice(&std::fs::read(&files[0]).unwrap()).unwrap()
}

impl Wanted {
    fn random(n: usize, random: &mut fastrand::Rng, sandbox: &Sandbox) -> Self {
        let products = search(sandbox, "product.product", json!([["sale_ok", "=", true]]), &["list_price"]);
        let email = format!("kunde{n}@crash.example");
        let (mut asked, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..random.usize(1..=5) {
            let product = random.choice(&products).unwrap();
            let (id, qty) = (product["id"].as_i64().unwrap(), f64::from(random.u8(1..=9)));
            let price = if random.bool() { -1.0 } else { f64::from(random.u16(0..=9999)) / 4.0 };
            asked.push(json!({ "product_id": id, "qty": qty, "price": price }));
            lines.push((id, qty, if price < 0.0 { product["list_price"].as_f64().unwrap() } else { price }));
        }
        let body = json!({
            "partner_name": format!("Kunde {n}"), "contact_name": "Eva", "email": email, "phone": "+52 155 1234 5678",
            "lead_name": format!("Anfrage {n}"), "products": asked,
        });
        Self { body, email, key: format!("key-{seed}-{n}", seed = random.u64(..)), lines }
    }
}

impl World {
    /// As a client does that wants its quotation: asks, and asks again with the same key.
    async fn until_finished(&self, wanted: &Wanted) -> String {
        let mut address = self.address.clone();
        let mut id: Option<String> = None;
        loop {
            let url = address.wait_for(Option::is_some).await.unwrap().clone().unwrap();
            let same = |tracking_id: &str| {
                let id = id.get_or_insert_with(|| tracking_id.to_owned());
                assert_eq!(id, tracking_id, "one key, one quotation");
            };
            match self.ask(&url, wanted, same).await {
                Some(status) => {
                    assert_eq!(status["status"], "completed", "{status}");
                    return status["tracking_id"].as_str().unwrap().to_owned();
                }
                None => {
                    self.interrupted.fetch_add(1, Ordering::Relaxed);
                    // It was killed: the next address comes with the next start.
                    let current = |now: &Option<String>| now.as_ref() != Some(&url);
                    address.wait_for(current).await.unwrap();
                }
            }
        }
    }

    /// Posts and waits for the final status; `None` when the service went away.
    async fn ask(&self, url: &str, wanted: &Wanted, accepted: impl FnOnce(&str)) -> Option<Value> {
        let post =
            self.client.post(format!("{url}/api/quotation/async")).header("Idempotency-Key", &wanted.key);
        let response = post.json(&wanted.body).send().await.ok()?;
        let code = response.status();
        let answer: Value = response.json().await.ok()?;
        assert_eq!(code, StatusCode::ACCEPTED, "{answer}");
        self.answers.send_modify(|answers| *answers += 1);
        let id = answer["tracking_id"].as_str().unwrap();
        accepted(id);
        let stream = self.client.get(format!("{url}/api/quotation/events/{id}")).send().await.ok()?;
        assert_eq!(stream.status(), StatusCode::OK, "an accepted quotation is known");
        let mut events = Events::new(stream);
        let mut last = None;
        while let Some(event) = events.next().await {
            last = Some(event);
        }
        self.answers.send_modify(|answers| *answers += 1);
        last.filter(|status| status["status"] == "completed" || status["status"] == "failed")
    }
}
