//! `mcp-odoo keys`, beside a running service.

use std::path::Path;

use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::http_client;
use crate::support::process::{Server, run};

const FILE: [(&str, &str); 1] = [("ACCESS_FILE", "access.toml")];

/// What it prints.
async fn keys(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, &[&["keys"], arguments].concat(), &FILE).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn status(server: &Server, key: &str) -> StatusCode {
    let path = "/api/quotation/status/quot_0123456789abcdef0123456789abcdef";
    http_client().get(format!("{}{path}", server.url)).bearer_auth(key).send().await.unwrap().status()
}

/// A running service knows of a change within a second or so.
async fn until(server: &Server, key: &str, is: StatusCode) {
    while status(server, key).await != is {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_used_changed_and_taken_back() {
    let folder = TempDir::new().unwrap();
    let first = keys(folder.path(), &["new", "web", "--permissions", "quotations,read"]).await;
    assert!(first.starts_with("mcpo_") && first.len() == 48, "{first}");
    let server = Server::start(folder.path(), &FILE).await;
    assert_eq!(status(&server, &first).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&server, "mcpo_another").await, StatusCode::UNAUTHORIZED);

    let second = keys(folder.path(), &["rotate", "web"]).await;
    assert_ne!(first, second);
    until(&server, &second, StatusCode::NOT_FOUND).await;
    assert_eq!(status(&server, &first).await, StatusCode::NOT_FOUND, "for a while");
    let third = keys(folder.path(), &["rotate", "web", "--overlap", "0"]).await;
    until(&server, &second, StatusCode::UNAUTHORIZED).await;
    assert_eq!(status(&server, &third).await, StatusCode::NOT_FOUND);

    keys(folder.path(), &["new", "voice", "--permissions", "handoffs", "--expires", "2020-01-01"]).await;
    keys(folder.path(), &["revoke", "web"]).await;
    until(&server, &third, StatusCode::UNAUTHORIZED).await;
    let listed = keys(folder.path(), &["list"]).await;
    let lines: Vec<_> = listed.lines().collect();
    assert!(lines[1].starts_with("voice  expired") && lines[2].starts_with("web    revoked"), "{listed}");
    let listed: Value = serde_json::from_str(&keys(folder.path(), &["list", "--json"]).await).unwrap();
    assert_eq!(listed[1]["permissions"], "quotations, read", "{listed}");
    // 404, 404, 404 and more: each was asked for by a key that worked.
    assert!(listed[1]["calls"].as_str().unwrap().parse::<u64>().unwrap() >= 3, "{listed}");
    assert!(listed[1]["last_use"].as_str().unwrap().ends_with('Z') && listed[0]["calls"] == "0", "{listed}");
    server.process.kill().await;

    // Nothing that was ever written has a key in it.
    for key in [first, second, third] {
        for entry in walk(folder.path()) {
            let text = std::fs::read(&entry).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains(&key), "{entry:?}");
        }
    }
}

/// Each reads the file and writes another: none undoes what the others did.
#[tokio::test(flavor = "multi_thread")]
async fn several_at_once_change_the_file_one_after_the_other() {
    let folder = TempDir::new().unwrap();
    keys(folder.path(), &["new", "leaves", "--permissions", "read"]).await;
    let names: Vec<String> = (0..6).map(|n| format!("new-{n}")).collect();
    let new = |name| ["new", name, "--permissions", "read", "--ips", "10.0.0.5"];
    let making = join_all(names.iter().map(|name| async { keys(folder.path(), &new(name)).await }));
    tokio::join!(making, keys(folder.path(), &["revoke", "leaves"]));
    let listed: Value = serde_json::from_str(&keys(folder.path(), &["list", "--json"]).await).unwrap();
    let of = |name: &str| listed.as_array().unwrap().iter().find(|row| row["name"] == name).cloned().unwrap();
    assert_eq!(of("leaves")["state"], "revoked");
    for name in &names {
        assert_eq!(
            (&of(name)["state"], &of(name)["from"]),
            (&"works".into(), &"10.0.0.5/32".into()),
            "{name}"
        );
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_line_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    keys(folder.path(), &["new", "web", "--permissions", "read"]).await;
    let before = std::fs::read(folder.path().join("access.toml")).unwrap();
    for (arguments, says) in [
        (&["new", "web", "--permissions", "read"][..], "there is a caller web already"),
        (&["new", "Web Page", "--permissions", "read"], "a name has 1 to 64 of"),
        (&["new", "voice", "--permissions", "all"], "permissions are quotations, handoffs, read"),
        (&["new", "voice", "--permissions", "read", "--ips", "10.0.0"], "a network or an address is needed"),
        (&["rotate", "voice"], "there is no caller voice"),
        (&["revoke", "voice"], "there is no caller voice"),
    ] {
        let output = run(folder.path(), &[&["keys"], arguments].concat(), &FILE).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(says), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(std::fs::read(folder.path().join("access.toml")).unwrap(), before);
    let output = run(folder.path(), &["keys", "list"], &[]).await;
    assert!(String::from_utf8(output.stderr).unwrap().contains("set ACCESS_FILE"));
}
