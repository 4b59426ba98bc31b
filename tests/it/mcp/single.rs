//! Requests that belong to no session are bounded, too.

use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::client::{self, Stream, Streamable, call, initialize, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;

async fn app(max_sessions: usize) -> (TestApp, Handler) {
    let handler = Handler::new();
    let app = TestApp::builder().configure(|config| config.mcp.max_sessions = max_sessions);
    (app.start_with(handler.clone()).await, handler)
}

/// A call of MCP 2026-07-28.
fn single(app: &TestApp, id: u64, tool: &str) -> RequestBuilder {
    client::single(&app.client, &app.url, call(id, tool, &json!({ "text": "single" })))
}

async fn assert_busy(answer: Response, id: u64) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(id)), "{answer}");
    assert_eq!(answer["error"]["code"], -32000, "{answer}");
    assert_eq!(answer["error"]["data"]["code"], "too_many_requests", "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("MCP_MAX_SESSIONS"), "{answer}");
}

/// A place is free a moment after its caller has the answer.
async fn answered_at_last(app: &TestApp) {
    let repeat = async {
        loop {
            let answer = single(app, 9, "echo").send().await.unwrap();
            if answer.status() == StatusCode::OK {
                return Stream::new(answer).answer(9).await;
            }
            assert_busy(answer, 9).await;
        }
    };
    assert_eq!(text(&soon(repeat).await), "single");
}

#[tokio::test]
async fn beyond_the_cap_a_call_is_refused_until_another_is_answered() {
    let (app, handler) = app(2).await;
    let session = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let hanging = [2, 3].map(|id| tokio::spawn(single(&app, id, "wait").send()));
    soon(handler.waiting(2)).await;
    assert_busy(single(&app, 4, "echo").send().await.unwrap(), 4).await;
    // Naming a session, one's own or none, makes no difference.
    for id in [session.session.as_str(), "6f1c2a34-0d5e-4b47-81b8-c9d0e1f2a3b4"] {
        let named = single(&app, 5, "echo").header("mcp-session-id", id);
        assert_busy(named.send().await.unwrap(), 5).await;
    }
    let answer = session.ask(&call(6, "echo", &json!({ "text": "in a session" }))).await;
    assert_eq!(text(&answer), "in a session");
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);

    handler.release();
    answered_at_last(&app).await;
    handler.release();
    for call in hanging {
        assert_eq!(soon(call).await.unwrap().unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn who_hangs_up_gives_the_place_back() {
    let (app, handler) = app(2).await;
    let hanging = [2, 3].map(|id| tokio::spawn(single(&app, id, "wait").send()));
    soon(handler.waiting(2)).await;
    hanging[0].abort();
    soon(handler.cancelled(1)).await;
    answered_at_last(&app).await;
    handler.release();
}

/// Beginning a session takes a place only while it begins.
#[tokio::test]
async fn sessions_and_single_requests_have_places_of_their_own() {
    let (app, _) = app(2).await;
    let first = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let _second = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    for _ in 0..10 {
        answered_at_last(&app).await;
        let refused = Streamable::bare(&app.client, &app.url).json(&initialize("2025-11-25"));
        let refused: Value = refused.send().await.unwrap().json().await.unwrap();
        assert_eq!(refused["code"], "too_many_sessions", "{refused}");
    }
    let answer = first.ask(&call(2, "echo", &json!({ "text": "on" }))).await;
    assert_eq!(text(&answer), "on");
}
