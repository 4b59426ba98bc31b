//! Many event streams on one quotation: from the first client that hears of a change to the last one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Barrier;

use super::Scale;
use super::load::{Connection, get, post};
use super::process::{Server, odoo_env};
use super::quotation::request;
use super::report::{Report, Row};

const STREAMS: usize = 1000;

/// By what is being done: who heard first, who last, and how many.
type Heard = Arc<Mutex<HashMap<String, (Instant, Instant, usize)>>>;

pub async fn run(_: Scale, report: &mut Report) {
    let odoo = Server::role("sandbox", &[("BENCH_LATENCY_MS", "1000")]).await;
    let url = odoo.url();
    let server = Server::product(&odoo_env(&url)).await;
    let mut connection = server.connect().await;
    let accepted = connection.ask(&post("/api/quotation/async", "", &request(2, 26174))).await;
    let path = format!("/api/quotation/events/{}", accepted.json()["tracking_id"].as_str().unwrap());
    let (heard, all_there) = (Heard::default(), Arc::new(Barrier::new(STREAMS)));
    let mut listening = Vec::new();
    for _ in 0..STREAMS {
        let mut connection = server.connect().await;
        connection.write(&get(&path)).await;
        listening.push(tokio::spawn(listen(connection, Arc::clone(&heard), Arc::clone(&all_there))));
    }
    for listening in listening {
        listening.await.unwrap();
    }
    let heard = heard.lock().unwrap();
    // What changed before all were there was heard by some only.
    let spreads =
        heard.values().filter(|(_, _, count)| *count == STREAMS).map(|(first, last, _)| *last - *first);
    let spreads: Vec<_> = spreads.collect();
    let longest = spreads.iter().max().unwrap().as_secs_f64() * 1000.0;
    let remark = format!("the longest of {} changes; {:.0} MB resident", spreads.len(), server.resident());
    report.add(
        Row::new(format!("{STREAMS} event streams, first to last client"), longest, "ms").remark(remark),
    );
}

async fn listen(mut connection: Connection, heard: Heard, all_there: Arc<Barrier>) {
    let mut known = 0;
    let mut is_first = true;
    loop {
        let Ok(buffer) = connection.more().await else { return };
        let now = Instant::now();
        let text = String::from_utf8_lossy(&buffer[known..]).into_owned();
        let Some(end) = text.rfind("\n\n") else { continue };
        known += end + 2;
        for progress in text[..end].split("\"progress\":\"").skip(1) {
            let progress = progress.split('"').next().unwrap().to_owned();
            if !is_first {
                let mut heard = heard.lock().unwrap();
                let (_, last, count) = heard.entry(progress).or_insert((now, now, 0));
                (*last, *count) = ((*last).max(now), *count + 1);
            }
        }
        if std::mem::take(&mut is_first) {
            all_there.wait().await;
        }
        if text.contains("\"status\":\"completed\"") {
            return;
        }
    }
}
