//! The real binary: `check` says whether tokens can be told apart, and nothing of a token is written anywhere.

use std::path::Path;

use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::gate::with_token;
use super::keys::{Key, in_seconds};
use super::server::{AUDIENCE, Failure, Server};
use crate::mcp::client::{Streamable, call};
use crate::support::app::{Odoo, request};
use crate::support::events::Events;
use crate::support::process::{self, run};

fn env(server: &Server) -> [(&'static str, &str); 3] {
    [("OAUTH_ISSUER", &server.issuer), ("OAUTH_AUDIENCE", AUDIENCE), ("LOG_LEVEL", "debug")]
}

/// Everything below the folder, as one text.
fn written(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all += path.to_str().unwrap();
        all += &match path.is_dir() {
            true => written(&path),
            false => String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
        };
    }
    all
}

#[tokio::test]
async fn nothing_of_a_token_is_written() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let odoo = Odoo::start(Options::default()).await;
    let folder = TempDir::new().unwrap();
    let service = process::Server::start_with(folder.path(), &odoo, &env(&server)).await;
    let good = key.token(&server.claims_with(&json!({ "scope": "odoo:quotations odoo:read" })));
    let expired = key.token(&server.claims_with(&json!({ "exp": in_seconds(-90) })));
    let forged = Key::p256("1").token(&server.claims());
    let unknown = Key::p256("2").token(&server.claims());
    let mut said = String::new();
    for token in [&good, &expired, &forged, &unknown] {
        let client = with_token(token);
        let accepted =
            client.post(format!("{}/api/quotation/async", service.url)).json(&request("a@b.example"));
        let accepted = accepted.send().await.unwrap();
        said += &format!("{:?}", accepted.headers());
        let answer: Value = accepted.json().await.unwrap();
        if let Some(id) = answer["tracking_id"].as_str() {
            let events =
                client.get(format!("{}/api/quotation/events/{id}", service.url)).send().await.unwrap();
            said += &Events::new(events).last().await.to_string();
            let session = Streamable::connect(&client, &service.url, "2025-11-25").await;
            session.ask(&call(2, "list_users", &json!({}))).await;
            session.post().json(&call(3, "dev_update_sale", &json!({}))).send().await.unwrap();
        }
        said += &answer.to_string();
    }
    service.process.terminate().await;
    let (status, log) = service.process.ended().await;
    assert!(status.success(), "{log}");
    let everywhere = format!("{said}{log}{}", written(folder.path()));
    let noted = written(&folder.path().join("logs/audit"));
    let beyond = noted.lines().find(|line| line.contains("dev_update_sale")).unwrap();
    assert!(beyond.contains("oauth:") && beyond.contains("forbidden"), "{beyond}");
    for token in [good, expired, forged, unknown] {
        for part in token.split('.').skip(1) {
            assert!(!everywhere.contains(part), "{part} is in {everywhere}");
        }
    }
    assert!(!everywhere.contains("eva@company.example"), "{everywhere}");
}

#[tokio::test]
async fn check_asks_for_the_keys() {
    let keys = [Key::p256("1"), Key::rsa("2")];
    let server = Server::start(&keys.each_ref()).await;
    let folder = TempDir::new().unwrap();
    let checked = async || {
        let output = run(folder.path(), &["check"], &env(&server)).await;
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (good, said) = checked().await;
    let line = format!("✓ OAUTH: 2 keys of {}; clients call {AUDIENCE}", server.issuer);
    assert!(good && said.contains(&line), "{said}");
    assert!(!said.contains("may do everything"), "{said}");
    server.fail(Failure::Error);
    let (good, said) = checked().await;
    assert!(!good && said.contains("✗ OAUTH: ") && said.contains("502"), "{said}");
}
