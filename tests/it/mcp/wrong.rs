//! Messages that are nearly right: each is answered, at once and in words that say what to do.

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::join_all;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::io::Write;

use super::client::{Sse, Stream, Streamable, call, initialize, request, single, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;

async fn app() -> (TestApp, Handler) {
    let handler = Handler::new();
    (TestApp::builder().start_with(handler.clone()).await, handler)
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = soon(request.send()).await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn raw(request: RequestBuilder, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn of_five_calls_under_one_id_four_are_refused_at_once() {
    let (app, handler) = app().await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let wait = call(2, "wait", &json!({}));
    let mut first = Stream::new(streamable.post().json(&wait).send().await.unwrap());
    soon(handler.waiting(1)).await;
    for (status, refused) in join_all((0..4).map(|_| answer(streamable.post().json(&wait)))).await {
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(2), &json!(-32600)), "{refused}");
    }
    handler.release();
    assert_eq!(text(&first.answer(2).await), "released");
    assert_eq!(text(&streamable.ask(&call(2, "echo", &json!({ "text": "free again" }))).await), "free again");

    // All at once, too, one of them is answered and the others are refused.
    let calls = (0..5).map(|_| {
        let post = streamable.post().json(&call(3, "wait", &json!({})));
        tokio::spawn(async move { post.send().await.unwrap() })
    });
    let calls: Vec<_> = calls.collect();
    soon(handler.waiting(2)).await;
    handler.release();
    let statuses = soon(join_all(calls)).await.into_iter().map(|answer| answer.unwrap().status());
    let refused = statuses.filter(|status| *status == StatusCode::BAD_REQUEST).count();
    assert!(refused <= 4, "{refused}");
}

#[tokio::test]
async fn a_cancelled_call_frees_its_id() {
    let (app, handler) = app().await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let held = streamable.post().json(&call(2, "wait", &json!({}))).send().await.unwrap();
    soon(handler.waiting(1)).await;
    let cancel =
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 2 } });
    streamable.post().json(&cancel).send().await.unwrap();
    soon(handler.cancelled(1)).await;
    drop(held);
    let again = call(2, "echo", &json!({ "text": "again" }));
    assert_eq!(text(&soon(streamable.ask(&again)).await), "again");
}

#[tokio::test]
async fn parameters_of_a_wrong_type_are_named() {
    let (app, _) = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let wrong = request(2, "tools/call", &json!({ "name": "echo", "arguments": "str" }));
    let single = single(&app.client, &app.url, wrong.clone());
    let (status, without_session) = answer(single).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{without_session}");
    for refused in [soon(sse.ask(&wrong)).await, soon(streamable.ask(&wrong)).await, without_session] {
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(2), &json!(-32602)), "{refused}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("params.arguments: ") && message.contains("object"), "{refused}");
    }
    let unknown = soon(streamable.ask(&request(3, "no/such", &json!({})))).await;
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
}

#[tokio::test]
async fn an_initialize_without_a_version_is_told_so() {
    let (app, _) = app().await;
    let mut hello = initialize("2025-11-25");
    hello["params"]["protocolVersion"] = Value::Null;
    let (status, refused) = answer(Streamable::bare(&app.client, &app.url).json(&hello)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let mut sse = Sse::open(&app.client, &app.url).await;
    for refused in [refused, soon(sse.ask(&hello)).await] {
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(1), &json!(-32602)), "{refused}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("params.protocolVersion: "), "{refused}");
    }
    let right = sse.ask(&initialize("2025-06-18")).await;
    assert_eq!(right["result"]["protocolVersion"], "2025-06-18", "the session goes on: {right}");
}

/// A session of each transport in this version.
async fn both(client: &Client, url: &str, version: &str) -> (Sse, Streamable) {
    let mut sse = Sse::open(client, url).await;
    assert_eq!(sse.ask(&initialize(version)).await["result"]["protocolVersion"], version);
    sse.send(&super::client::initialized()).await;
    (sse, Streamable::connect(client, url, version).await)
}

