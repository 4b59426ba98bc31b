//! Logs of a newer version: a rollback loses nothing of them.

use std::fs;
use std::path::PathBuf;

use mcp_odoo_core::handoff::document::Handoff;
use mcp_odoo_core::handoff::id::HandoffId;
use mcp_odoo_core::journal::{Journal, Target};
use mcp_odoo_core::store::{Put, Store};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;

const EMAIL: &str = "eva@versions.example";

fn read(path: &PathBuf) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn fields_of_a_newer_version_are_carried() {
    let app = TestApp::start().await;
    let id = app.accepted(&request(EMAIL), Some("newer")).await;
    app.finished(&id).await;
    let path = app.logs().remove(0);
    let (odoo, folder) = app.stop().await;
    let mut log = read(&path);
    assert_eq!(log["version"], 1);
    log["version"] = json!(99);
    // As if it had not come to its end.
    log["status"] = json!("processing");
    log["approval"] = json!({ "by": "Laura", "levels": [1, 2] });
    log["input"]["incoterm"] = json!("FOB");
    log["input"]["products"][1]["discount"] = json!(12.5);
    log["output"]["steps"]["invoice"] = json!("created");
    log["output"]["pdf"] = json!("s3://x");
    log["external_ids"]["salt"] = json!("x");
    fs::write(&path, log.to_string()).unwrap();

    let app = TestApp::builder().after((odoo, folder)).start().await;
    let last = app.finished(&id).await;
    assert_eq!(last["status"], "completed", "{last}");
    assert_eq!(app.accepted(&request(EMAIL), Some("newer")).await, id, "the same request");
    let (odoo, _folder) = app.stop().await;
    let now = read(&path);
    assert_eq!(now["status"], "completed");
    for field in [
        "/version",
        "/approval",
        "/input/incoterm",
        "/input/products/1/discount",
        "/output/steps/invoice",
        "/output/pdf",
        "/external_ids/salt",
    ] {
        assert_eq!(now.pointer(field), log.pointer(field), "{field}: {now}");
        assert!(now.pointer(field).is_some(), "{field}");
    }
    Made::by_email(&odoo.sandbox, EMAIL).assert_exactly_once(&REQUEST_LINES, "rolled back");
}

/// What is in it is not known, and neither told nor thrown away.
#[tokio::test]
async fn a_log_that_only_a_newer_version_understands_stays_where_it_is() {
    let app = TestApp::start().await;
    let id = app.accepted(&request(EMAIL), Some("newer")).await;
    app.finished(&id).await;
    let path = app.logs().remove(0);
    let (odoo, folder) = app.stop().await;
    let mut log = read(&path);
    log["version"] = json!(99);
    log["status"] = json!("postponed");
    fs::write(&path, log.to_string()).unwrap();
    let app = TestApp::builder().after((odoo, folder)).start().await;
    let status = app.get(&format!("/api/quotation/status/{id}")).await;
    assert_eq!(status.status(), StatusCode::SERVICE_UNAVAILABLE);
    let again = app.post(&request(EMAIL), Some("newer")).await;
    assert_eq!(again.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(read(&path), log);
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "postponed");
}

#[tokio::test]
async fn fields_of_a_newer_handoff_are_carried() {
    let folder = TempDir::new().unwrap();
    let id: HandoffId = "sms_1769767200_0a1b2c3d".parse().unwrap();
    let path = folder.path().join(format!("{}_{id}.log", id.date()));
    let log = json!({
        "handoff_id": id, "timestamp": "2026-01-30T10:00:00", "date": "2026-01-30", "time": "10:00:00",
        "status": "queued", "user_phone": "+525512345678", "reason": "precio", "user_name": null,
        "conversation_id": null, "lead_id": null, "sale_order_id": null, "additional_context": null,
        "assigned_user_id": null, "vendor_sms": null, "message_sid": null, "error": null,
        "updated_at": "2026-01-30T10:00:00", "version": 99, "priority": { "level": 3 },
    });
    fs::write(&path, log.to_string()).unwrap();
    // Another one's content is not served under this name.
    let other: HandoffId = "sms_1769767200_ffffffff".parse().unwrap();
    fs::copy(&path, folder.path().join(format!("{}_{other}.log", other.date()))).unwrap();
    let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
    let mut stored = journal.load::<Handoff>(id.as_str()).await.unwrap().expect("it is understood");
    stored.document.content.status.error = Some("no".to_owned());
    assert_eq!(journal.save(&stored.document, stored.revision).await.unwrap(), Put::Done);
    let now = read(&path);
    assert_eq!(
        (&now["error"], &now["version"], &now["priority"]),
        (&json!("no"), &json!(99), &log["priority"])
    );
    assert!(journal.load::<Handoff>(other.as_str()).await.unwrap().is_none());
}
