//! The process stops while streams are open.

use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use super::client::{Sse, Stream, Streamable, call, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;
use crate::support::http_client;
use crate::support::process::Server;

#[tokio::test]
async fn open_streams_end() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let mut listening = streamable.listen().await;
    let mut open = app.state.sessions.open();
    soon(app.stop()).await;
    assert_eq!(sse.stream.event().await, None);
    assert_eq!(listening.event().await, None);
    soon(open.wait_for(|open| *open == 0)).await.unwrap();
}

#[tokio::test]
async fn what_was_asked_is_still_answered() {
    let handler = Handler::new();
    let app = TestApp::builder().start_with(handler.clone()).await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    sse.send(&call(2, "wait", &json!({}))).await;
    let mut answer = Stream::new(streamable.post().json(&call(2, "wait", &json!({}))).send().await.unwrap());
    soon(handler.waiting(2)).await;
    let (stop, client, url) = (app.state.stop.clone(), app.client.clone(), app.url.clone());
    let stopping = tokio::spawn(app.stop());
    stop.cancelled().await;
    if let Ok(late) = client.get(format!("{url}/mcp/sse")).send().await {
        assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    handler.release();
    handler.release();
    assert_eq!(text(&sse.stream.answer(2).await), "released");
    assert_eq!(text(&answer.answer(2).await), "released");
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn a_call_that_never_ends_does_not_hold_up_the_end() {
    let handler = Handler::new();
    let app = TestApp::builder().start_with(handler.clone()).await;
    let sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    sse.send(&call(2, "wait", &json!({}))).await;
    let _answer = streamable.post().json(&call(2, "wait", &json!({}))).send().await.unwrap();
    soon(handler.waiting(2)).await;
    soon(app.stop()).await;
    soon(handler.cancelled(2)).await;
}

#[tokio::test]
async fn the_real_process_ends_with_open_streams() {
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let server = Server::start(folder.path(), &[]).await;
    let mut sse = Sse::connect(&client, &server.url).await;
    let streamable = Streamable::connect(&client, &server.url, "2025-11-25").await;
    let mut listening = streamable.listen().await;
    server.process.terminate().await;
    while sse.stream.event().await.is_some() {}
    while listening.event().await.is_some() {}
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
}
