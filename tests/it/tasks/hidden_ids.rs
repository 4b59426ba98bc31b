//! Who guesses a key learns nothing of its quotation.

use std::fs;
use std::sync::Arc;

use mcp_odoo_core::quotation::id::TrackingId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;

const EMAIL: &str = "eva@hidden.example";
const KEY: &str = "order-1001";

fn reference() -> TrackingId {
    TrackingId::from_key("", &KEY.parse().unwrap())
}

#[tokio::test]
async fn an_id_cannot_be_computed_from_its_key() {
    let app = TestApp::start().await;
    let id = app.accepted(&request(EMAIL), Some(KEY)).await;
    let first = app.finished(&id).await;
    let status = app.get(&format!("/api/quotation/status/{}", reference())).await;
    assert_eq!(status.status(), StatusCode::NOT_FOUND);
    let secret = app.log_dir().join(".secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // Another folder has another secret, and finds the same records.
    let (odoo, folder) = app.stop().await;
    let app = TestApp::builder().after((odoo, Arc::new(TempDir::new().unwrap()))).start().await;
    let other = app.accepted(&request(EMAIL), Some(KEY)).await;
    assert_ne!(other, id);
    assert_eq!(app.finished(&other).await["output"]["sale_order_id"], first["output"]["sale_order_id"]);
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "two folders");

    // So does one whose secret is lost.
    let (odoo, _) = app.stop().await;
    fs::remove_file(folder.path().join(".secret")).unwrap();
    let app = TestApp::builder().after((odoo, folder)).start().await;
    let third = app.accepted(&request(EMAIL), Some(KEY)).await;
    assert!(third != id && third != other);
    assert_eq!(app.finished(&third).await["output"]["sale_order_id"], first["output"]["sale_order_id"]);
    assert_eq!(app.status(&id).await, first, "old ids are answered as before");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "a lost secret");
}

/// As logs of before are called, whose ids followed from the key alone.
#[tokio::test]
async fn a_key_whose_log_has_the_old_id_is_known_by_it() {
    let app = TestApp::start().await;
    let id = app.accepted(&request(EMAIL), Some(KEY)).await;
    app.finished(&id).await;
    let (odoo, folder) = app.stop().await;
    let name = |id: &str| folder.path().join(format!("{}_{id}.log", chrono::Utc::now().date_naive()));
    let mut log: Value = serde_json::from_slice(&fs::read(name(&id)).unwrap()).unwrap();
    log["tracking_id"] = json!(reference());
    log.as_object_mut().unwrap().remove("external_ids");
    fs::write(name(reference().as_str()), log.to_string()).unwrap();
    fs::remove_file(name(&id)).unwrap();

    let app = TestApp::builder().after((odoo, folder)).start().await;
    app.proxy().plan(|_, _| None);
    assert_eq!(app.accepted(&request(EMAIL), Some(KEY)).await, reference().as_str());
    assert_eq!(app.finished(reference().as_str()).await["status"], "completed");
    assert!(app.proxy().calls().is_empty(), "it was made before: {:?}", app.proxy().calls());
    let other = app.post(&request("other@hidden.example"), Some(KEY)).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
