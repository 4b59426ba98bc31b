//! Many sessions: a cap, and an end for those whose client is gone.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::{Sse, Streamable, call, initialize, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;

async fn app(max_sessions: usize, idle: Duration) -> (TestApp, Handler) {
    let handler = Handler::new();
    let app = TestApp::builder().configure(|config| {
        config.mcp.max_sessions = max_sessions;
        config.mcp.idle = idle;
    });
    (app.start_with(handler.clone()).await, handler)
}

const LONG: Duration = Duration::from_secs(300);

async fn until_open(app: &TestApp, count: usize) {
    soon(app.state.sessions.open().wait_for(|open| *open == count)).await.unwrap();
}

async fn refused(app: &TestApp) {
    let initialize = Streamable::bare(&app.client, &app.url).json(&initialize("2025-11-25"));
    for request in [initialize, app.client.get(format!("{}/mcp/sse", app.url))] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"));
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["code"], "too_many_sessions");
        assert!(answer["detail"].as_str().unwrap().contains("MCP_MAX_SESSIONS"), "{answer}");
    }
}

#[tokio::test]
async fn beyond_the_cap_nobody_is_let_in_until_somebody_leaves() {
    let (app, _) = app(2, LONG).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    refused(&app).await;
    assert_eq!(text(&sse.ask(&call(2, "echo", &json!({ "text": "in" }))).await), "in");
    drop(sse);
    until_open(&app, 1).await;
    let sse = Sse::connect(&app.client, &app.url).await;
    refused(&app).await;
    assert!(streamable.end().await.is_success());
    until_open(&app, 1).await;
    Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    refused(&app).await;
    drop(sse);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_attempts_are_soon_answered() {
    let (app, _) = app(50, LONG).await;
    let began = Instant::now();
    let attempts = futures::stream::iter(0..10_000).map(|_| async {
        let attempt = Streamable::bare(&app.client, &app.url).json(&initialize("2025-11-25"));
        attempt.send().await.unwrap().status()
    });
    let answers: Vec<_> = soon(attempts.buffer_unordered(32).collect()).await;
    let of = |status: StatusCode| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((of(StatusCode::OK), of(StatusCode::SERVICE_UNAVAILABLE)), (50, 9_950));
    println!("10,000 attempts in {:?}", began.elapsed());
    assert_eq!(*app.state.sessions.open().borrow(), 50);
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_of_each_and_half_of_them_cut() {
    let (app, _) = app(1000, LONG).await;
    let both = async || {
        let sse = Sse::connect(&app.client, &app.url).await;
        let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
        let listening = streamable.listen().await;
        (sse, streamable, listening)
    };
    let mut all = join_all((0..200).map(|_| both())).await;
    assert_eq!(*app.state.sessions.open().borrow(), 400);
    // Their sockets close, and nothing is said: sessions of Streamable HTTP outlast that, until they are idle.
    all.truncate(100);
    until_open(&app, 300).await;
    for (sse, streamable, ..) in &mut all {
        assert_eq!(text(&sse.ask(&call(2, "echo", &json!({ "text": "here" }))).await), "here");
        assert_eq!(text(&streamable.ask(&call(2, "echo", &json!({ "text": "here" }))).await), "here");
    }
    for (sse, streamable, mut listening) in all {
        drop(sse);
        assert!(streamable.end().await.is_success());
        while listening.event().await.is_some() {}
    }
    until_open(&app, 100).await;
}

/// A client that answers when it is asked stays, however quiet it is otherwise.
#[tokio::test]
async fn who_answers_pings_stays() {
    let (app, _) = app(10, Duration::from_secs(6)).await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let mut listening = streamable.listen().await;
    for _ in 0..3 {
        let ping = sse.stream.message().await.unwrap();
        assert_eq!(ping["method"], "ping");
        sse.send(&json!({ "jsonrpc": "2.0", "id": ping["id"], "result": {} })).await;
        let ping = listening.message().await.unwrap();
        assert_eq!(ping["method"], "ping");
        let pong = json!({ "jsonrpc": "2.0", "id": ping["id"], "result": {} });
        assert_eq!(streamable.post().json(&pong).send().await.unwrap().status(), StatusCode::ACCEPTED);
    }
    until_open(&app, 2).await;
    until_open(&app, 0).await;
}

/// Nobody is idle who waits for an answer.
#[tokio::test]
async fn a_long_call_is_not_idleness() {
    let idle = Duration::from_secs(5);
    let (app, handler) = app(10, idle).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let quiet = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let answer = tokio::spawn(async move { streamable.ask(&call(2, "wait", &json!({}))).await });
    soon(handler.waiting(1)).await;
    // One that came later and is idle goes first.
    until_open(&app, 1).await;
    drop(quiet);
    handler.release();
    assert_eq!(text(&answer.await.unwrap()), "released");
    until_open(&app, 0).await;
}

/// The head is that of the stream, and nothing is opened for it.
#[tokio::test]
async fn who_asks_for_the_head_opens_nothing() {
    let (app, _) = app(2, LONG).await;
    for path in ["/mcp/sse", "/sse"] {
        let url = format!("{}{path}", app.url);
        let stream = app.client.get(&url).send().await.unwrap();
        until_open(&app, 1).await;
        let open = app.state.sessions.open();
        let head = app.client.head(&url).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
        for name in ["content-type", "cache-control", "x-accel-buffering"] {
            assert_eq!(head.headers()[name], stream.headers()[name], "{path}: {name}");
        }
        assert!(!head.headers().contains_key("content-length"), "{path}");
        assert_eq!(head.text().await.unwrap(), "");
        assert!(!open.has_changed().unwrap(), "{path}: not for a moment, either");
        drop(stream);
        until_open(&app, 0).await;
    }
}
