//! Old local files go, once nothing depends on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_odoo_core::journal::Journal;
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::quotation::document::Quotation;
use mcp_odoo_core::quotation::id::{ExternalIds, TrackingId};
use mcp_odoo_core::quotation::status::{QuotationStatus, State};
use mcp_odoo_core::store::{ANONYMOUS, Document, Put, Store};
use mcp_odoo_core::timestamp::Timestamp;
use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::handoff;
use crate::support::app::{Odoo, REQUEST_LINES, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::odoo::Made;
use crate::support::process::{Server, borrowed};
use crate::support::s3::S3;

const DAYS: (&str, &str) = ("LOG_RETENTION_DAYS", "30");

fn logs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("logs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

/// Makes a quotation and gives its id.
async fn quote(server: &Server, email: &str) -> String {
    let post = http_client().post(format!("{}/api/quotation/async", server.url));
    let answer = post.header("Idempotency-Key", email).json(&request(email)).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let id = answer["tracking_id"].as_str().unwrap().to_owned();
    let events = http_client().get(format!("{}/api/quotation/events/{id}", server.url)).send().await.unwrap();
    assert_eq!(Events::new(events).last().await["status"], "completed");
    id
}

async fn stop(server: Server) -> String {
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert!(status.success(), "{said}");
    said
}

/// Makes a log look as if it were of January.
fn age(folder: &Path, id: &str) -> PathBuf {
    let name = logs(folder).into_iter().find(|name| name.contains(id)).unwrap();
    let (path, old) =
        (folder.join("logs").join(&name), folder.join("logs").join(format!("2026-01-30_{id}.log")));
    let mut log: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for key in ["timestamp", "updated_at"] {
        log[key] = json!("2026-01-30T10:00:00");
    }
    log["date"] = json!("2026-01-30");
    fs::remove_file(path).unwrap();
    fs::write(&old, log.to_string()).unwrap();
    old
}

#[tokio::test]
async fn old_and_finished_files_go_and_nothing_else() {
    let (folder, odoo) = (TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let (old, young) = (quote(&server, "old@days.example").await, quote(&server, "young@days.example").await);
    stop(server).await;
    let old_log: Value = serde_json::from_slice(&fs::read(age(folder.path(), &old)).unwrap()).unwrap();
    let put = |name: &str, log: &str| fs::write(folder.path().join("logs").join(name), log).unwrap();
    // Made for another Odoo, so that nobody takes them up.
    let like_the_old_one = |id: &str, key: &str, value: Value| {
        let mut log = old_log.clone();
        (log["tracking_id"], log["odoo"]) = (json!(id), json!("elsewhere"));
        *log.pointer_mut(key).unwrap() = value;
        put(&format!("2026-01-30_{id}.log"), &log.to_string());
    };
    like_the_old_one("quot_waits", "/status", json!("processing"));
    like_the_old_one("quot_late", "/updated_at", json!("2099-01-01T00:00:00"));
    like_the_old_one("quot_untold", "/output/notification/method", json!("whatsapp"));
    put("2026-01-30_quot_torn.log.corrupt", "{");
    for (id, status) in [("sms_1769767200_0a1b2c3d", "queued"), ("sms_1769767201_0a1b2c3d", "sent")] {
        put(&format!("2026-01-30_{id}.log"), &handoff(id, "2026-01-30", status).to_string());
    }
    put("notes.txt", "");
    let server = Server::start_with(folder.path(), &odoo, &[DAYS]).await;
    let line = server.process.line("old log files removed").await;
    assert!(line.contains("count=2"), "{line}");
    let kept = logs(folder.path());
    assert!(!kept.iter().any(|name| name.contains(&old) || name.contains("sms_1769767201")), "{kept:?}");
    let expected = ["quot_waits", "quot_late", "quot_untold", "quot_torn", "sms_1769767200", "notes.txt"];
    for name in std::iter::once(young.as_str()).chain(expected) {
        assert!(kept.iter().any(|kept| kept.contains(name)), "{name}: {kept:?}");
    }

    // It is forgotten; its key makes nothing twice all the same.
    let status = format!("{}/api/quotation/status/{old}", server.url);
    assert_eq!(http_client().get(status).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(quote(&server, "old@days.example").await, old);
    Made::by_email(&odoo.sandbox, "old@days.example").assert_exactly_once(&REQUEST_LINES, "forgotten");
    server.process.kill().await;
}

#[tokio::test]
async fn a_file_that_is_not_in_the_bucket_stays() {
    let (s3, folder) = (S3::start(), TempDir::new().unwrap());
    let odoo = Odoo::start(Options::default()).await;
    let s3_env = s3.env();
    let env = [&borrowed(&s3_env)[..], &[DAYS]].concat();
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    let old = quote(&server, "old@days.example").await;
    stop(server).await;
    // Its last state is another one than the bucket has.
    let file = age(folder.path(), &old);
    s3.down();
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    server.process.line("S3 takes no log files").await;
    quote(&server, "other@days.example").await;
    let said = stop(server).await;
    assert!(file.exists() && !said.contains("old log files removed"), "{said}");

    s3.up();
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    s3.until("there", |s3| s3.log(&old).is_some()).await;
    stop(server).await;
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    if file.exists() {
        server.process.line("old log files removed").await;
    }
    stop(server).await;
    assert!(!file.exists());
    assert!(s3.log(&old).is_some(), "the copy stays");
    let links = fs::read_dir(folder.path().join("logs/.s3")).unwrap().map(|entry| entry.unwrap().path());
    for link in links.flat_map(|bucket| fs::read_dir(bucket).unwrap()) {
        let name = link.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(&old), "nothing of it is left on the disk: {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_back_to_life_while_it_is_removed_stays() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
    let input = serde_json::from_value(request("back@days.example")).unwrap();
    let id: TrackingId = "quot_back".parse().unwrap();
    let external_ids = ExternalIds::new(&id, &input);
    let status = QuotationStatus::queued(id, input, Timestamp::now());
    let name = format!("{}_quot_back.log", status.created_at.date());
    let queued = Document::new(Quotation { status, external_ids, repeat_mark: None }, "", ANONYMOUS);
    let mut failed = queued.clone();
    failed.content.status.status = State::Failed;
    let save = async |document: &Document<Quotation>, over| {
        assert_eq!(journal.save(document, over).await.unwrap(), Put::Done);
    };
    let mut removed = 0;
    for n in 0..200 {
        save(&failed, 2 * n).await;
        let (remover, name) = (journal.clone(), name.clone());
        let removing = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..3000)));
            remover.remove_if(&name, |file| {
                let may_go = fs::read_to_string(file)?.contains("\"failed\"");
                // Time for a write to come between, if anything let it.
                std::thread::sleep(Duration::from_millis(1));
                Ok(may_go)
            })
        });
        save(&queued, 2 * n + 1).await;
        removed += usize::from(removing.await.unwrap().unwrap());
        let found = journal.load::<Quotation>("quot_back").await.unwrap().expect("it was accepted");
        assert_eq!(found.document.content.status.status, State::Queued);
    }
    println!("{removed} of 200 were removed before");
}
