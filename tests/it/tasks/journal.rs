//! The log files as memory: what was accepted is on disk, and is answered and taken up from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};
use crate::support::proxy::Fault;

/// The one log there is, and where.
fn only_log(folder: &Path) -> (PathBuf, Value) {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "log")).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    (logs[0].clone(), serde_json::from_slice(&fs::read(&logs[0]).unwrap()).unwrap())
}

#[tokio::test]
async fn a_finished_quotation_is_still_known_after_a_restart() {
    let app = TestApp::start().await;
    let key = Some("known");
    let id = app.accepted(&request("known@journal.example"), key).await;
    let last = app.finished(&id).await;
    let app = TestApp::builder().after(app.stop().await).start().await;
    assert_eq!(app.status(&id).await, last);
    assert_eq!(app.finished(&id).await, last, "the event stream has the final event, too");
    let answer: Value = app.post(&request("known@journal.example"), key).await.json().await.unwrap();
    assert_eq!((&answer["tracking_id"], &answer["status"]), (&json!(id), &json!("completed")));
    let other = app.post(&request("other@journal.example"), key).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY, "the key is taken");
    Made::by_email(app.sandbox(), "known@journal.example").assert_exactly_once(&REQUEST_LINES, "restart");
}

#[tokio::test]
async fn a_finished_quotation_is_still_known_after_it_left_memory() {
    let app = TestApp::builder().configure(|config| config.tasks.retention = Duration::ZERO).start().await;
    let last = app.quote(&request("left@journal.example")).await;
    let id = last["tracking_id"].as_str().unwrap();
    let (file, _) = only_log(app.log_dir());
    let from_disk = async {
        loop {
            // Once it is forgotten, only the file can tell this.
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("Luis Fernández", "Von der Platte")).unwrap();
            let status = app.status(id).await;
            if status["input"]["contact_name"] == "Von der Platte" {
                return status;
            }
            // It leaves memory after its last event and its last write; another one pushes it out.
            app.quote(&request("next@journal.example")).await;
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(20), from_disk).await.unwrap();
    assert_eq!(status["output"], last["output"]);
    assert_eq!(app.finished(id).await["status"], "completed");
}

#[tokio::test]
async fn an_unfinished_quotation_is_taken_up_at_the_start() {
    let app = TestApp::start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let id = app.accepted(&request("unfinished@journal.example"), None).await;
    let mut events = app.events(&id).await;
    while events.next().await.unwrap()["status"] != "processing" {}
    let (odoo, log_dir) = app.stop().await;
    let (sender, mut calls) = mpsc::unbounded_channel();
    odoo.proxy.plan(move |_, name| {
        let _ = sender.send(name.to_owned());
        None
    });
    let app = TestApp::builder().after((odoo, log_dir)).start().await;
    // Nobody asks for it, and it is made all the same.
    while calls.recv().await.unwrap() != "sale.order.web_search_read" {}
    let last = app.finished(&id).await;
    assert_eq!(last["status"], "completed", "{last}");
    Made::by_email(app.sandbox(), "unfinished@journal.example")
        .assert_exactly_once(&REQUEST_LINES, "taken up");
}

/// Neither the start nor who follows it has it made.
#[tokio::test]
async fn an_unfinished_quotation_waits_while_nothing_may_be_changed() {
    let app = TestApp::start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let id = app.accepted(&request("waits@journal.example"), None).await;
    let mut events = app.events(&id).await;
    while events.next().await.unwrap()["status"] != "processing" {}
    let (odoo, log_dir) = app.stop().await;
    odoo.proxy.plan(|_, _| None);
    let read_only = TestApp::builder().after((odoo, log_dir));
    let app = read_only.configure(|config| config.access.read_only = true).start().await;
    let mut events = app.events(&id).await;
    let told = events.next().await.unwrap();
    assert_eq!(told["status"], "processing", "{told}");
    assert!(told["progress"].as_str().unwrap().contains("MCP_MODE=readonly"), "{told}");
    assert!(events.next().await.is_none(), "nothing comes of it");
    assert_eq!(app.status(&id).await["progress"], told["progress"]);
    let (odoo, log_dir) = app.stop().await;
    let partners =
        search(&odoo.sandbox, "res.partner", json!([["email", "=", "waits@journal.example"]]), &["id"]);
    assert!(partners.is_empty(), "{partners:?}");

    let app = TestApp::builder().after((odoo, log_dir)).start().await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    Made::by_email(app.sandbox(), "waits@journal.example").assert_exactly_once(&REQUEST_LINES, "waited");
}