#[tokio::test]
async fn batches_of_the_version_that_has_them_are_taken() {
    let (app, _) = app().await;
    let (sse, streamable) = both(&app.client, &app.url, "2025-03-26").await;
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/roots/list_changed" });
    let mut steps = call(3, "steps", &json!({}));
    steps["params"]["_meta"] = json!({ "progressToken": "t" });
    let batch =
        json!([call(2, "echo", &json!({ "text": "one" })), note, steps, request(4, "ping", &json!({}))]);
    let over_http = Stream::new(streamable.post().json(&batch).send().await.unwrap());
    assert_eq!(sse.post().json(&batch).send().await.unwrap().status(), StatusCode::ACCEPTED);
    for mut stream in [over_http, sse.stream] {
        let (mut answers, mut progress) = (std::collections::BTreeMap::new(), 0);
        while answers.len() < 3 {
            let message = stream.message().await.expect("all are answered");
            match message["id"].as_u64() {
                Some(id) => drop(answers.insert(id, message)),
                None => progress += 1,
            }
        }
        assert_eq!((text(&answers[&2]), text(&answers[&3]), progress), ("one", "done", 3));
        assert_eq!(answers[&4]["result"], json!({}));
    }
    let notes = streamable.post().json(&json!([note, note])).send().await.unwrap();
    assert_eq!(notes.status(), StatusCode::ACCEPTED);
    // An id that is there twice is refused the second time, and the stream ends.
    let twice = json!([request(5, "ping", &json!({})), request(5, "ping", &json!({}))]);
    let mut stream = Stream::new(streamable.post().json(&twice).send().await.unwrap());
    let mut codes = vec![];
    while let Some(message) = stream.message().await {
        assert_eq!(message["id"], 5, "{message}");
        codes.push(message["error"]["code"].as_i64());
    }
    assert_eq!(codes.len(), 2, "{codes:?}");
}

#[tokio::test]
async fn batches_that_are_none_are_refused_whole() {
    let (app, _) = app().await;
    let (sse, streamable) = both(&app.client, &app.url, "2025-03-26").await;
    let ping = request(2, "ping", &json!({}));
    let cases = [
        json!([]),
        json!([ping, 7]),
        json!([ping, initialize("2025-03-26")]),
        (0..101).map(|id| request(id, "ping", &json!({}))).collect(),
    ];
    for batch in cases {
        for post in [sse.post(), streamable.post()] {
            let (status, refused) = answer(post.json(&batch)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
            assert_eq!(refused["error"]["code"], -32600, "{refused}");
        }
    }
    let (sse, streamable) = both(&app.client, &app.url, "2025-06-18").await;
    for post in [sse.post(), streamable.post()] {
        let (status, refused) = answer(post.json(&json!([ping]))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("2025-03-26 only"), "{refused}");
    }
}

#[tokio::test]
async fn packed_messages_are_refused_by_name() {
    let (app, _) = app().await;
    let (sse, streamable) = both(&app.client, &app.url, "2025-11-25").await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(call(2, "echo", &json!({})).to_string().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for post in [sse.post(), streamable.post(), Streamable::bare(&app.client, &app.url)] {
        let (status, problem) = answer(raw(post.header("content-encoding", "gzip"), packed.clone())).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{problem}");
        assert_eq!(problem["code"], "encoding_not_taken", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("identity"), "{problem}");
    }
    let plain = streamable.post().header("content-encoding", "identity").json(&call(2, "echo", &json!({})));
    assert_eq!(soon(plain.send()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_argument_that_is_given_twice_is_refused() {
    let (app, _) = app().await;
    let (sse, streamable) = both(&app.client, &app.url, "2025-11-25").await;
    let twice = r#"{"jsonrpc": "2.0", "id": 2, "method": "tools/call",
                    "params": {"name": "echo", "arguments": {"text": "a", "text": "b"}}}"#;
    for post in [sse.post(), streamable.post()] {
        let (status, refused) = answer(raw(post, twice)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(2), &json!(-32602)), "{refused}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("params.arguments.text is given twice"), "{refused}");
    }
}

/// What waits for its turn, or is worked on, is held by no less than what arrives.
#[tokio::test]
async fn the_arguments_of_waiting_calls_are_bounded_over_all_sessions() {
    let (app, handler) = app().await;
    let large = |id: u64| call(id, "wait", &json!({ "text": "x".repeat(4 * 1024 * 1024 - 1024) }));
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(both(&app.client, &app.url, "2025-11-25").await);
    }
    let (mut held, mut refused) = (Vec::new(), 0);
    for id in 2..7 {
        for (sse, streamable) in &sessions {
            for post in [sse.post(), streamable.post()] {
                // The head of the answer is there when the call has begun or waits.
                let answer = soon(post.json(&large(id)).send()).await.unwrap();
                if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
                    assert_eq!(answer.headers()["retry-after"], "5");
                    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_many_requests");
                    refused += 1;
                } else {
                    held.push(answer);
                }
            }
        }
    }
    assert!(held.len() <= 16 && refused >= 24, "{} are held, {refused} refused", held.len());
    let small = call(9, "echo", &json!({ "text": "small" }));
    assert_eq!(text(&sessions[0].1.ask(&small).await), "small");
    soon(handler.waiting(held.len())).await;
    held.iter().for_each(|_| handler.release());
    let until_taken = async {
        loop {
            let answer =
                sessions[0].1.post().json(&call(10, "echo", &json!({ "text": "x".repeat(4_000_000) })));
            if answer.send().await.unwrap().status() == StatusCode::OK {
                break;
            }
        }
    };
    soon(until_taken).await;
}
