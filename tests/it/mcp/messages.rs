//! Requests, answers, progress and cancellation on both transports over HTTP.

use std::time::Duration;

use reqwest::RequestBuilder;
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::{Value, json};

use super::client::{Sse, Stream, Streamable, call, request, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;

async fn app() -> (TestApp, Handler) {
    let handler = Handler::new();
    (TestApp::builder().start_with(handler.clone()).await, handler)
}

#[tokio::test]
async fn the_official_client_over_streamable_http() {
    let (app, _) = app().await;
    let client = ().serve(StreamableHttpClientTransport::from_uri(format!("{}/mcp", app.url))).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(
        tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>(),
        ["echo", "header", "steps", "wait"]
    );
    let Value::Object(arguments) = json!({ "text": "Grüße" }) else { panic!("an object") };
    let called =
        client.call_tool(CallToolRequestParams::new("echo").with_arguments(arguments)).await.unwrap();
    assert_eq!(called.content[0].as_text().unwrap().text, "Grüße");
    client.cancel().await.unwrap();
    soon(app.stop()).await;
}

#[tokio::test]
async fn the_legacy_transport() {
    let (app, _) = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let tools = sse.ask(&request(2, "tools/list", &json!({}))).await;
    assert_eq!(tools["result"]["tools"][0]["name"], "echo");
    let answer = sse.ask(&call(3, "echo", &json!({ "text": "Zeile 1\nZeile 2\r\n" }))).await;
    assert_eq!(text(&answer), "Zeile 1\nZeile 2\r\n");
    let unknown = sse.ask(&request(4, "no/such", &json!({}))).await;
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
}

#[tokio::test]
async fn progress_comes_before_the_answer() {
    let (app, _) = app().await;
    let mut steps = call(2, "steps", &json!({}));
    steps["params"]["_meta"] = json!({ "progressToken": "t" });
    let mut sse = Sse::connect(&app.client, &app.url).await;
    sse.send(&steps).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let answer = streamable.post().json(&steps).send().await.unwrap();
    for stream in [&mut sse.stream, &mut Stream::new(answer)] {
        for step in 1..=3 {
            let message = stream.message().await.unwrap();
            assert_eq!(message["params"]["progress"], f64::from(step), "{message}");
        }
        assert_eq!(text(&stream.message().await.unwrap()), "done");
    }
}

#[tokio::test]
async fn a_handler_sees_the_http_request_on_both() {
    let (app, _) = app().await;
    let ask = call(2, "header", &json!({}));
    let mut sse = Sse::connect(&app.client, &app.url).await;
    sse.post().header("x-test", "from sse").json(&ask).send().await.unwrap();
    assert_eq!(text(&sse.stream.answer(2).await), "from sse");
    let streamable = Streamable::connect(&app.client, &app.url, "2025-06-18").await;
    let answer = streamable.post().header("x-test", "from mcp").json(&ask).send().await.unwrap();
    assert_eq!(text(&Stream::new(answer).answer(2).await), "from mcp");
}

#[tokio::test]
async fn who_hangs_up_an_sse_stream_cancels_what_runs_in_it() {
    let (app, handler) = app().await;
    let sse = Sse::connect(&app.client, &app.url).await;
    sse.send(&call(2, "wait", &json!({}))).await;
    soon(handler.waiting(1)).await;
    drop(sse);
    soon(handler.cancelled(1)).await;
    soon(app.state.sessions.open().wait_for(|open| *open == 0)).await.unwrap();
}

/// A call of MCP 2026-07-28.
fn stateless_wait(app: &TestApp) -> RequestBuilder {
    let mut wait = call(2, "wait", &json!({}));
    wait["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = Streamable::bare(&app.client, &app.url).header("mcp-protocol-version", "2026-07-28");
    request.header("mcp-method", "tools/call").header("mcp-name", "wait").json(&wait)
}

#[tokio::test]
async fn who_hangs_up_a_request_without_session_cancels_it() {
    let (app, handler) = app().await;
    let asking = tokio::spawn(stateless_wait(&app).send());
    soon(handler.waiting(1)).await;
    asking.abort();
    soon(handler.cancelled(1)).await;
}

/// A client of a session may lose its connection and come back for the answer.
#[tokio::test]
async fn a_session_outlives_the_connection_of_one_request() {
    let (app, handler) = app().await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let answer = streamable.post().json(&call(2, "wait", &json!({}))).send().await.unwrap();
    soon(handler.waiting(1)).await;
    drop(answer);
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 2 } });
    streamable.post().json(&cancel).send().await.unwrap();
    soon(handler.cancelled(1)).await;
    assert_eq!(text(&streamable.ask(&call(3, "echo", &json!({ "text": "still here" }))).await), "still here");
}

