//! Requests of MCP 2026-07-28 that listen.

use std::collections::BTreeSet;
use std::process::Stdio;

use mcp_odoo_core::watching::MOST;
use rmcp::model::{ErrorData, GetMeta, ProtocolVersion, ServerNotification, SubscriptionFilter};
use rmcp::service::{ClientLifecycleMode, ServiceError, Subscription, SubscriptionEnd};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Hearer, customer, delete, left, quick, rename};
use crate::mcp::client::{modern, request, soon};
use crate::mcp::stdio::Spoken;
use crate::support::app::request as quotation;
use crate::support::mcp::McpTools;
use crate::support::process::{binary, borrowed, odoo_env};
use crate::support::proxy::Fault;

async fn listen(client: &Hearer, uris: &[&str]) -> Result<Subscription, ServiceError> {
    let filter = SubscriptionFilter::builder().resource_subscriptions(uris.iter().copied()).build();
    client.client.listen(filter).await
}

/// Listens, and hears of each once to begin with: from the acknowledgement on nothing is lost.
pub async fn hear(client: &Hearer, uris: &[&str]) -> Subscription {
    let mut listening = listen(client, uris).await.unwrap();
    let mut not_told: BTreeSet<&str> = uris.iter().copied().collect();
    while !not_told.is_empty() {
        let uri = told(&mut listening).await;
        assert!(not_told.remove(uri.as_str()), "{uri} was told twice");
    }
    listening
}

/// What is told next.
pub async fn told(listening: &mut Subscription) -> String {
    next(listening).await.0
}

