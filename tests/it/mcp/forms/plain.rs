//! Plain JSON over POST.

use std::num::NonZeroU32;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::access::{client_of, start, start_as};
use crate::mcp::client::{Stream, soon};
use crate::mcp::handler::Handler;
use crate::support::app::TestApp;
use crate::support::proxy::Fault;

async fn post(app: &TestApp, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = app.client.post(format!("{}{path}", app.url)).json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_session_is_not_needed() {
    let app = TestApp::start().await;
    let (status, hello) = post(&app, "/mcp/initialize", &json!({})).await;
    assert_eq!((status, &hello["serverInfo"]["name"]), (StatusCode::OK, &json!("mcp-odoo")), "{hello}");
    let asked = json!({ "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
    assert_eq!(post(&app, "/mcp/initialize", &asked).await.1["protocolVersion"], "2025-03-26");
    // Without any body, too.
    let listed = app.client.post(format!("{}/mcp/tools/list", app.url)).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    let names: Vec<_> = listed["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert!(names.contains(&&json!("find_customers")), "{names:?}");
    assert_eq!(app.get_json("/mcp/mode").await["mode"], "readwrite");
    assert_eq!(app.state.sessions.open().borrow().to_owned(), 0);
}

#[tokio::test]
async fn a_call_is_understood_in_every_form() {
    let app = TestApp::start().await;
    let arguments = json!({ "q": "torres" });
    let forms = [
        ("/mcp/tools/call", json!({ "name": "find_customers", "arguments": arguments })),
        ("/mcp/tools/call", json!({ "tool": "find_customers", "parameters": arguments })),
        ("/mcp/tools/call", json!({ "method": "find_customers", "params": arguments })),
        (
            "/mcp/tools/call",
            json!({ "method": "tools/call", "params": { "name": "find_customers", "arguments": arguments } }),
        ),
        ("/mcp", json!({ "tool": "find_customers", "parameters": arguments })),
    ];
    for (path, body) in forms {
        let (status, result) = post(&app, path, &body).await;
        assert_eq!((status, &result["isError"]), (StatusCode::OK, &json!(false)), "{body}: {result}");
        assert!(result["structuredContent"]["items"].is_array(), "{body}: {result}");
    }
}

/// As the documents of other servers have it: one request, one answer, no stream, no session, and nothing said of the client.
#[tokio::test]
async fn json_rpc_without_a_stream_is_answered_whole() {
    let app = TestApp::start().await;
    let hello = json!({ "jsonrpc": "2.0", "method": "initialize", "id": 1 });
    for path in ["/mcp", "/mcp/initialize"] {
        for accept in ["*/*", "application/json"] {
            let request = app.client.post(format!("{}{path}", app.url)).header("accept", accept);
            let answer = request.json(&hello).send().await.unwrap();
            assert_eq!(answer.headers()["content-type"], "application/json", "{path} {accept}");
            let answer: Value = answer.json().await.unwrap();
            assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(1)), "{answer}");
            assert_eq!(answer["result"]["serverInfo"]["name"], "mcp-odoo", "{answer}");
        }
    }
    let call = json!({ "jsonrpc": "2.0", "id": "a", "method": "tools/call",
        "params": { "name": "find_customers", "arguments": { "q": "torres" } } });
    let (status, answer) = post(&app, "/mcp", &call).await;
    assert_eq!((status, &answer["id"]), (StatusCode::OK, &json!("a")));
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert_eq!(app.state.sessions.open().borrow().to_owned(), 0);
    // Who takes a stream gets one.
    let request =
        app.client.post(format!("{}/mcp", app.url)).header("accept", "application/json, text/event-stream");
    let mut hello = hello;
    hello["params"] = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
    Stream::new(request.json(&hello).send().await.unwrap()).answer(1).await;
}

#[tokio::test]
async fn what_is_wrong_is_told_by_http() {
    let app = TestApp::start().await;
    let cases = [
        ("/mcp/tools/call", json!({}), StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "send {\"name\""),
        (
            "/mcp/tools/call",
            json!({ "name": "a", "tool": "b" }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "send {\"name\"",
        ),
        (
            "/mcp/tools/call",
            json!({ "tool": "find_customers", "parameters": [1] }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "parameters: must be an object",
        ),
        (
            "/mcp/tools/call",
            json!({ "name": 7 }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "name: must be",
        ),
        (
            "/mcp/tools/call",
            json!([]),
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "send a JSON object",
        ),
        (
            "/mcp/tools/call",
            json!({ "name": "no_such" }),
            StatusCode::NOT_FOUND,
            "no_such_tool",
            "there is no such tool",
        ),
        (
            "/mcp",
            json!({ "tool": "no_such" }),
            StatusCode::NOT_FOUND,
            "no_such_tool",
            "there is no such tool",
        ),
        (
            "/mcp/initialize",
            json!({ "protocolVersion": 7 }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request",
            "protocolVersion: invalid type",
        ),
    ];
    for (path, body, status, code, words) in cases {
        let (got, problem) = post(&app, path, &body).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body}: {problem}");
    }
    let send = async |body: &'static str, kind: &str| {
        let request = app.client.post(format!("{}/mcp/tools/call", app.url)).header("content-type", kind);
        let answer = request.body(body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(send("{", "application/json").await, (StatusCode::BAD_REQUEST, "invalid_json".to_owned()));
    assert_eq!(send("{}", "text/plain").await, (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json".to_owned()));
    let twice = r#"{"name": "a", "name": "b"}"#;
    assert_eq!(send(twice, "application/json").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    // What a tool says of its arguments is for the model.
    let (status, result) =
        post(&app, "/mcp/tools/call", &json!({ "name": "find_customers", "arguments": { "q": 1, "x": 2 } }))
            .await;
    assert_eq!((status, &result["isError"]), (StatusCode::OK, &json!(true)), "{result}");
    let wrong = app.get("/mcp/tools/call").await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn who_hangs_up_cancels_the_call_and_gives_its_place_back() {
    let handler = Handler::new();
    let app =
        TestApp::builder().configure(|config| config.mcp.max_sessions = 1).start_with(handler.clone()).await;
    let send = |tool: &str| {
        let body = json!({ "name": tool, "arguments": { "text": "hi" } });
        app.client.post(format!("{}/mcp/tools/call", app.url)).json(&body).send()
    };
    let hanging = tokio::spawn(send("wait"));
    soon(handler.waiting(1)).await;
    let busy = send("echo").await.unwrap();
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.headers()["retry-after"], "5");
    hanging.abort();
    soon(handler.cancelled(1)).await;
    let answer = async {
        loop {
            let answer = send("echo").await.unwrap();
            if answer.status() == StatusCode::OK {
                return answer.json::<Value>().await.unwrap();
            }
        }
    };
    assert_eq!(soon(answer).await["content"][0]["text"], "hi");
}

#[tokio::test]
async fn permissions_hold() {
    let (app, _folder) = start(&[("reads", "permissions = [\"read\"]")]).await;
    let ask = async |path: &str, body: Value| {
        let answer = client_of("reads").post(format!("{}{path}", app.url)).json(&body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (_, listed) = ask("/mcp/tools/list", json!({})).await;
    let has = |name: &str| listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == name);
    assert!(has("find_customers") && !has("dev_create_quotation"), "{listed}");
    for path in ["/mcp/tools/call", "/mcp"] {
        let (status, result) = ask(path, json!({ "tool": "dev_create_quotation" })).await;
        assert_eq!((status, &result["isError"]), (StatusCode::OK, &json!(true)), "{result}");
        assert!(result["content"][0]["text"].as_str().unwrap().contains("forbidden"), "{result}");
    }
    let mode = client_of("reads").get(format!("{}/mcp/mode", app.url)).send().await.unwrap();
    assert_eq!(mode.json::<Value>().await.unwrap(), json!({ "mode": "readwrite", "permissions": ["read"] }));
}

/// What is refused within is told by HTTP as REST tells it.
#[tokio::test]
async fn why_a_resource_is_not_read_is_told_as_over_rest() {
    let reads = "permissions = [\"read\"]\n\n[models]\n\"res.partner\" = { read = true }\n";
    let builder = TestApp::builder().configure(|config| config.limits.limits.per_day = NonZeroU32::new(6));
    let (app, _folder) =
        start_as(builder, &[("quotes", "permissions = [\"quotations\"]"), ("reads", reads)]).await;
    let read = async |name: &str, uri: &str| {
        let request = client_of(name).post(format!("{}/mcp/resources/read", app.url));
        let answer = request.json(&json!({ "uri": uri })).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, answer.json::<Value>().await.unwrap(), headers)
    };
    let cases = [
        ("reads", "odoo://res.partner/987654", 404, "resource_not_found"),
        ("reads", "odoo://nothing", 404, "resource_not_found"),
        ("reads", "https://odoo.example/7", 404, "resource_not_found"),
        ("quotes", "odoo://quotation/quot_1", 404, "resource_not_found"),
        ("quotes", "odoo://res.partner/16", 403, "forbidden"),
        ("reads", "odoo://sale.order/7", 403, "model_closed"),
        ("reads", "odoo://res.partner/list?domain=x", 422, "invalid_value"),
    ];
    for (name, uri, status, code) in cases {
        let (got, problem, _) = read(name, uri).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{uri}: {problem}");
        assert_eq!(problem["status"], status, "{problem}");
    }
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let (status, problem, _) = read("reads", "odoo://res.partner/16").await;
    assert_eq!((status, &problem["code"]), (502, &json!("odoo_connection_lost")), "{problem}");
    app.proxy().plan(|_, _| None);
    let over = async {
        loop {
            let answer = read("reads", "odoo://res.partner/16").await;
            if answer.0 != 200 {
                return answer;
            }
        }
    };
    let (status, problem, headers) = soon(over).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "{problem}");
    assert!(headers.contains_key("retry-after"));
}
