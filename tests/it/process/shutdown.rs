//! SIGTERM: what runs is finished, what waits is kept, nothing new is taken. And what other signals do.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_odoo_sandbox::Options;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::support::app::{Odoo, REQUEST_LINES, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::odoo::Made;
use crate::support::process::{Process, Server, binary};
use crate::support::proxy::Fault;

async fn post(client: &Client, url: &str, email: &str) -> reqwest::Result<reqwest::Response> {
    client.post(format!("{url}/api/quotation/async")).json(&request(email)).send().await
}

async fn accepted(client: &Client, url: &str, email: &str) -> String {
    let response = post(client, url, email).await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    response.json::<Value>().await.unwrap()["tracking_id"].as_str().unwrap().to_owned()
}

async fn events(client: &Client, url: &str, id: &str) -> Events {
    Events::new(client.get(format!("{url}/api/quotation/events/{id}")).send().await.unwrap())
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("logs")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}

fn log_of(folder: &Path, id: &str) -> Value {
    let logs = logs(folder);
    let file = logs.iter().find(|path| path.to_str().unwrap().ends_with(&format!("_{id}.log"))).unwrap();
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

#[tokio::test]
async fn a_running_quotation_is_finished_and_a_waiting_one_is_made_by_the_next_start() {
    let odoo = Odoo::start(Options { latency: Duration::from_millis(100), ..Options::default() }).await;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let one_worker = [("QUOTATION_WORKERS", "1")];
    let server = Server::start_with(folder.path(), &odoo, &one_worker).await;
    let running = accepted(&client, &server.url, "first@stop.example").await;
    let mut stream = events(&client, &server.url, &running).await;
    while stream.next().await.unwrap()["progress"] != "Creando lead..." {}
    let waiting = accepted(&client, &server.url, "second@stop.example").await;
    let mut waiting_stream = events(&client, &server.url, &waiting).await;
    assert_eq!(waiting_stream.next().await.unwrap()["status"], "queued");

    server.process.terminate().await;
    assert_eq!(waiting_stream.next().await, None, "an open event stream ends");
    let late = post(&client, &server.url, "late@stop.example").await;
    if let Ok(answer) = late {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "nothing new is accepted");
        assert!(answer.headers().contains_key("retry-after"));
    }
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");

    assert_eq!(logs(folder.path()).len(), 2, "nothing is kept of what was refused");
    assert_eq!(log_of(folder.path(), &running)["status"], "completed", "{said}");
    Made::by_email(&odoo.sandbox, "first@stop.example").assert_exactly_once(&REQUEST_LINES, "running");
    assert_eq!(log_of(folder.path(), &waiting)["status"], "queued");
    assert!(Made::by_email(&odoo.sandbox, "second@stop.example").partners.is_empty(), "it was not begun");

    let server = Server::start_with(folder.path(), &odoo, &one_worker).await;
    let last = events(&client, &server.url, &waiting).await.last().await;
    assert_eq!(last["status"], "completed", "{last}");
    Made::by_email(&odoo.sandbox, "second@stop.example").assert_exactly_once(&REQUEST_LINES, "waiting");
    assert!(Made::by_email(&odoo.sandbox, "late@stop.example").partners.is_empty());
    server.process.terminate().await;
    assert_eq!(server.process.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_quotation_that_waits_for_odoo_does_not_hold_up_the_end() {
    let odoo = Odoo::start(Options::default()).await;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let id = accepted(&client, &server.url, "third@stop.example").await;
    let mut stream = events(&client, &server.url, &id).await;
    while !stream.next().await.unwrap()["progress"].as_str().unwrap().contains("se reintenta") {}
    server.process.terminate().await;
    while stream.next().await.is_some() {}
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(log_of(folder.path(), &id)["status"], "processing");

    odoo.proxy.plan(|_, _| None);
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let last = events(&client, &server.url, &id).await.last().await;
    assert_eq!(last["status"], "completed", "{last}");
    Made::by_email(&odoo.sandbox, "third@stop.example").assert_exactly_once(&REQUEST_LINES, "taken up");
    server.process.kill().await;
}

#[tokio::test]
async fn an_idle_server_with_idle_connections_ends_at_once() {
    for signal in ["-TERM", "-INT"] {
        let (folder, client) = (TempDir::new().unwrap(), http_client());
        let server = Server::start(folder.path(), &[]).await;
        server.process.line("running on the embedded Odoo").await;
        let health = client.get(format!("{}/health", server.url)).send().await.unwrap();
        assert_eq!(health.json::<Value>().await.unwrap()["ok"], true);
        server.process.signal(signal).await;
        let (status, said) = server.process.ended().await;
        assert_eq!(status.code(), Some(0), "{signal}: {said}");
        let gone = client.get(format!("{}/health", server.url)).send().await;
        assert!(gone.is_err(), "nobody listens any more");
    }
}

/// A terminal that is closed ends what runs in it, in good order; the other two mean nothing.
#[cfg(unix)]
#[tokio::test]
async fn signals_whose_default_is_to_kill_do_not() {
    // Where somebody listens, a child starts with the default: also when the tests themselves run under nohup.
    let _hangup = signal(SignalKind::hangup()).unwrap();
    let odoo = Odoo::start(Options { latency: Duration::from_millis(100), ..Options::default() }).await;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let id = accepted(&client, &server.url, "first@signal.example").await;
    let mut stream = events(&client, &server.url, &id).await;
    while stream.next().await.unwrap()["progress"] != "Creando lead..." {}
    for signal in ["-USR1", "-USR2"] {
        server.process.signal(signal).await;
        let health = client.get(format!("{}/health", server.url)).send().await.unwrap();
        assert_eq!(health.status(), StatusCode::OK, "{signal}");
    }
    server.process.signal("-HUP").await;
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("stopping: "), "{said}");
    assert_eq!(log_of(folder.path(), &id)["status"], "completed", "{said}");
}

/// Only Linux tells a process which signals it was started without.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_is_started_by_nohup_outlasts_the_terminal() {
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let mut command = binary(folder.path());
    let program = command.as_std().get_program().to_owned();
    command = tokio::process::Command::new("nohup");
    command.arg(program).env("PORT", "0").current_dir(folder.path()).kill_on_drop(true);
    let process = Process::spawn(command);
    let line = process.line("listening on http://").await;
    let url = line.split("listening on ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    process.signal("-HUP").await;
    let health = client.get(format!("{url}/health")).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    process.terminate().await;
    let (status, said) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
}
