//! Which Odoo a quotation belongs to, however its address is written.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::http_client;
use crate::support::odoo::{Made, search};
use crate::support::process::{Server, borrowed, odoo_env};
use crate::support::proxy::Fault;

const EMAIL: &str = "eva@targets.example";
const ELSEWHERE: &str = "https://old.example/ sandbox";

/// A quotation that was accepted by a service that wrote the address of Odoo so.
async fn accepted_for(name: &str) -> (String, Arc<Odoo>, Arc<TempDir>) {
    let app = TestApp::start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let id = app.accepted(&request(EMAIL), Some("moved")).await;
    let (odoo, folder) = app.stop().await;
    let log = folder.path().join(format!("{}_{id}.log", chrono::Utc::now().date_naive()));
    let mut content: Value = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
    let name = name.replace("ADDRESS", &odoo.proxy.address.to_string());
    content["odoo"] = json!(name);
    fs::write(&log, content.to_string()).unwrap();
    odoo.proxy.plan(|_, _| None);
    (id, odoo, folder)
}

fn set_uuid(odoo: &Odoo, uuid: &str) {
    let domain = json!([["key", "=", "database.uuid"]]);
    let known = search(&odoo.sandbox, "ir.config_parameter", domain, &["value"]);
    let write = vec![json!([known[0]["id"]]), json!({ "value": uuid })];
    odoo.sandbox.execute("ir.config_parameter", "write", write, Map::new()).unwrap();
}

#[tokio::test]
async fn another_spelling_of_the_address_strands_nothing() {
    for name in ["https://ADDRESS sandbox", "HTTP://ADDRESS// sandbox"] {
        let (id, odoo, folder) = accepted_for(name).await;
        let app = TestApp::builder().after((odoo, folder)).start().await;
        let last = app.finished(&id).await;
        assert_eq!(last["status"], "completed", "{name}: {last}");
        assert_eq!(app.accepted(&request(EMAIL), Some("moved")).await, id);
        Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, name);
    }
}

#[tokio::test]
async fn what_waits_for_another_odoo_says_so() {
    let (id, odoo, folder) = accepted_for(ELSEWHERE).await;
    let logs = folder.path().to_str().unwrap().to_owned();
    let place = TempDir::new().unwrap();
    let env = odoo_env(&odoo);
    let env = [&borrowed(&env)[..], &[("LOG_DIR", logs.as_str())]].concat();
    let server = Server::start(place.path(), &env).await;
    let line = server.process.line("accepted for another Odoo").await;
    assert!(line.contains("WARN") && line.contains("count=1"), "{line}");
    let ask = |path: &str| http_client().get(format!("{}/api/quotation/{path}/{id}", server.url)).send();
    let status: Value = ask("status").await.unwrap().json().await.unwrap();
    assert!(["queued", "processing"].map(Value::from).contains(&status["status"]), "{status}");
    assert!(status["progress"].as_str().unwrap().starts_with("En espera de otro Odoo"), "{status}");
    let mut events = crate::support::events::Events::new(ask("events").await.unwrap());
    assert_eq!(events.next().await.unwrap(), status);
    assert!(events.next().await.is_none(), "the stream ends");
    server.process.kill().await;
    assert!(Made::by_email(&odoo.sandbox, EMAIL).partners.is_empty());
}

#[tokio::test]
async fn a_database_is_known_by_its_uuid() {
    const UUID: &str = "9d2c6b0e-5a0f-11f0-8de9-0242ac120002";
    let (id, odoo, folder) = accepted_for(ELSEWHERE).await;
    set_uuid(&odoo, UUID);
    // As the service has learnt it when it still had the old address.
    fs::write(folder.path().join(".odoo"), json!({ ELSEWHERE: UUID }).to_string()).unwrap();
    let (learnt, mut wait) = tokio::sync::mpsc::unbounded_channel();
    odoo.proxy.plan(move |_, name| {
        if name == "crm.lead.load" {
            let _ = learnt.send(());
        }
        None
    });
    let app = TestApp::builder().after((odoo, folder)).start().await;
    tokio::time::timeout(Duration::from_secs(20), wait.recv()).await.expect("it is made").unwrap();
    let last = app.finished(&id).await;
    assert_eq!(last["status"], "completed", "{last}");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "moved");
}

#[tokio::test]
async fn the_uuid_is_learnt_beside_the_work() {
    let builder = TestApp::builder().configure(|config| config.tasks.identify_after = Duration::ZERO);
    let odoo = Odoo::start(Default::default()).await;
    set_uuid(&odoo, "a-uuid");
    let app = builder.after((odoo, Arc::new(TempDir::new().unwrap()))).start().await;
    let path = app.log_dir().join(".odoo");
    let known = async {
        while !path.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), known).await.expect("it is remembered");
    let known: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(known.as_object().unwrap().values().collect::<Vec<_>>(), [&json!("a-uuid")]);
}
