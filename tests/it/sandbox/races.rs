//! Calls at the same time, and callers that go away.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_sandbox::{Options, Version};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::served::{Served, VERSIONS, call};

const LATENCY: Duration = Duration::from_millis(50);

async fn partners(served: &Served, email: &str) -> Value {
    call(&served.sandbox, "res.partner", "search", json!([[["email_normalized", "=", email]]]), json!({}))
}

#[tokio::test]
async fn of_eight_identical_loads_at_once_one_wins() {
    for version in VERSIONS {
        let served = Served::slow(version, LATENCY).await;
        let rows = json!([["t.race", "Race", "Race@Example.com"]]);
        let args = json!([["id", "name", "email"], rows]);
        let calls = (0..8).map(|_| served.call("demo", "res.partner", "load", args.clone(), json!({})));
        let answers = join_all(calls).await;
        let made = partners(&served, "race@example.com").await;
        assert_eq!(made.as_array().unwrap().len(), 1);
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer["result"]["ids"].is_array());
        assert!(!won.is_empty() && !lost.is_empty(), "{} won, {} lost", won.len(), lost.len());
        assert!(won.iter().all(|answer| answer["result"]["ids"] == made), "{won:?}");
        let conflict = json!({"ids": false, "nextrow": 0, "messages": [{
            "rows": {"from": 0, "to": 0}, "record": 0, "type": "error",
            "message": "could not serialize access due to concurrent update\n",
        }]});
        assert!(lost.iter().all(|answer| answer["result"] == conflict), "{lost:?}");
    }
}

#[tokio::test]
async fn a_load_after_the_race_finds_the_record() {
    let served = Served::slow(Version::V19, LATENCY).await;
    let args = json!([["id", "name"], [["t.race", "Race"]]]);
    let again = || served.call("demo", "res.partner", "load", args.clone(), json!({}));
    let first = join_all([again(), again()]).await;
    let winner = first.iter().find(|answer| answer["result"]["ids"].is_array()).unwrap();
    assert_eq!(again().await["result"], winner["result"]);
}

#[tokio::test]
async fn create_only_loads_of_what_exists_write_nothing_and_so_do_not_race() {
    let served = Served::slow(Version::V19, LATENCY).await;
    let args = json!([["id", "name"], [["t.race", "Race"]]]);
    let create_only = json!({"context": {"mode": "update", "noupdate": true}});
    let load = || served.call("demo", "res.partner", "load", args.clone(), create_only.clone());
    let made = load().await["result"].clone();
    let answers = join_all((0..4).map(|_| load())).await;
    assert!(answers.iter().all(|answer| answer["result"] == made), "{answers:?}");
}

#[tokio::test]
async fn loads_of_different_records_do_not_disturb_each_other() {
    let served = Served::slow(Version::V19, LATENCY).await;
    let args = |number: i32| json!([["id", "name"], [[format!("t.partner_{number}"), "x"]]]);
    let calls = (0..8).map(|number| served.call("demo", "res.partner", "load", args(number), json!({})));
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer["result"]["ids"].is_array()), "{answers:?}");
}

#[tokio::test]
async fn a_call_is_finished_even_if_the_caller_has_gone() {
    let served = Served::start(Options { latency: LATENCY, ..Options::default() }).await;
    let email = "gone@example.com";
    let body = json!({"fields": ["id", "name", "email"], "data": [["t.gone", "Gone", email]]}).to_string();
    let address = served.url.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /json/2/res.partner/load HTTP/1.1\r\nHost: {address}\r\nAuthorization: bearer sandbox\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    drop(stream);
    // Each of these takes as long as the abandoned call.
    for _ in 0..20 {
        served.call("demo", "res.partner", "search_count", json!([[]]), json!({})).await;
        if partners(&served, email).await != json!([]) {
            return;
        }
    }
    panic!("the call died with its connection");
}
