//! What counts as the time of a quotation, and what of it is other quotations' time.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{Options, Sandbox};
use serde_json::{Map, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::odoo::Made;
use crate::support::process::Server;
use crate::support::proxy::Fault;

fn email(n: usize) -> String {
    format!("w{n}@waiting.example")
}

/// With one worker the whole queue takes longer than any of it may: that is nobody's fault, and one that met a conflict
/// is not behind all others.
#[tokio::test]
async fn waiting_for_a_worker_is_not_being_tried() {
    const QUOTATIONS: usize = 20;
    let options = Options { latency: Duration::from_millis(100), ..Options::default() };
    let builder = TestApp::builder().sandbox(options).configure(|config| {
        config.tasks.workers = 1;
        config.tasks.deadline = Duration::from_secs(5);
    });
    let app = builder.start().await;
    let mut met = false;
    app.proxy().plan(move |_, name| {
        let first = !met && name == "crm.lead.load";
        met |= first;
        first.then_some(Fault::Conflict)
    });
    let mut ids = Vec::new();
    for n in 0..QUOTATIONS {
        ids.push(app.accepted(&request(&email(n)), None).await);
    }
    for (n, id) in ids.iter().enumerate() {
        let last = app.finished(id).await;
        assert_eq!(last["status"], "completed", "{n}: {last}");
        Made::by_email(app.sandbox(), &email(n)).assert_exactly_once(&REQUEST_LINES, id);
    }
}

fn let_in(sandbox: &Sandbox, active: bool) {
    let user = vec![json!([2]), json!({ "active": active })];
    sandbox.execute("res.users", "write", user, Map::new()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_is_refused_for_a_while_fails_nothing() {
    const QUOTATIONS: usize = 24;
    let (folder, odoo) = (TempDir::new().unwrap(), Odoo::start(Options::default()).await);
    let server = Server::start_with(folder.path(), &odoo, &[("ODOO_PROTOCOL", "jsonrpc")]).await;
    let (client, sandbox) = (http_client(), odoo.sandbox.clone());
    odoo.proxy.plan(move |n, _| {
        if n == 40 {
            let_in(&sandbox, false);
        }
        None
    });
    let mut streams = Vec::new();
    for n in 0..QUOTATIONS {
        let post = client.post(format!("{}/api/quotation/async", server.url)).json(&request(&email(n)));
        let answer: serde_json::Value = post.send().await.unwrap().json().await.unwrap();
        let id = answer["tracking_id"].as_str().unwrap();
        let events = client.get(format!("{}/api/quotation/events/{id}", server.url)).send().await.unwrap();
        streams.push(Events::new(events));
    }
    let said = server.process.line("Odoo refuses the log-in").await;
    assert!(said.contains("ERROR") && said.contains("ODOO_API_KEY"), "{said}");
    let health = || async {
        let answer = client.get(format!("{}/health", server.url)).send().await.unwrap();
        answer.json::<serde_json::Value>().await.unwrap()
    };
    assert_eq!(health().await, json!({ "ok": true, "mcp_loaded": true, "odoo": "login_refused" }));
    // It is tried, and all wait for that.
    let calls = odoo.proxy.calls().len();
    while odoo.proxy.calls().len() <= calls {
        tokio::task::yield_now().await;
    }
    let_in(&odoo.sandbox, true);
    for (n, events) in streams.into_iter().enumerate() {
        let last = events.last().await;
        assert_eq!(last["status"], "completed", "{n}: {last}");
        Made::by_email(&odoo.sandbox, &email(n)).assert_exactly_once(&REQUEST_LINES, &email(n));
    }
    server.process.line("Odoo accepts the log-in again").await;
    assert_eq!(health().await, json!({ "ok": true, "mcp_loaded": true }));
    server.process.terminate().await;
    let (_, log) = server.process.ended().await;
    assert_eq!(log.matches("Odoo refuses the log-in").count(), 1, "{log}");
    assert_eq!(log.matches("Odoo accepts the log-in again").count(), 1, "{log}");
}

#[tokio::test]
async fn a_log_in_that_stays_refused_is_blamed_at_the_deadline() {
    let builder = TestApp::builder().protocol(ProtocolChoice::JsonRpc);
    let app = builder.configure(|config| config.tasks.deadline = Duration::from_secs(2)).start().await;
    let_in(app.sandbox(), false);
    let mut ids = Vec::new();
    for n in 0..24 {
        ids.push(app.accepted(&request(&email(n)), Some(&email(n))).await);
    }
    for id in &ids {
        let last = app.finished(id).await;
        assert_eq!((&last["status"], &last["error_code"]), (&json!("failed"), &json!("odoo_access_denied")));
        let error = last["error"].as_str().unwrap();
        assert!(error.contains("revise ODOO_LOGIN y ODOO_API_KEY"), "{error}");
    }
    let_in(app.sandbox(), true);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(app.accepted(&request(&email(n)), Some(&email(n))).await, *id);
        assert_eq!(app.finished(id).await["status"], "completed");
        Made::by_email(app.sandbox(), &email(n)).assert_exactly_once(&REQUEST_LINES, id);
    }
}
