//! Every log arrives, as it is in the end, and nothing waits for it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use hyper::Method;
use mcp_odoo_archive::S3Config;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::handoff;
use crate::support::app::{TestApp, request};
use crate::support::s3::{Reaction, S3, mirrored};

async fn start(s3: &S3) -> TestApp {
    let config = s3.config();
    TestApp::builder().configure(|all| all.s3 = Some(config)).start().await
}

fn is_completed(s3: &S3, id: &str) -> bool {
    s3.log(id).is_some_and(|log| log["status"] == "completed")
}

#[tokio::test]
async fn a_log_arrives_as_the_contract_says() {
    let s3 = S3::start();
    let app = start(&s3).await;
    let last = app.quote(&request("eva@upload.example")).await;
    let id = last["tracking_id"].as_str().unwrap();
    s3.until("completed", |s3| is_completed(s3, id)).await;
    let (key, content) = s3.objects().pop_first().unwrap();
    let date = last["created_at"].as_str().unwrap().split('T').next().unwrap();
    let (year, month) = (&date[..4], &date[5..7]);
    assert_eq!(key, format!("mcp-odoo-logs/{year}/{month}/{date}_{id}.log"));
    assert_eq!(content, fs::read(app.logs().pop().unwrap()).unwrap());
    for put in s3.seen().iter().filter(|seen| seen.method == Method::PUT) {
        assert_eq!(put.headers["x-amz-server-side-encryption"], "AES256");
        assert_eq!(put.headers["content-type"], "application/json");
    }
    app.stop().await;
}

#[tokio::test]
async fn all_of_many_arrive_a_few_at_a_time() {
    let s3 = S3::start();
    let app = start(&s3).await;
    let emails: Vec<String> = (0..60).map(|n| format!("kunde{n}@upload.example")).collect();
    join_all(emails.iter().map(async |email| app.quote(&request(email)).await)).await;
    // The stop uploads what is left.
    let (_odoo, folder) = app.stop().await;
    assert_eq!(s3.objects(), mirrored(folder.path()));
    assert_eq!(s3.objects().len(), 60);
    assert!((2..=8).contains(&s3.most_at_once()), "{} at once", s3.most_at_once());
}

#[tokio::test]
async fn the_newest_state_arrives_last_however_slow_the_first_is() {
    let (s3, permits) = (S3::start(), Arc::new(Semaphore::new(0)));
    let app = start(&s3).await;
    let slow = Arc::clone(&permits);
    s3.plan(move |_, _| Reaction::ServeAfter(Arc::clone(&slow)));
    let id = app.quote(&request("slow@upload.example")).await["tracking_id"].as_str().unwrap().to_owned();
    assert!(s3.objects().is_empty(), "the first upload is still under way");
    permits.add_permits(1);
    s3.until("there", |s3| s3.log(&id).is_some()).await;
    permits.add_permits(100);
    s3.until("completed", |s3| is_completed(s3, &id)).await;
    app.stop().await;
}

#[tokio::test]
async fn nothing_waits_for_a_store_that_hangs() {
    let s3 = S3::start();
    s3.plan(|_, _| Reaction::Hang);
    let patient = S3Config { timeout: Duration::from_secs(3600), ..s3.config() };
    let app = TestApp::builder().configure(|all| all.s3 = Some(patient)).start().await;
    for n in 0..10 {
        let last = app.quote(&request(&format!("kunde{n}@hang.example"))).await;
        assert_eq!(last["status"], "completed");
    }
    // Who waited for the store would do so for an hour.
    let stopped = tokio::time::timeout(Duration::from_secs(120), app.stop()).await;
    let (odoo, folder) = stopped.expect("it ends");
    assert!(s3.objects().is_empty());

    s3.plan(|_, _| Reaction::Serve);
    let config = s3.config();
    let app = TestApp::builder()
        .configure(|all| all.s3 = Some(config))
        .after((odoo, Arc::clone(&folder)))
        .start()
        .await;
    s3.until_mirrors(folder.path()).await;
    app.stop().await;
}

#[tokio::test]
async fn what_was_there_before_is_uploaded_once() {
    let s3 = S3::start();
    let app = TestApp::start().await;
    for n in 0..3 {
        app.quote(&request(&format!("kunde{n}@before.example"))).await;
    }
    let (odoo, folder) = app.stop().await;
    // Not ours, or not whole: these stay.
    for (name, content) in [("notes.txt", "x"), ("2026-01-30_quot_a.log.corrupt", "{"), ("quot_x.log", "x")] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let id = "sms_1769767200_0a1b2c3d";
    let log = handoff(id, "2026-01-30", "sent").to_string();
    fs::write(folder.path().join(format!("2026-01-30_{id}.log")), log).unwrap();
    let again = |earlier| {
        let config = s3.config();
        TestApp::builder().configure(|all| all.s3 = Some(config)).after(earlier).start()
    };
    let app = again((odoo, Arc::clone(&folder))).await;
    let earlier = app.stop().await;
    let objects = s3.objects();
    assert_eq!(objects.len(), 4, "{:?}", objects.keys());
    assert!(objects.contains_key("mcp-odoo-logs/2026/01/2026-01-30_sms_1769767200_0a1b2c3d.log"));
    let puts = s3.seen().len();
    assert_eq!(puts, 4);

    let app = again(earlier).await;
    let last: Value = app.quote(&request("new@before.example")).await;
    app.stop().await;
    assert!(is_completed(&s3, last["tracking_id"].as_str().unwrap()));
    let new = &s3.seen()[puts..];
    let id = last["tracking_id"].as_str().unwrap();
    assert!(new.iter().all(|put| put.path.contains(id)), "nothing is uploaded twice: {new:#?}");
}
