//! Every version of the protocol is negotiated.

use serde_json::{Value, json};

use super::client::{Sse, Stream, Streamable, call, initialize, request, single, text};
use super::handler::Handler;
use crate::support::app::TestApp;

const WITH_SESSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

async fn app() -> TestApp {
    TestApp::builder().start_with(Handler::new()).await
}

#[tokio::test]
async fn versions_with_sessions_are_answered_as_asked() {
    let app = app().await;
    for version in WITH_SESSIONS {
        let streamable = Streamable::connect(&app.client, &app.url, version).await;
        assert_eq!(streamable.version, version);
        let answer = streamable.ask(&call(2, "echo", &json!({ "text": version }))).await;
        assert_eq!(text(&answer), version);
        let mut sse = Sse::open(&app.client, &app.url).await;
        assert_eq!(sse.ask(&initialize(version)).await["result"]["protocolVersion"], version);
        assert_eq!(text(&sse.ask(&call(2, "echo", &json!({ "text": version }))).await), version);
    }
}

#[tokio::test]
async fn who_initializes_with_another_version_gets_the_newest_with_sessions() {
    let app = app().await;
    for version in ["1999-01-01", "2026-07-28", "2099-01-01"] {
        assert_eq!(Streamable::connect(&app.client, &app.url, version).await.version, "2025-11-25");
    }
}

#[tokio::test]
async fn the_newest_version_needs_no_session() {
    let app = app().await;
    let ask = async |message: Value| {
        let id = message["id"].as_u64().unwrap();
        let answer = single(&app.client, &app.url, message).send().await.unwrap();
        assert!(!answer.headers().contains_key("mcp-session-id"));
        Stream::new(answer).answer(id).await
    };
    let discovered = ask(request(1, "server/discover", &json!({}))).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap().clone();
    assert!(versions.contains(&json!("2026-07-28")), "{discovered}");
    let listed = ask(request(2, "tools/list", &json!({}))).await;
    assert_eq!(listed["result"]["tools"][0]["name"], "echo", "{listed}");
    let called = json!({ "name": "echo", "arguments": { "text": "stateless" } });
    assert_eq!(text(&ask(request(3, "tools/call", &called)).await), "stateless");
    assert_eq!(*app.state.sessions.open().borrow(), 0);
}

#[tokio::test]
async fn an_unknown_version_in_the_header_is_refused() {
    let app = app().await;
    let mut streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    streamable.version = "1999-01-01".to_owned();
    let answer = streamable.post().json(&call(2, "echo", &json!({}))).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}
