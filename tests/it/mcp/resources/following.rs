//! Sessions are told what changes of the resources that they subscribed to.

use std::process::Stdio;

use rmcp::model::{SubscribeRequestParams, UnsubscribeRequestParams};
use rmcp::service::{ClientLifecycleMode, ServiceError};
use rmcp::transport::TokioChildProcess;
use serde_json::json;
use tempfile::TempDir;

use super::{Hearer, customer, delete, left, quick, rename};
use crate::mcp::client::{Sse, request};
use crate::support::app::request as quotation;
use crate::support::mcp::{Caller, McpTools};
use crate::support::process::{binary, borrowed, odoo_env};
use crate::support::proxy::Fault;

#[expect(deprecated, reason = "of the protocol with sessions")]
impl Hearer {
    pub async fn subscribe(&self, uri: &str) -> Result<(), ServiceError> {
        self.client.subscribe(SubscribeRequestParams::new(uri)).await
    }

    async fn unsubscribe(&self, uri: &str) {
        self.client.unsubscribe(UnsubscribeRequestParams::new(uri)).await.unwrap();
    }
}

/// What a look at followed customers calls.
pub const LOOK: &str = "res.partner.search_read";

pub fn looks(calls: &[String]) -> usize {
    calls.iter().filter(|call| *call == LOOK).count()
}

#[tokio::test]
async fn a_change_is_told_and_after_the_end_none() {
    let mcp = quick().start_mcp().await;
    let (ana, luis) = (customer(&mcp, "Ana").await, customer(&mcp, "Luis").await);
    let uri = |id| format!("odoo://res.partner/{id}");
    let mut client = Hearer::connect(&mcp.app.url).await;
    for id in [ana, luis, ana] {
        client.subscribe(&uri(id)).await.unwrap();
    }
    rename(&mcp, ana, "Ana Torres").await;
    assert_eq!(client.hears().await, uri(ana));
    assert_eq!(client.json(&uri(ana)).await["name"], "Ana Torres");
    client.unsubscribe(&uri(ana)).await;
    rename(&mcp, ana, "Ana Ruiz").await;
    rename(&mcp, luis, "Luis Ruiz").await;
    assert_eq!(client.hears().await, uri(luis));
    assert_eq!(client.heard(), [""; 0], "each change is told once, and none of what is not followed");
}

#[tokio::test]
async fn lists_and_files_are_followed_too() {
    let mcp = quick().start_mcp().await;
    let id = customer(&mcp, "Ana").await;
    let mut client = Hearer::connect(&mcp.app.url).await;
    let list = "odoo://res.partner/list?domain=%5B%5B%22name%22%2C%22%3D%22%2C%22Eva%22%5D%5D";
    client.subscribe(list).await.unwrap();
    rename(&mcp, id, "Eva").await;
    assert_eq!(client.hears().await, list, "one more is found");
    rename(&mcp, id, "Ana").await;
    assert_eq!(client.hears().await, list, "one less");
    let file = format!("odoo://res.partner/{id}/image_1920");
    client.subscribe(&file).await.unwrap();
    assert!(client.subscribe(&format!("odoo://res.partner/{id}/name")).await.is_err(), "it holds no file");
    rename(&mcp, id, "Ana Torres").await;
    assert_eq!(client.hears().await, file);
}

#[tokio::test]
async fn a_deleted_record_is_told_once_and_looked_at_no_more() {
    let mcp = quick().start_mcp().await;
    let id = customer(&mcp, "Ana").await;
    let uri = format!("odoo://res.partner/{id}");
    let mut client = Hearer::connect(&mcp.app.url).await;
    client.subscribe(&uri).await.unwrap();
    delete(&mcp, id).await;
    assert_eq!(client.hears().await, uri);
    assert_eq!(client.error(&uri).await.code.0, -32002);
    assert!(mcp.app.state.tenant.watching.is_idle(), "nothing is left to look at");
    let again = client.subscribe(&uri).await;
    assert!(matches!(again, Err(ServiceError::McpError(error)) if error.code.0 == -32002));
    assert_eq!(client.heard(), [""; 0]);
}

