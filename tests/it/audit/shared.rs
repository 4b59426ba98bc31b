//! Several processes write to one file, and one that is killed leaves a readable one.

use std::fs::{self, File};
use std::io::Write;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{files, lines};
use crate::mcp::stdio_shared::Window;
use crate::support::app::Odoo;
use crate::support::http_client;
use crate::support::process::{Server, run};

async fn poll(server: &Server, count: usize) {
    let client = http_client();
    for n in 0..count {
        let url = format!("{}/api/quotation/status/quot_{n}", server.url);
        assert_eq!(client.get(url).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_a_window_share_a_file() {
    let (folder, odoo) = (TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let window = Window::open(folder.path(), &odoo, &[]).await;
    let calls = async {
        for _ in 0..20 {
            window.call("list_users", json!({})).await;
        }
    };
    tokio::join!(poll(&server, 20), calls);
    window.client.cancel().await.unwrap();
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
    let lines = lines(&folder.path().join("logs"));
    let by = |caller: &str, transport: &str| {
        lines.iter().filter(|line| line["caller"] == caller && line["transport"] == transport).count()
    };
    assert_eq!((by("anonymous", "rest"), by("local", "stdio"), lines.len()), (20, 20, 40));
    assert!(!folder.path().join("logs/stdio-2/audit").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_leaves_a_readable_file() {
    let folder = TempDir::new().unwrap();
    let logs = folder.path().join("logs");
    for round in 0..3 {
        let server = Server::start(folder.path(), &[]).await;
        poll(&server, 5 + round).await;
        // What was said to be done a second ago stands there: the next lines need not.
        while lines(&logs).len() < 5 * (round + 1) {
            poll(&server, 1).await;
        }
        server.process.kill().await;
        assert!(lines(&logs).len() >= 5 * (round + 1));
    }
    // A write that the end of the machine cut in two.
    let before = lines(&logs).len();
    let file = files(&logs).pop().unwrap();
    let mut torn = File::options().append(true).open(&file).unwrap();
    torn.write_all(b"{\"time\":\"2026-11-21T10:0").unwrap();
    let server = Server::start(folder.path(), &[]).await;
    poll(&server, 1).await;
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
    let text = files(&logs).iter().map(|file| fs::read_to_string(file).unwrap()).collect::<String>();
    let unreadable = text.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count();
    assert_eq!((unreadable, text.lines().count()), (1, before + 2));
    let shown = run(folder.path(), &["audit", "--json"], &[]).await;
    let shown: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown.len(), before + 1);
}
