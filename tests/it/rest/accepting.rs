//! What `POST /api/quotation/async` and `/status` answer, key by key.

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{TestApp, request};

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_answer_is_the_contract() {
    let app = TestApp::start().await;
    let response = app.post(&request("eva@accept.example"), None).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(keys(&body), ["tracking_id", "status", "message", "estimated_time", "status_url"]);
    let id = body["tracking_id"].as_str().unwrap();
    let opaque = id.strip_prefix("quot_").unwrap();
    assert!(opaque.len() == 32 && opaque.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(body["status"], "queued");
    assert_eq!(body["message"], "Cotización en proceso...");
    assert_eq!(body["estimated_time"], "1-2 segundos");
    assert_eq!(body["status_url"], format!("/api/quotation/status/{id}"));
    assert_eq!(location, format!("/api/quotation/status/{id}"));

    app.finished(id).await;
    let response = app.get(&location).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status: Value = response.json().await.unwrap();
    assert_eq!(
        keys(&status),
        [
            "tracking_id",
            "status",
            "progress",
            "input",
            "output",
            "error",
            "error_code",
            "created_at",
            "updated_at"
        ]
    );
    assert_eq!(status["input"]["email"], "eva@accept.example");
    assert_eq!(status["error"], Value::Null);
    for time in ["created_at", "updated_at"] {
        let time = status[time].as_str().unwrap();
        chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S").unwrap();
    }
}

/// The documented front end: post, then poll every two seconds until completed or failed.
#[tokio::test]
async fn before_it_is_done_there_is_no_output() {
    let slow = Options { latency: std::time::Duration::from_millis(200), ..Options::default() };
    let app = TestApp::builder().sandbox(slow).start().await;
    let id = app.accepted(&request("eva@accept.example"), None).await;
    let status = app.status(&id).await;
    assert!(["queued", "processing"].contains(&status["status"].as_str().unwrap()), "{status}");
    assert_eq!((&status["output"], &status["error"]), (&Value::Null, &Value::Null));
    assert_eq!(app.finished(&id).await["status"], "completed");
    assert_eq!(app.status(&id).await["status"], "completed");
}

#[tokio::test]
async fn events_of_a_finished_quotation_are_one() {
    let app = TestApp::start().await;
    let id = app.accepted(&request("eva@accept.example"), None).await;
    let status = app.finished(&id).await;
    let mut events = app.events(&id).await;
    assert_eq!(events.next().await, Some(status));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn an_unknown_quotation_is_not_found() {
    let app = TestApp::start().await;
    for id in
        ["quot_0123456789abcdef0123456789abcdef", "quot_", "nonsense", "..%2f..%2fetc%2fpasswd", "quot_%00"]
    {
        for resource in ["status", "events"] {
            let response = app.get(&format!("/api/quotation/{resource}/{id}")).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{resource} of {id}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert_eq!(response.json::<Value>().await.unwrap()["code"], "quotation_not_found");
        }
    }
}

/// The largest quotation that is allowed is made whole.
#[tokio::test]
async fn a_thousand_lines() {
    let app = TestApp::start().await;
    let mut body = request("eva@accept.example");
    body["products"] = (0..1000).map(|n| json!({ "product_id": 1, "qty": n + 1, "price": 1 })).collect();
    let status = app.quote(&body).await;
    assert_eq!(status["output"]["products_added"].as_array().unwrap().len(), 1000);
    assert_eq!(status["output"]["amount_total"], 500_500.0);
}
