//! Health, wrong paths and methods, request ids, open streams.

use std::time::Duration;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{TestApp, request};
use crate::support::proxy::Fault;

#[tokio::test]
async fn health_needs_no_odoo() {
    let app = TestApp::start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let response = app.get("/health").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "ok": true, "mcp_loaded": true }));
    assert!(app.proxy().calls().is_empty());
}

#[tokio::test]
async fn wrong_paths_and_methods_are_problems() {
    let app = TestApp::start().await;
    let missing = app.get("/api/nothing").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.json::<Value>().await.unwrap()["code"], "no_such_path");
    let wrong = app.get("/api/quotation/async").await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers()["allow"], "POST");
    assert_eq!(wrong.json::<Value>().await.unwrap()["code"], "method_not_allowed");
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let app = TestApp::start().await;
    let given = "6f1c2a34-0d5e-4b47-81b8-c9d0e1f2a3b4";
    let with = async |id: &str| {
        let response =
            app.client.get(format!("{}/health", app.url)).header("X-Request-Id", id).send().await.unwrap();
        response.headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(with(given).await, given);
    assert_ne!(with("eva@service.example").await, "eva@service.example");
    assert!(app.get("/nothing").await.headers().contains_key("x-request-id"));
}

/// Many listeners of one quotation all hear its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_listeners() {
    let slow = Options { latency: Duration::from_millis(50), ..Options::default() };
    let app = TestApp::builder().sandbox(slow).start().await;
    let id = app.accepted(&request("eva@service.example"), None).await;
    let streams = futures::future::join_all((0..100).map(|_| app.events(&id))).await;
    let ends = futures::future::join_all(streams.into_iter().map(|events| events.last())).await;
    assert!(ends.iter().all(|end| end["status"] == "completed"));
}

/// Asking for a quotation says nothing of accepting one, also when only a newer version understands its log.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_is_a_passing_failure() {
    let app = TestApp::start().await;
    let id = app.quote(&request("eva@service.example")).await["tracking_id"].as_str().unwrap().to_owned();
    let log = app.logs().remove(0);
    let earlier = app.stop().await;
    let newer = std::fs::read_to_string(&log).unwrap().replace("\"completed\"", "\"postponed\"");
    std::fs::write(&log, newer).unwrap();
    let app = TestApp::builder().after(earlier).start().await;
    for resource in ["status", "events"] {
        let response = app.get(&format!("/api/quotation/{resource}/{id}")).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "journal_unavailable");
        assert_eq!(problem["detail"], "the service cannot use its log files; repeat later");
    }
}

/// A body that does not come does not hold a connection for ever.
#[tokio::test]
async fn a_request_that_takes_too_long_is_answered() {
    let short = Duration::from_millis(200);
    let app = TestApp::builder().configure(|config| config.http.request_timeout = short).start().await;
    let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = "POST /api/quotation/async HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nConnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("request_timeout") && answer.contains("Idempotency-Key"), "{answer}");
}
