//! A log folder that was damaged, lost or filled with other things.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::odoo::Made;
use crate::support::process::Server;
use crate::support::remove_folder;

/// A log as an earlier version may have written it, without the keys that are not needed.
fn unfinished(id: &str, odoo: &Odoo) -> String {
    let target = Target::server(&odoo.config(ProtocolChoice::Auto, Duration::from_secs(10)));
    let record = json!({
        "odoo": target.name(), "tracking_id": id, "timestamp": "2026-01-30T10:00:00", "date": "2026-01-30", "time": "10:00:00",
        "status": "queued", "input": request("old@damage.example"), "output": null, "error": null,
        "updated_at": "2026-01-30T10:00:00",
    });
    record.to_string()
}

fn name(id: &str) -> String {
    format!("2026-01-30_{id}.log")
}

async fn last_event(server: &Server, id: &str) -> Value {
    let url = format!("{}/api/quotation/events/{id}", server.url);
    Events::new(http_client().get(url).send().await.unwrap()).last().await
}

/// A folder for `Server`, with `logs` in it.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    folder
}

#[tokio::test]
async fn files_that_cannot_be_understood_are_set_aside_with_their_content() {
    let (folder, odoo) = (folder(), Odoo::start(Options::default()).await);
    let whole = unfinished("quot_whole", &odoo);
    let logs = folder.path().join("logs");
    let damaged: [(&str, &[u8]); 6] = [
        ("quot_empty", b""),
        ("quot_truncated", &whole.as_bytes()[..whole.len() / 2]),
        ("quot_foreign", b"{\"level\": \"info\"}"),
        ("quot_binary", b"\x00\xff\xfe\x01"),
        ("quot_list", b"[1, 2]"),
        ("quot_zeros", &[0; 4096]),
    ];
    for (id, content) in damaged {
        fs::write(logs.join(name(id)), content).unwrap();
    }
    // These have names that are none of ours: they stay.
    let others =
        ["notes.txt", "2026-01-30_sms_1769767200_0a1b2c3.log", "1970-01-01_quot_x.log", "quot_x.log"];
    for other in others {
        fs::write(logs.join(other), "other").unwrap();
    }
    let handoff = "2026-01-30_sms_1769767200_0a1b2c3d.log";
    fs::write(logs.join(handoff), "{").unwrap();
    fs::create_dir(logs.join(".writing")).unwrap();
    fs::write(logs.join(".writing/abc123"), &whole[..20]).unwrap();
    fs::write(logs.join(name("quot_whole")), &whole).unwrap();

    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    for (id, content) in damaged {
        let line = server.process.line(&format!("file=\"{}\"", name(id))).await;
        assert!(line.contains("WARN") && line.contains("set aside as .corrupt"), "{line}");
        let aside = logs.join(format!("{}.corrupt", name(id)));
        assert_eq!(fs::read(aside).unwrap(), content, "{id}");
        assert!(!logs.join(name(id)).exists(), "{id}");
        let status = http_client().get(format!("{}/api/quotation/status/{id}", server.url)).send().await;
        assert_eq!(status.unwrap().status(), StatusCode::NOT_FOUND, "{id}");
    }
    server.process.line(&format!("file=\"{handoff}\"")).await;
    assert_eq!(fs::read(logs.join(format!("{handoff}.corrupt"))).unwrap(), b"{");
    for other in others {
        assert_eq!(fs::read(logs.join(other)).unwrap(), b"other", "{other}");
    }
    assert!(!logs.join(".writing/abc123").exists(), "nobody was promised what was half written");
    let last = last_event(&server, "quot_whole").await;
    assert_eq!((&last["status"], &last["created_at"]), (&json!("completed"), &json!("2026-01-30T10:00:00")));
    server.process.kill().await;
}

#[tokio::test]
async fn things_that_cannot_be_read_keep_nothing_else_from_being_taken_up() {
    let (folder, odoo) = (folder(), Odoo::start(Options::default()).await);
    let logs = folder.path().join("logs");
    fs::create_dir(logs.join(name("quot_zfolder"))).unwrap();
    fs::create_dir_all(logs.join(".writing/folder")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", logs.join(name("quot_zlink"))).unwrap();
    fs::write(logs.join(name("quot_whole")), unfinished("quot_whole", &odoo)).unwrap();
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    server.process.line("taking up unfinished quotations").await;
    server.process.line("quot_zfolder.log").await;
    assert_eq!(last_event(&server, "quot_whole").await["status"], "completed");
    server.process.kill().await;
}

#[tokio::test]
async fn a_corrupt_file_found_while_running_is_set_aside_and_its_key_works_again() {
    let app = TestApp::start().await;
    let body = request("torn@damage.example");
    let id = app.accepted(&body, Some("torn")).await;
    app.finished(&id).await;
    let app = TestApp::builder().after(app.stop().await).start().await;
    let file = app.logs().remove(0);
    fs::write(&file, "{ torn").unwrap();
    let path = format!("/api/quotation/status/{id}");
    // Several find it at once, and the start may, too.
    for response in join_all((0..16).map(|_| app.get(&path))).await {
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    let aside = file.with_extension("log.corrupt");
    assert_eq!(fs::read_to_string(aside).unwrap(), "{ torn");
    assert_eq!(app.accepted(&body, Some("torn")).await, id);
    assert_eq!(app.finished(&id).await["status"], "completed");
    Made::by_email(app.sandbox(), "torn@damage.example").assert_exactly_once(&REQUEST_LINES, "torn");
}

#[tokio::test]
async fn a_folder_that_vanished_stops_new_quotations_until_it_is_back() {
    let app = TestApp::start().await;
    let body = request("vanished@damage.example");
    remove_folder(app.log_dir());
    for key in [Some("vanished"), None] {
        let response = app.post(&body, key).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let retry_after = response.headers()["retry-after"].to_str().unwrap().to_owned();
        assert!(retry_after.parse::<u64>().unwrap() > 0);
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "journal_unavailable");
        let text = problem.to_string();
        assert!(!text.contains(app.log_dir().to_str().unwrap()), "nothing of the inside: {text}");
    }
    assert!(app.proxy().calls().is_empty(), "nothing is made that is not on disk");
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
    fs::create_dir(app.log_dir()).unwrap();
    let id = app.accepted(&body, Some("vanished")).await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    Made::by_email(app.sandbox(), "vanished@damage.example").assert_exactly_once(&REQUEST_LINES, "back");
}

#[tokio::test]
async fn a_key_whose_log_was_lost_makes_nothing_twice() {
    let app = TestApp::start().await;
    let body = request("lost@damage.example");
    let id = app.accepted(&body, Some("lost")).await;
    app.finished(&id).await;
    let (odoo, log_dir) = app.stop().await;
    clear(log_dir.path());
    let app = TestApp::builder().after((odoo, log_dir)).start().await;
    // With the folder's secret the id is lost, too, but not what the records are known by.
    let id = app.accepted(&body, Some("lost")).await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    Made::by_email(app.sandbox(), "lost@damage.example").assert_exactly_once(&REQUEST_LINES, "lost");
}

fn clear(folder: &Path) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file())
    {
        fs::remove_file(path).unwrap();
    }
}
