//! A call for which there is no place is refused, and noted.

use std::time::Duration;

use mcp_odoo::config::Config;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::lines;
use crate::access::{client_of, start_as};
use crate::mcp::client::{call, request, single, soon};
use crate::support::app::TestApp;
use crate::support::proxy::Fault;

#[tokio::test]
async fn a_call_without_a_place_writes_one_line_by_every_door() {
    let two = |config: &mut Config| config.mcp.max_sessions = 2;
    let builder = TestApp::builder().timeout(Duration::from_hours(1)).configure(two);
    let (app, _folder) = start_as(builder, &[("reads", "permissions = [\"read\"]")]).await;
    app.proxy().plan(|_, method| method.contains("web_search_read").then_some(Fault::Late));
    let client = client_of("reads");
    let post = |path: &str, body: &Value| client.post(format!("{}{path}", app.url)).json(body).send();
    let search = json!({ "name": "search_records", "arguments": { "model": "res.partner" } });
    let users = json!({ "name": "list_users", "arguments": {} });
    // Nobody has more than half of the places: this one has it.
    let reading = tokio::spawn(post("/mcp/stream/tools/call", &search));
    soon(app.proxy().until(|calls| calls.iter().any(|call| call.contains("web_search_read")))).await;
    let answers = [
        post("/mcp/stream/tools/call", &search).await,
        post("/mcp/stream/tools/call", &users).await,
        post("/mcp/tools/call", &users).await,
        post("/mcp", &json!({ "tool": "list_users", "parameters": {} })).await,
        post("/mcp", &call(1, "list_users", &json!({}))).await,
        single(&client, &app.url, call(1, "list_users", &json!({}))).send().await,
        post("/mcp/resources/read", &json!({ "uri": "odoo://res.partner/7" })).await,
        post("/mcp", &request(1, "get_resource", &json!({ "uri": "odoo://res.partner/7" }))).await,
        single(&client, &app.url, request(1, "resources/read", &json!({ "uri": "odoo://res.partner/7" })))
            .send()
            .await,
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE, "{number}");
    }
    reading.abort();
    soon(app.proxy().left()).await;
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    let noted = |operation: &str, outcome: &str| {
        lines.iter().filter(|line| line["operation"] == operation && line["outcome"] == outcome).count()
    };
    assert_eq!(noted("search_records", "too_many_requests"), 1, "{lines:?}");
    assert_eq!(noted("list_users", "too_many_requests"), 5, "{lines:?}");
    assert_eq!(noted("search_records", "cancelled"), 1, "{lines:?}");
    assert_eq!(noted("get_record", "too_many_requests"), 3, "{lines:?}");
    assert_eq!(lines.len(), 10, "{lines:?}");
}
