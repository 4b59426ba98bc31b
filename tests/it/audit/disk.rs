//! A disk that takes nothing more stops no operation without a word.

use std::fs;
use std::path::Path;

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::files;
use crate::support::app::request;
use crate::support::http_client;
use crate::support::process::{Process, Server};

/// No file of this one may be larger than 8 KiB; the log of a quotation is smaller.
async fn start_small(folder: &Path) -> Server {
    let mut command = Command::new("sh");
    let small = "trap '' XFSZ; ulimit -f 16; exec \"$0\"";
    command.args(["-c", small, env!("CARGO_BIN_EXE_mcp-odoo")]).env_clear().current_dir(folder);
    command.env("PORT", "0").env("AUDIT_REQUIRED", "true").kill_on_drop(true);
    let process = Process::spawn(command);
    let line = process.line("listening on http://").await;
    let url = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    Server { process, url }
}

async fn post(url: &str, body: &Value) -> (StatusCode, Option<String>, Value) {
    let answer = http_client().post(format!("{url}/api/quotation/async")).json(body).send().await.unwrap();
    let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status(), retry, answer.json().await.unwrap())
}

async fn get(url: &str) -> Value {
    http_client().get(url).send().await.unwrap().json().await.unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_writes_waits_for_the_audit_where_it_is_required() {
    let folder = TempDir::new().unwrap();
    let Server { process, url } = start_small(folder.path()).await;
    let (health, status) = (format!("{url}/health"), format!("{url}/api/quotation/status/quot_1"));
    assert_eq!(post(&url, &request("eva@audit.example")).await.0, StatusCode::ACCEPTED);
    let mut polled = 0;
    while get(&health).await["audit"].is_null() {
        assert_eq!(get(&status).await["code"], "quotation_not_found");
        polled += 1;
    }
    assert_eq!(get(&health).await["audit"], "not_written");
    let (code, retry, answer) = post(&url, &request("luis@audit.example")).await;
    assert_eq!((code, retry.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert_eq!(answer["code"], "audit_unavailable");
    let logs = folder.path().join("logs");
    let full = files(&logs).pop().unwrap();
    fs::rename(&full, full.with_extension("full")).unwrap();
    process.line("lines of the audit are written again").await;
    assert_eq!(post(&url, &request("luis@audit.example")).await.0, StatusCode::ACCEPTED);
    assert!(get(&health).await["audit"].is_null());
    process.terminate().await;
    let (status, said) = process.ended().await;
    assert!(status.success());
    assert_eq!(said.matches("lines of the audit cannot be written").count(), 1, "{said}");
    let text = fs::read_to_string(full.with_extension("full")).unwrap() + "\n";
    let text = text + &fs::read_to_string(&full).unwrap();
    let read: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(read.len(), polled + 3, "none is lost, none is there twice");
}
