//! Till when a quotation is tried, over several processes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::{Builder, TestApp, request};
use crate::support::proxy::Fault;

const DEADLINE: Duration = Duration::from_secs(20);

fn builder() -> Builder {
    TestApp::builder().configure(|config| {
        config.tasks.deadline = DEADLINE;
        config.tasks.longest_retry = Duration::from_millis(200);
    })
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The log of the one quotation there is, once its time has begun.
async fn begun(app: &TestApp) -> Value {
    let begun = async {
        loop {
            let log = read(&app.logs().remove(0));
            if log["deadline_at"].is_string() {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), begun).await.unwrap()
}

#[tokio::test]
async fn who_takes_it_up_begins_no_other_time() {
    let app = builder().start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let id = app.accepted(&request("crashed@deadline.example"), Some("crashed")).await;
    let log = begun(&app).await;
    let times = ["timestamp", "deadline_at"].map(|key| serde_json::from_value(log[key].clone()).unwrap());
    let [accepted, over]: [chrono::NaiveDateTime; 2] = times;
    assert!((over - accepted).to_std().unwrap() >= DEADLINE, "{log}");
    let path = app.logs().remove(0);
    let earlier = app.stop().await;
    let mut log = read(&path);
    assert_eq!(log["deadline_at"], serde_json::to_value(over).unwrap(), "a stop leaves it as it is");

    // Long past: it has a fifth of its time, while a new one has all of it.
    log["deadline_at"] = json!("2026-01-30T10:15:00");
    fs::write(&path, log.to_string()).unwrap();
    let app = builder().after(earlier).start().await;
    let new = app.accepted(&request("new@deadline.example"), Some("new")).await;
    let last = app.finished(&id).await;
    assert_eq!((&last["status"], &last["error_code"]), (&json!("failed"), &json!("outcome_unknown")));
    assert_eq!(app.status(&new).await["status"], "processing");

    // Its repeat is a new try, with a time of its own.
    app.proxy().plan(|_, _| None);
    assert_eq!(app.accepted(&request("crashed@deadline.example"), Some("crashed")).await, id);
    assert_eq!(app.finished(&id).await["status"], "completed");
    assert_eq!(app.finished(&new).await["status"], "completed");
    let _ended = app.stop().await;
    assert_eq!(read(&path)["deadline_at"], Value::Null, "nothing is to be done any more");
}
