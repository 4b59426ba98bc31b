//! How much is accepted, and what is said of how long it takes.

use std::time::{Duration, Instant};

use mcp_odoo_sandbox::Options;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

fn numbered(n: usize) -> Value {
    request(&format!("c{n}@queue.example"))
}

/// Repeats until there is a place, as the answer says one should.
async fn accepted_at_last(app: &TestApp, body: &Value, key: &str) -> String {
    let repeat = async {
        loop {
            let response = app.post(body, Some(key)).await;
            if response.status() == StatusCode::ACCEPTED {
                let answer: Value = response.json().await.unwrap();
                return answer["tracking_id"].as_str().unwrap().to_owned();
            }
            assert_full(response).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), repeat).await.expect("a place becomes free")
}

async fn assert_full(response: Response) {
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds = response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
    assert!((1..=300).contains(&seconds), "{seconds}");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "queue_full");
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(detail, format!("2 quotations are waiting already; repeat in {seconds} s"));
}

#[tokio::test]
async fn a_full_queue_refuses_and_keeps_nothing_of_what_it_refused() {
    let app = TestApp::builder().configure(|config| config.tasks.queue_capacity = 2).start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let mut waiting = Vec::new();
    for n in 0..2 {
        waiting.push(app.accepted(&numbered(n), Some(&format!("key {n}"))).await);
    }
    assert_full(app.post(&numbered(2), Some("key 2")).await).await;
    assert_full(app.post(&numbered(3), None).await).await;
    assert_eq!(app.logs().len(), 2, "nothing is kept of what was refused");
    assert_eq!(app.accepted(&numbered(1), Some("key 1")).await, waiting[1], "a repeat needs no place");

    app.proxy().plan(|_, _| None);
    for id in &waiting {
        assert_eq!(app.finished(id).await["status"], "completed");
    }
    let id = accepted_at_last(&app, &numbered(2), "key 2").await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    for n in 0..3 {
        let made = Made::by_email(app.sandbox(), &format!("c{n}@queue.example"));
        made.assert_exactly_once(&REQUEST_LINES, &format!("number {n}"));
    }
    assert!(Made::by_email(app.sandbox(), "c3@queue.example").partners.is_empty());
}

#[tokio::test]
async fn places_are_free_again_after_failures_and_restarts() {
    let builder = || TestApp::builder().configure(|config| config.tasks.queue_capacity = 2);
    let app = builder().start().await;
    let mut impossible = numbered(0);
    impossible["products"] = json!([{ "product_id": 999_999 }]);
    for n in 0..4 {
        let id = accepted_at_last(&app, &impossible, &format!("impossible {n}")).await;
        assert_eq!(app.finished(&id).await["error_code"], "product_not_found");
    }
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    // The last failure's place may be a moment from free.
    let first = accepted_at_last(&app, &numbered(1), "key 1").await;
    let second = accepted_at_last(&app, &numbered(2), "key 2").await;
    let app = builder().after(app.stop().await).start().await;
    // What a restart takes up counts: of capacity 2, at most 2 are worked on, and all are made.
    app.proxy().plan(|_, _| None);
    for id in [&first, &second] {
        assert_eq!(app.finished(id).await["status"], "completed");
    }
    let third = accepted_at_last(&app, &numbered(3), "key 3").await;
    assert_eq!(app.finished(&third).await["status"], "completed");
}

/// `2-5 segundos`
fn range(answer: &Value) -> (u64, u64) {
    let text = answer["estimated_time"].as_str().unwrap();
    let (least, most) = text.strip_suffix(" segundos").unwrap().split_once('-').unwrap();
    (least.parse().unwrap(), most.parse().unwrap())
}

#[tokio::test]
async fn the_estimate_follows_what_quotations_take_here() {
    let options = Options { latency: Duration::from_millis(400), ..Options::default() };
    let app = TestApp::builder().sandbox(options).configure(|config| config.tasks.workers = 1).start().await;
    let started = Instant::now();
    let answer: Value = app.post(&numbered(0), None).await.json().await.unwrap();
    assert_eq!(answer["estimated_time"], "1-2 segundos", "before anything is known");
    assert_eq!(answer["message"], "Cotización en proceso...");
    let last = app.finished(answer["tracking_id"].as_str().unwrap()).await;
    assert_eq!(last["status"], "completed");
    let took = started.elapsed().as_secs();
    assert!(took >= 2, "{took}");

    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let mut ranges = Vec::new();
    for n in 1..=4 {
        ranges.push(range(&app.post(&numbered(n), None).await.json().await.unwrap()));
    }
    // The first one's place may be a moment from free: it is counted or not.
    assert!(ranges.windows(2).all(|pair| pair[0] <= pair[1]), "it grows with the queue: {ranges:?}");
    assert!(
        ranges[3].0 >= 3 * took && ranges[3].1 > ranges[3].0,
        "one after another: {ranges:?}, {took} s each"
    );
    assert!(ranges[0].1 <= 2 * (took + 1), "and no more than that: {ranges:?}");
}
