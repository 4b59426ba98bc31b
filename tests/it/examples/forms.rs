//! Their routes, streams, WebSocket and lines.

use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::mcp::client::{Sse, Stream, soon};
use crate::support::app::TestApp;
use crate::support::events::Events;

/// A request without a body, a path, and where the answer has something.
const BARE: &[(&str, &str, &str)] = &[
    ("GET", "/health", "/ok"),
    ("GET", "/mcp/mode", "/mode"),
    ("POST", "/mcp/initialize", "/capabilities/tools"),
    ("POST", "/mcp/tools/list", "/tools/0/inputSchema/properties"),
    ("GET", "/odoo/models", "/items/0/model"),
    ("GET", "/odoo/models/res.partner/fields", "/fields/0/label"),
];

#[tokio::test]
async fn routes_answer_without_a_body() {
    let app = TestApp::start().await;
    for (method, path, has) in BARE {
        let request = app.client.request(method.parse().unwrap(), format!("{}{path}", app.url));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.pointer(has).is_some(), "{method} {path}: no {has} in {answer}");
    }
}

/// As JSON-RPC without a stream: with and without parameters.
#[tokio::test]
async fn json_rpc_is_answered_with_json() {
    let app = TestApp::start().await;
    let hello = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": { "name": "my-app", "version": "1.0.0" } });
    let rows = [
        (json!({ "jsonrpc": "2.0", "method": "initialize", "id": 1 }), "/result/serverInfo"),
        (json!({ "jsonrpc": "2.0", "method": "initialize", "params": {}, "id": 1 }), "/result/serverInfo"),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello }), "/result/serverInfo"),
        (json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {} }), "/result/tools/0"),
        (
            json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "search_records", "arguments": { "model": "res.partner", "limit": 5 } } }),
            "/result/structuredContent/items/4",
        ),
    ];
    for (body, has) in rows {
        let request =
            app.client.post(format!("{}/mcp", app.url)).header("connection", "keep-alive").json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.pointer(has).is_some(), "{body}: no {has} in {answer}");
    }
}

/// A client that goes on with its session without saying that it has begun.
#[tokio::test]
async fn a_session_goes_on_without_being_told() {
    let app = TestApp::start().await;
    let accept = "application/json, text/event-stream";
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": { "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": { "name": "test-client", "version": "1.0.0" } } });
    let answer = app
        .client
        .post(format!("{}/mcp", app.url))
        .header("accept", accept)
        .json(&hello)
        .send()
        .await
        .unwrap();
    let session = answer.headers()["mcp-session-id"].clone();
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "search_records", "arguments": { "model": "res.partner", "domain": [["is_company", "=", true]], "limit": 10 } } });
    let request = app
        .client
        .post(format!("{}/mcp", app.url))
        .header("accept", accept)
        .header("mcp-session-id", session);
    let answer = soon(request.json(&call).send()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let answer = Stream::new(answer).answer(2).await;
    assert!(answer.pointer("/result/structuredContent/items/9").is_some(), "{answer}");
}

#[tokio::test]
async fn a_search_is_streamed() {
    let app = TestApp::start().await;
    let body = json!({ "method": "odoo_search", "params": { "model": "res.partner", "limit": 1000 } });
    let answer =
        app.client.post(format!("{}/mcp/stream/tools/call", app.url)).json(&body).send().await.unwrap();
    let mut events = Events::new(answer);
    let mut told = Vec::new();
    while let Some(event) = soon(events.next()).await {
        told.push(event);
    }
    assert_eq!((&told[0]["type"], &told[0]["tool"]), (&json!("start"), &json!("odoo_search")), "{told:?}");
    assert!(told[0]["timestamp"].is_string(), "{told:?}");
    assert_eq!(told[1]["type"], "chunk");
    assert!(told[1]["data"][0]["name"].is_string() && told[1]["progress"]["total"].is_u64(), "{told:?}");
    assert_eq!(told.last().unwrap()["type"], "end");
}

#[tokio::test]
async fn a_websocket_is_spoken_to_as_in_the_snippets() {
    let app = TestApp::start().await;
    let (mut socket, _) =
        connect_async(format!("{}/mcp/ws", app.url.replacen("http", "ws", 1))).await.unwrap();
    let call = json!({ "method": "tools/call", "params": { "name": "odoo_search", "arguments": { "model": "res.partner", "limit": 10 } }, "id": "1" });
    for (message, has) in [
        (call, "/result/structuredContent/items/9"),
        (json!({ "method": "tools/list", "id": "1" }), "/result/tools/0"),
    ] {
        socket.send(Message::text(message.to_string())).await.unwrap();
        let answer = loop {
            if let Message::Text(text) = soon(socket.next()).await.unwrap().unwrap() {
                break serde_json::from_str::<Value>(&text).unwrap();
            }
        };
        assert!(answer["id"] == "1" && answer.pointer(has).is_some(), "{message}: {answer}");
    }
}

#[tokio::test]
async fn events_are_listened_to_at_sse() {
    let app = TestApp::start().await;
    let answer = app
        .client
        .get(format!("{}/sse", app.url))
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let listed = sse.ask(&json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/list" })).await;
    assert!(listed.pointer("/result/tools/0").is_some(), "{listed}");
}

/// Parameters in a request of MCP without its version.
#[tokio::test]
async fn parameters_may_stand_in_params() {
    let app = TestApp::start().await;
    let body = json!({ "params": { "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } } });
    let answer = app.client.post(format!("{}/mcp/initialize", app.url)).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["protocolVersion"], "2025-03-26", "{answer}");
}

#[tokio::test]
async fn odoo_is_queried() {
    let app = TestApp::start().await;
    let domain = json!([["is_company", "=", true]]);
    let body = json!({ "model": "res.partner", "method": "search_read", "domain": domain, "fields": ["name", "email"], "limit": 5 });
    let answer = app.client.post(format!("{}/odoo/query", app.url)).json(&body).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert!(answer.pointer("/items/4/email").is_some(), "{answer}");
}