/// What is said while nobody listens is kept for who comes back with the last event it has seen.
#[tokio::test]
async fn an_answer_is_fetched_after_the_connection_was_lost() {
    let (app, handler) = app().await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let mut answer = streamable.post().json(&call(2, "wait", &json!({}))).send().await.unwrap();
    let first = soon(answer.chunk()).await.unwrap().unwrap();
    let first = std::str::from_utf8(&first).unwrap();
    let id = first.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned();
    soon(handler.waiting(1)).await;
    drop(answer);
    let resume = app.client.get(format!("{}/mcp", app.url)).header("accept", "text/event-stream");
    let resume = resume.header("mcp-session-id", &streamable.session).header("last-event-id", id);
    let mut resumed = Stream::new(resume.send().await.unwrap());
    handler.release();
    assert_eq!(text(&resumed.answer(2).await), "released");
}

/// REST has a time limit; a call of MCP may take longer.
#[tokio::test]
async fn the_time_limit_of_requests_does_not_cut_calls() {
    let handler = Handler::new();
    let short = Duration::from_millis(200);
    let app = TestApp::builder().configure(|config| config.http.request_timeout = short);
    let app = app.start_with(handler.clone()).await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    sse.send(&call(2, "wait", &json!({}))).await;
    let with_session = tokio::spawn(async move { streamable.ask(&call(2, "wait", &json!({}))).await });
    let without = tokio::spawn(stateless_wait(&app).send());
    soon(handler.waiting(3)).await;
    let endless = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let slow = app.client.post(format!("{}/api/quotation/async", app.url));
    let slow = slow.header("content-type", "application/json").body(reqwest::Body::wrap_stream(endless));
    assert_eq!(soon(slow.send()).await.unwrap().status(), 408, "the limit has passed");
    (0..3).for_each(|_| handler.release());
    assert_eq!(text(&sse.stream.answer(2).await), "released");
    assert_eq!(text(&with_session.await.unwrap()), "released");
    assert_eq!(text(&Stream::new(without.await.unwrap().unwrap()).answer(2).await), "released");
}

/// More than run at once wait, and none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_at_once_in_one_session() {
    let (app, handler) = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let calls: Vec<_> = (2..202).map(|id| call(id, "wait", &json!({}))).collect();
    let mut asked = tokio::task::JoinSet::new();
    for call in &calls {
        asked.spawn(sse.post().json(call).send());
    }
    soon(handler.waiting(64)).await;
    (0..400).for_each(|_| handler.release());
    let mut answers = std::collections::BTreeSet::new();
    while answers.len() < 200 {
        let answer = sse.stream.message().await.unwrap();
        assert_eq!(text(&answer), "released");
        answers.insert(answer["id"].as_u64().unwrap());
    }
    let statuses = asked.join_all().await;
    assert!(statuses.iter().all(|answer| answer.as_ref().unwrap().status() == 202));
    let answers = soon(futures::future::join_all(calls.iter().map(|call| streamable.ask(call)))).await;
    assert!(answers.iter().all(|answer| text(answer) == "released"));
}

/// Who reads nothing is told to, and costs nothing more.
#[tokio::test]
async fn an_sse_client_that_does_not_read_is_held_up() {
    let (app, _) = app().await;
    let sse = Sse::connect(&app.client, &app.url).await;
    let large = call(2, "echo", &json!({ "text": "x".repeat(1024 * 1024) }));
    let flood = async {
        loop {
            let post = sse.post().json(&large).timeout(Duration::from_millis(500)).send().await;
            let Ok(answer) = post else { break };
            assert_eq!(answer.status(), 202);
        }
    };
    soon(flood).await;
    drop(sse);
    soon(app.state.sessions.open().wait_for(|open| *open == 0)).await.unwrap();
    assert_eq!(app.get("/health").await.status(), 200);
}

#[tokio::test]
async fn an_id_stands_for_one_request_at_a_time() {
    let (app, handler) = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    sse.send(&call(2, "wait", &json!({}))).await;
    soon(handler.waiting(1)).await;
    sse.send(&call(2, "wait", &json!({}))).await;
    let refused = sse.stream.message().await.unwrap();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&Value::Null, &json!(-32600)), "{refused}");
    handler.release();
    assert_eq!(text(&sse.stream.answer(2).await), "released");
    assert_eq!(text(&sse.ask(&call(2, "echo", &json!({ "text": "free again" }))).await), "free again");
}
