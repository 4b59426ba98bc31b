//! The store goes away and comes back.

use std::time::Duration;

use mcp_odoo_archive::S3Config;
use mcp_odoo_sandbox::Options;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{Odoo, TestApp, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::process::{Server, borrowed};
use crate::support::s3::{Reaction, S3, mirrored};

async fn quote(server: &Server, email: &str) -> String {
    let url = format!("{}/api/quotation/async", server.url);
    let answer: Value =
        http_client().post(url).json(&request(email)).send().await.unwrap().json().await.unwrap();
    let id = answer["tracking_id"].as_str().unwrap().to_owned();
    let events = format!("{}/api/quotation/events/{id}", server.url);
    let last = Events::new(http_client().get(events).send().await.unwrap()).last().await;
    assert_eq!(last["status"], "completed");
    id
}

#[tokio::test]
async fn it_is_said_once_that_it_is_down_and_once_that_it_is_back() {
    let (s3, folder, odoo) = (S3::start(), TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    s3.down();
    let server = Server::start_with(folder.path(), &odoo, &borrowed(&s3.env())).await;
    for n in 0..5 {
        quote(&server, &format!("kunde{n}@outage.example")).await;
    }
    let line = server.process.line("S3 takes no log files, they are kept and tried again").await;
    assert!(line.contains("WARN") && line.contains("the store cannot be reached: "), "{line}");
    assert!(s3.objects().is_empty());
    s3.up();
    let line = server.process.line("S3 takes log files again").await;
    assert!(line.contains("INFO"), "{line}");
    s3.until_mirrors(&folder.path().join("logs")).await;
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert!(status.success());
    assert_eq!(said.matches("S3 takes no log files").count(), 1, "{said}");
    assert_eq!(said.matches("S3 takes log files again").count(), 1, "{said}");
    assert!(!said.contains("geheim") && !said.contains("outage.example"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_mended_while_it_runs() {
    let (s3, folder, odoo) = (S3::start(), TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    s3.plan(|_, _| Reaction::Refuse(403, "AccessDenied"));
    let server = Server::start_with(folder.path(), &odoo, &borrowed(&s3.env())).await;
    let id = quote(&server, "kunde@outage.example").await;
    let line = server.process.line("S3 takes no log files").await;
    assert!(line.contains("the credentials lack the permission s3:PutObject"), "{line}");
    s3.plan(|_, _| Reaction::Serve);
    s3.until("completed", |s3| s3.log(&id).is_some_and(|log| log["status"] == "completed")).await;
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
}

#[tokio::test]
async fn what_a_stop_leaves_is_said_and_goes_at_the_next_start() {
    let (s3, folder, odoo) = (S3::start(), TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    s3.down();
    let server = Server::start_with(folder.path(), &odoo, &borrowed(&s3.env())).await;
    quote(&server, "kunde@outage.example").await;
    server.process.line("S3 takes no log files").await;
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert!(status.success());
    assert!(said.contains("log files that are not in S3 yet go there after the next start"), "{said}");
    s3.up();
    let server = Server::start_with(folder.path(), &odoo, &borrowed(&s3.env())).await;
    s3.until_mirrors(&folder.path().join("logs")).await;
    server.process.kill().await;
}

#[tokio::test]
async fn every_request_to_the_store_fails_in_every_way_and_the_log_arrives() {
    let faults = [
        Reaction::Cut,
        Reaction::CutAfter,
        Reaction::Hang,
        Reaction::Refuse(500, "InternalError"),
        Reaction::Refuse(503, "SlowDown"),
        Reaction::Refuse(403, "AccessDenied"),
        Reaction::Answer(502, "text/html", "<h1>502 Bad Gateway</h1>".to_owned()),
        Reaction::Answer(503, "text/html", String::new()),
    ];
    for fault in faults {
        for (from, to) in [(1, 1), (2, 2), (1, 4)] {
            let s3 = S3::start();
            let config = S3Config { timeout: Duration::from_millis(300), ..s3.config() };
            let (mut n, fault) = (0, fault.clone());
            s3.plan(move |_, _| {
                n += 1;
                if (from..=to).contains(&n) { fault.clone() } else { Reaction::Serve }
            });
            let app = TestApp::builder().configure(|all| all.s3 = Some(config)).start().await;
            let last = app.quote(&request("eva@fault.example")).await;
            let id = last["tracking_id"].as_str().unwrap();
            // An answer that was lost may leave the last state there before it is known to be.
            s3.until("completed", |s3| s3.log(id).is_some_and(|log| log["status"] == "completed")).await;
            let (_odoo, folder) = app.stop().await;
            assert_eq!(s3.objects(), mirrored(folder.path()));
        }
    }
}
