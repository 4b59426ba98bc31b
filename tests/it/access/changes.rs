//! The access file changes while the service runs.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{access_file, client_of, start};
use crate::mcp::client::{Sse, Streamable, initialize};
use crate::support::app::{TestApp, request};
use crate::support::http_client;
use crate::support::proxy::Fault;

const ALL: &str = r#"permissions = ["quotations", "read", "admin"]"#;

async fn status(app: &TestApp, name: &str) -> StatusCode {
    let path = "/api/quotation/status/quot_0123456789abcdef0123456789abcdef";
    client_of(name).get(format!("{}{path}", app.url)).send().await.unwrap().status()
}

/// What is open for a caller ends with their key; who stays is not disturbed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_ends_when_its_key_is_revoked() {
    let (app, folder) = start(&[("leaves", ALL), ("stays", ALL)]).await;
    let mut leaves = Sse::connect(&client_of("leaves"), &app.url).await;
    let mut stays = Sse::connect(&client_of("stays"), &app.url).await;
    let session = Streamable::connect(&client_of("leaves"), &app.url, "2025-11-25").await;
    let mut listening = session.listen().await;
    // A quotation that does not end: Odoo says nothing.
    app.odoo.proxy.plan(|_, _| Some(Fault::Late));
    let post = client_of("leaves").post(format!("{}/api/quotation/async", app.url));
    let accepted: Value =
        post.json(&request("eva@changes.example")).send().await.unwrap().json().await.unwrap();
    let id = accepted["tracking_id"].as_str().unwrap();
    let events =
        client_of("leaves").get(format!("{}/api/quotation/events/{id}", app.url)).send().await.unwrap();

    access_file(folder.path(), &[("leaves", &format!("{ALL}\nrevoked = true")), ("stays", ALL)]);
    while leaves.stream.event().await.is_some() {}
    while listening.event().await.is_some() {}
    let told = events.text().await.unwrap();
    assert!(!told.contains("completed"), "{told}");
    assert_eq!(status(&app, "leaves").await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        session.post().json(&initialize("2025-11-25")).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(status(&app, "stays").await, StatusCode::NOT_FOUND);
    let ping = crate::mcp::client::request(9, "ping", &json!({}));
    assert_eq!(stays.ask(&ping).await["result"], json!({}));
}

/// The last good one holds on, and it is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_is_told() {
    let (app, folder) = start(&[("web", ALL)]).await;
    std::fs::write(folder.path().join("access.toml"), "[callers.web]\nkey = 'sha256:secret-4711'\n").unwrap();
    let health = async || {
        let answer = http_client().get(format!("{}/health", app.url)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    while health().await.get("access").is_none() {}
    assert_eq!(health().await["access"], "file_not_taken");
    assert_eq!(status(&app, "web").await, StatusCode::NOT_FOUND, "it holds on");
    access_file(folder.path(), &[("other", ALL)]);
    while health().await.get("access").is_some() {}
    assert_eq!(status(&app, "web").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&app, "other").await, StatusCode::NOT_FOUND);
}