/// Each record is looked at once when the first asks for it, and nothing more until it is time.
#[tokio::test]
async fn who_comes_later_costs_no_call() {
    let mcp = McpTools::start().await;
    let id = customer(&mcp, "Ana").await;
    let uri = format!("odoo://res.partner/{id}");
    let clients = futures::future::join_all((0..20).map(|_| Hearer::connect(&mcp.app.url))).await;
    mcp.no_faults();
    for subscribed in futures::future::join_all(clients.iter().map(|client| client.subscribe(&uri))).await {
        subscribed.unwrap();
    }
    assert_eq!(looks(&mcp.odoo.proxy.calls()), 1);
}

#[tokio::test]
async fn the_last_one_ends_the_looking() {
    let mcp = quick().start_mcp().await;
    let uri = format!("odoo://res.partner/{}", customer(&mcp, "Ana").await);
    let (one, other) = (Hearer::connect(&mcp.app.url).await, Hearer::connect(&mcp.app.url).await);
    let watching = &mcp.app.state.tenant.watching;
    one.subscribe(&uri).await.unwrap();
    other.subscribe(&uri).await.unwrap();
    one.unsubscribe(&uri).await;
    assert!(!watching.is_idle(), "the other still follows it");
    // The end of a session is the end of what it follows.
    other.client.cancel().await.unwrap();
    left(watching).await;
}

/// Odoo is away for a while: what changed meanwhile is told afterwards.
#[tokio::test]
async fn an_odoo_that_is_away_is_asked_again() {
    let mcp = quick().start_mcp().await;
    let id = customer(&mcp, "Ana").await;
    let uri = format!("odoo://res.partner/{id}");
    let mut client = Hearer::connect(&mcp.app.url).await;
    client.subscribe(&uri).await.unwrap();
    mcp.odoo.proxy.plan(|_, method| (method == LOOK).then_some(Fault::Refuse));
    rename(&mcp, id, "Ana Torres").await;
    mcp.odoo.proxy.until(|calls| looks(calls) > 2).await;
    assert_eq!(client.heard(), [""; 0]);
    mcp.no_faults();
    assert_eq!(client.hears().await, uri);
}

/// Without a look at Odoo: it is not even asked how the quotation is.
#[tokio::test]
async fn a_quotation_is_told_at_once() {
    let mcp = McpTools::start().await;
    let mut client = Hearer::connect(&mcp.app.url).await;
    mcp.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let id = mcp.app.accepted(&quotation("eva@following.example"), None).await;
    let uri = format!("odoo://quotation/{id}");
    client.subscribe(&uri).await.unwrap();
    mcp.no_faults();
    while client.json(&uri).await["status"] != "completed" {
        assert_eq!(client.hears().await, uri);
    }
    let error = client.subscribe("odoo://models").await;
    assert!(matches!(error, Err(ServiceError::McpError(error)) if error.message.contains("read it again")));
}

#[tokio::test]
async fn sessions_over_sse_are_told() {
    let mcp = quick().start_mcp().await;
    let id = customer(&mcp, "Ana").await;
    let uri = format!("odoo://res.partner/{id}");
    let mut sse = Sse::connect(&mcp.app.client, &mcp.app.url).await;
    let answer = sse.ask(&request(2, "resources/subscribe", &json!({ "uri": uri }))).await;
    assert_eq!(answer["result"], json!({}), "{answer}");
    rename(&mcp, id, "Ana Torres").await;
    let told = sse.stream.message().await.unwrap();
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"]["uri"], uri, "{told}");
}

#[tokio::test]
async fn sessions_over_stdio_are_told() {
    let mcp = McpTools::start().await;
    let id = customer(&mcp, "Ana").await;
    let folder = TempDir::new().unwrap();
    let env = odoo_env(&mcp.odoo);
    let mut command = binary(folder.path());
    command.arg("stdio").envs(borrowed(&env)).stdin(Stdio::piped());
    let (transport, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    let mut client = Hearer::over(transport, ClientLifecycleMode::Initialize).await;
    let uri = format!("odoo://res.partner/{id}");
    client.subscribe(&uri).await.unwrap();
    let caller = Caller::connect(&mcp.app.url).await;
    rename(&caller, id, "Ana Torres").await;
    assert_eq!(client.hears().await, uri);
}