/// The same, with why no more will be told of it.
async fn next(listening: &mut Subscription) -> (String, Option<Value>) {
    let told = soon(listening.next()).await.unwrap().unwrap();
    let error = told.get_meta().get("mcp-odoo/error").cloned();
    match told {
        ServerNotification::ResourceUpdatedNotification(update) => (update.params.uri, error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn changes_are_told_to_who_listens() {
    let mcp = quick().start_mcp().await;
    let (ana, luis) = (customer(&mcp, "Ana").await, customer(&mcp, "Luis").await);
    let uris = [ana, luis].map(|id| format!("odoo://res.partner/{id}"));
    let client = Hearer::modern(&mcp.app.url).await;
    let mut listening = hear(&client, &[&uris[0], &uris[1], &uris[0]]).await;
    // One that listens to other things is told nothing of these.
    rename(&mcp, ana, "Ana Torres").await;
    assert_eq!(told(&mut listening).await, uris[0]);
    rename(&mcp, luis, "Luis Torres").await;
    assert_eq!(told(&mut listening).await, uris[1]);
    delete(&mcp, ana).await;
    assert_eq!(told(&mut listening).await, uris[0]);
    assert_eq!(client.error(&uris[0]).await.code.0, -32602);
    rename(&mcp, luis, "Luis Ruiz").await;
    assert_eq!(told(&mut listening).await, uris[1], "it goes on with what is left");

    let watching = &mcp.app.state.tenant.watching;
    assert!(!watching.is_idle());
    listening.cancel().await.unwrap();
    left(watching).await;
}

#[tokio::test]
async fn a_quotation_is_told_at_once() {
    let mcp = McpTools::start().await;
    let client = Hearer::modern(&mcp.app.url).await;
    mcp.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let id = mcp.app.accepted(&quotation("eva@listening.example"), None).await;
    let uri = format!("odoo://quotation/{id}");
    let mut listening = hear(&client, &[&uri]).await;
    mcp.no_faults();
    while client.json(&uri).await["status"] != "completed" {
        assert_eq!(told(&mut listening).await, uri);
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_named() {
    let mcp = quick().start_mcp().await;
    let client = Hearer::modern(&mcp.app.url).await;
    let id = customer(&mcp, "Ana").await;
    let there = format!("odoo://res.partner/{id}");
    for (uri, code) in [
        ("odoo://res.partner/999999", "not_found"),
        ("odoo://nothing", "resource_not_found"),
        ("odoo://ir.config_parameter/1", "model_closed"),
        ("odoo://config", "not_followed"),
    ] {
        // Nothing is left to listen to.
        let error = refused(&client, &[uri, "odoo://res.partner/999999"]).await;
        let said = json!({ "code": code, "uri": uri });
        assert_eq!(error.data, Some(said.clone()), "{error:?}");
        assert!(mcp.app.state.tenant.watching.is_idle(), "nothing is left of it");
        // The others are told on, and it once.
        let mut listening = listen(&client, &[&there, uri]).await.unwrap();
        let mut heard = [next(&mut listening).await, next(&mut listening).await];
        heard.sort_by_key(|(told, _)| told == uri);
        assert_eq!(heard[0], (there.clone(), None));
        assert_eq!(heard[1], (uri.to_owned(), Some(json!(error))));
        for name in ["Ana Torres", "Ana"] {
            rename(&mcp, id, name).await;
            assert_eq!(told(&mut listening).await, there);
        }
        listening.cancel().await.unwrap();
        left(&mcp.app.state.tenant.watching).await;
    }
}

/// It is not known to be none: who is told of the others would wait for it in vain.
#[tokio::test]
async fn what_cannot_be_looked_for_ends_it() {
    let mcp = quick().start_mcp().await;
    let client = Hearer::modern(&mcp.app.url).await;
    let [ana, luis] = [customer(&mcp, "Ana").await, customer(&mcp, "Luis").await];
    let uris = [ana, luis].map(|id| format!("odoo://res.partner/{id}"));
    let _first = hear(&client, &[&uris[0]]).await;
    mcp.odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let error = refused(&client, &[&uris[0], &uris[1]]).await;
    assert_eq!(error.data.unwrap()["uri"], uris[1]);
}

/// More than anybody may follow are not looked for one by one.
#[tokio::test]
async fn nobody_listens_to_more_than_there_is_place_for() {
    let mcp = quick().start_mcp().await;
    let client = Hearer::modern(&mcp.app.url).await;
    let asked = mcp.odoo.proxy.calls().len();
    let uris: Vec<_> = (0..=MOST).map(|id| format!("odoo://res.partner/{}", 1_000_000 + id)).collect();
    let error = refused(&client, &uris.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(error.data.unwrap()["code"], "too_many_subscriptions");
    assert_eq!(mcp.odoo.proxy.calls().len(), asked, "nothing was looked for");
}

async fn refused(client: &Hearer, uris: &[&str]) -> ErrorData {
    let mut listening = listen(client, uris).await.unwrap();
    match soon(listening.next()).await.unwrap_err() {
        ServiceError::McpError(error) => error,
        other => panic!("{uris:?}: {other}"),
    }
}

/// Who listens is told that this is the end.
#[tokio::test]
async fn the_stop_of_the_service_ends_it() {
    let mcp = quick().start_mcp().await;
    let uri = format!("odoo://res.partner/{}", customer(&mcp, "Ana").await);
    let client = Hearer::modern(&mcp.app.url).await;
    let mut listening = hear(&client, &[&uri]).await;
    let McpTools { app, caller, .. } = mcp;
    caller.client.cancel().await.unwrap();
    let (stopped, ended) = tokio::join!(app.stop(), soon(listening.next()));
    assert!(ended.unwrap().is_none());
    assert!(matches!(listening.end(), Some(SubscriptionEnd::Graceful(_))), "{:?}", listening.end());
    drop(stopped);
}

#[tokio::test]
async fn it_is_told_over_stdio_too() {
    let mcp = McpTools::start().await;
    let id = customer(&mcp, "Ana").await;
    let folder = TempDir::new().unwrap();
    let env = odoo_env(&mcp.odoo);
    let mut command = binary(folder.path());
    command.arg("stdio").envs(borrowed(&env)).stdin(Stdio::piped());
    let (transport, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    let lifecycle = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let client = Hearer::over(transport, lifecycle).await;
    let uri = format!("odoo://res.partner/{id}");
    let mut listening = hear(&client, &[&uri]).await;
    // What is read after it has been begun to be followed.
    assert_eq!(client.json(&uri).await["name"], "Ana");
    rename(&mcp, id, "Ana Torres").await;
    assert_eq!(told(&mut listening).await, uri);
}

/// Listening is nothing that is waited for when the input ends.
#[tokio::test]
async fn the_end_of_input_ends_it() {
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start_with(folder.path(), &[]);
    let uris = json!({ "notifications": { "resourceSubscriptions": ["odoo://res.company/1"] } });
    let answer = stdio.ask(&modern(request(1, "subscriptions/listen", &uris))).await;
    assert_eq!(answer["method"], "notifications/subscriptions/acknowledged", "{answer}");
    stdio.close();
    stdio.ended().await;
}
