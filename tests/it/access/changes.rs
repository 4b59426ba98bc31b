//! The access file changes while the service runs.

use reqwest::StatusCode;
use serde_json::{Value, json};

use mcp_odoo_core::access::key::KeyHash;

use super::{access_file, client_of, key, start};
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

/// With an overlap, as `keys rotate` writes it: streams that were opened with the key before last as long as that works.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_opened_with_a_replaced_key_ends_with_that_key() {
    let (app, folder) = start(&[("web", ALL), ("old", ALL)]).await;
    let replaced = |until: chrono::DateTime<chrono::Utc>, more: &str| {
        let (old, until) = (KeyHash::of(&key("old")), until.to_rfc3339());
        let rest = format!("{ALL}\nprevious_key = \"{old}\"\nprevious_expires = {until}\n{more}");
        access_file(folder.path(), &[("web", rest.as_str())]);
    };
    // The key is called after what it will be: that of `web` before it is changed.
    let hash = KeyHash::of(&key("old"));
    let text = format!("[callers.web]\nkey = \"{hash}\"\n{ALL}\n");
    let (written, path) = (folder.path().join("access.first"), folder.path().join("access.toml"));
    std::fs::write(&written, text).unwrap();
    std::fs::rename(written, path).unwrap();
    while status(&app, "web").await != StatusCode::UNAUTHORIZED {}
    let mut before = Sse::connect(&client_of("old"), &app.url).await;
    let ping = crate::mcp::client::request(9, "ping", &json!({}));

    replaced(chrono::Utc::now() + chrono::TimeDelta::hours(1), "");
    while status(&app, "web").await != StatusCode::NOT_FOUND {}
    assert_eq!(before.ask(&ping).await["result"], json!({}), "the key works, and so does what it opened");
    assert_eq!(status(&app, "old").await, StatusCode::NOT_FOUND);
    let mut after = Sse::connect(&client_of("web"), &app.url).await;

    replaced(chrono::Utc::now(), "");
    while before.stream.event().await.is_some() {}
    assert_eq!(status(&app, "old").await, StatusCode::UNAUTHORIZED);
    assert_eq!(after.ask(&ping).await["result"], json!({}), "its key is the same");
    replaced(chrono::Utc::now(), "revoked = true");
    while after.stream.event().await.is_some() {}
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