#[tokio::test]
async fn whatever_step_the_process_left_it_at_it_is_made_once() {
    // The records exist and the answers are lost; then the process stops and another one takes up.
    for step in ["res.partner.load", "crm.lead.load", "sale.order.web_search_read"] {
        let app = TestApp::start().await;
        let mut down = false;
        app.proxy().plan(move |_, name| {
            let lost = !down && name == step;
            down |= lost;
            if lost { Some(Fault::CutAfter) } else { down.then_some(Fault::Refuse) }
        });
        let id = app.accepted(&request("step@journal.example"), None).await;
        let mut events = app.events(&id).await;
        while !events.next().await.unwrap()["progress"].as_str().unwrap().contains("se reintenta") {}
        let (odoo, log_dir) = app.stop().await;
        odoo.proxy.plan(|_, _| None);
        let app = TestApp::builder().after((odoo, log_dir)).start().await;
        let last = app.finished(&id).await;
        assert_eq!(last["status"], "completed", "{step}: {last}");
        Made::by_email(app.sandbox(), "step@journal.example").assert_exactly_once(&REQUEST_LINES, step);
    }
}

#[tokio::test]
async fn the_file_is_on_disk_before_the_answer_and_follows_the_state() {
    let app = TestApp::start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let body = request("file@journal.example");
    let response = app.post(&body, None).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let (_, record) = only_log(app.log_dir());
    let answer: Value = response.json().await.unwrap();
    let id = answer["tracking_id"].as_str().unwrap();
    assert_eq!(record["tracking_id"], id);
    assert!(record["status"] == "queued" || record["status"] == "processing", "{record}");
    assert_eq!(record["input"]["email"], body["email"]);
    app.proxy().plan(|_, _| None);
    let last = app.finished(id).await;
    let (_odoo, folder) = app.stop().await;
    let (_, record) = only_log(folder.path());
    assert_eq!((&record["status"], &record["output"]), (&json!("completed"), &last["output"]));
}

#[tokio::test]
async fn a_log_file_has_the_keys_the_name_and_the_mode_it_must_have() {
    let app = TestApp::start().await;
    let mut body = request("form@journal.example");
    body["products"] = json!([{ "product_id": 999_999 }]);
    let failed = app.quote(&body).await;
    // Stopping waits until the last state is written.
    let (_odoo, folder) = app.stop().await;
    let (file, record) = only_log(folder.path());
    let keys: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "tracking_id",
        "timestamp",
        "date",
        "time",
        "status",
        "progress",
        "input",
        "output",
        "error",
        "error_code",
        "updated_at",
        "external_ids",
        "language",
        "odoo",
        "version",
        "tenant",
        "owner",
        "deadline_at",
        "vendor_sms",
        "kind",
        "revision",
    ];
    assert_eq!(keys, expected);
    let (date, time) = failed["created_at"].as_str().unwrap().split_once('T').unwrap();
    assert_eq!((&record["date"], &record["time"]), (&json!(date), &json!(time)));
    assert_eq!(record["timestamp"], failed["created_at"]);
    for key in ["tracking_id", "input"] {
        assert_eq!(record[key], failed[key], "{key}");
    }
    let name = format!("{date}_{}.log", failed["tracking_id"].as_str().unwrap());
    assert_eq!(file.file_name().unwrap().to_str(), Some(name.as_str()));
    assert_eq!(record["error_code"], "product_not_found");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            // The folder itself is closed to others, and so is what is in it.
            let private = if entry.path().is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, private, "{:?}", entry.path());
        }
    }
}

#[tokio::test]
async fn an_id_that_no_quotation_has_is_not_found() {
    let app = TestApp::start().await;
    fs::write(app.log_dir().join("secret.log"), "{}").unwrap();
    let long = format!("quot_{}", "a".repeat(5000));
    let ids = [
        "quot_abc123def456",
        "quot_",
        "quot_ABC",
        "secret",
        "secret.log",
        ".lock",
        "quot_abc.log",
        "quot_..%2F..%2Fetc%2Fpasswd",
        "..%2Fsecret.log",
        "quot_a%00b",
        "quot_%FF%FE",
        "quot_%E2%80%AE",
        "%2e%2e%5csecret",
        "quot_a%0d%0aX-Injected:%201",
        "*",
        "quot_a%3Fb",
        &long,
    ];
    for id in ids {
        for kind in ["status", "events"] {
            let response = app.get(&format!("/api/quotation/{kind}/{id}")).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{kind} {id}");
            assert!(!response.headers().contains_key("x-injected"));
            let problem: Value = response.json().await.unwrap();
            assert_eq!(problem["code"], "quotation_not_found", "{kind} {id}");
        }
    }
    assert!(app.proxy().calls().is_empty());
}
