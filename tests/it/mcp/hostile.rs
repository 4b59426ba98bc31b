//! Input that no client would send: each is answered, and the service goes on.

use futures::StreamExt;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::client::{Sse, Streamable, call, initialize, soon, text};
use super::handler::Handler;
use crate::support::app::TestApp;

async fn app() -> TestApp {
    TestApp::builder().start_with(Handler::new()).await
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = soon(request.send()).await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn json_body(request: RequestBuilder, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header("content-type", "application/json").body(body)
}

#[tokio::test]
async fn what_is_no_message_is_a_bad_request() {
    let app = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let deep = "[".repeat(100_000);
    let cases = [
        ("", -32700),
        ("{", -32700),
        ("{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/list\"", -32700),
        ("\u{0}\u{1}", -32700),
        (deep.as_str(), -32700),
        ("[]", -32600),
        ("[{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}]", -32600),
        ("null", -32600),
        ("7", -32600),
        ("{}", -32600),
        ("{\"id\": 1, \"method\": \"ping\"}", -32600),
        ("{\"jsonrpc\": \"1.0\", \"id\": 1, \"method\": \"ping\"}", -32600),
    ];
    for (body, code) in cases {
        let shown = &body[..body.len().min(60)];
        let posts = [sse.post(), streamable.post(), Streamable::bare(&app.client, &app.url)];
        for post in posts {
            let (status, answer) = answer(json_body(post, body.to_owned())).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{shown}: {answer}");
            assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
            assert_eq!(answer["jsonrpc"], "2.0", "{shown}: {answer}");
        }
    }
    for post in [sse.post(), streamable.post()] {
        let (status, answer) = answer(json_body(post, vec![0xff, 0xfe, 0x00])).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    }
    assert_eq!(text(&sse.ask(&call(9, "echo", &json!({ "text": "well" }))).await), "well");
    assert_eq!(text(&streamable.ask(&call(9, "echo", &json!({ "text": "well" }))).await), "well");
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let app = app().await;
    let sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    for post in [sse.post(), streamable.post()] {
        let message = call(2, "echo", &json!({})).to_string();
        let (status, answer) = answer(post.header("content-type", "text/plain").body(message)).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{answer}");
    }
    let bare = app.client.post(format!("{}/mcp", app.url)).json(&initialize("2025-11-25"));
    assert_eq!(answer(bare.header("accept", "text/html")).await.0, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn what_is_too_large_is_told_so() {
    let app = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let large = |size: usize| call(2, "echo", &json!({ "text": "x".repeat(size) })).to_string();
    for post in [sse.post(), streamable.post(), Streamable::bare(&app.client, &app.url)] {
        let (status, answer) = answer(json_body(post, large(5 * 1024 * 1024))).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{answer}");
        assert_eq!(answer["detail"], "a message may have at most 4 MiB");
    }
    // More than the 1 MiB of REST is well.
    let size = 3 * 1024 * 1024;
    let large: Value = serde_json::from_str(&large(size)).unwrap();
    assert_eq!(text(&sse.ask(&large).await).len(), size);
    assert_eq!(text(&streamable.ask(&large).await).len(), size);
}

/// Large messages that never come whole leave room for others' small ones.
#[tokio::test]
async fn unfinished_messages_do_not_fill_the_memory() {
    let app = app().await;
    let mut sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let unfinished = || {
        let part = futures::stream::iter([Ok::<_, std::io::Error>("x".repeat(4 * 1024 * 1024 - 1024))]);
        reqwest::Body::wrap_stream(part.chain(futures::stream::pending()))
    };
    let mut refused = JoinSet::new();
    for _ in 0..20 {
        for post in [sse.post(), Streamable::bare(&app.client, &app.url)] {
            refused.spawn(answer(json_body(post, unfinished())));
        }
    }
    let (status, problem) = soon(refused.join_next()).await.unwrap().unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert_eq!(problem["code"], "too_many_requests", "{problem}");
    let small = call(2, "echo", &json!({ "text": "small" }));
    assert_eq!(text(&sse.ask(&small).await), "small");
    assert_eq!(text(&streamable.ask(&small).await), "small");
    refused.shutdown().await;
    let large = call(3, "echo", &json!({ "text": "x".repeat(3 * 1024 * 1024) }));
    let until_taken =
        async { while streamable.post().json(&large).send().await.unwrap().status() != StatusCode::OK {} };
    soon(until_taken).await;
}

#[tokio::test]
async fn unknown_sessions_are_not_found() {
    let app = app().await;
    let message = call(2, "echo", &json!({}));
    let id = "6f1c2a34-0d5e-4b47-81b8-c9d0e1f2a3b4";
    let queries =
        ["", "?", "?sessionId=", "?sessionId=1", "?session=x", "?sessionId=%00", &format!("?sessionId={id}")]
            .map(str::to_owned);
    for query in queries {
        let post = app.client.post(format!("{}/mcp/messages{query}", app.url)).json(&message);
        let (status, answer) = answer(post).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{query}: {answer}");
    }
    for id in [id, "1", "../../etc/passwd"] {
        let post = Streamable::bare(&app.client, &app.url).header("mcp-session-id", id).json(&message);
        assert_eq!(answer(post).await.0, StatusCode::NOT_FOUND, "{id}");
        let get = app.client.get(format!("{}/mcp", app.url)).header("accept", "text/event-stream");
        assert_eq!(answer(get.header("mcp-session-id", id)).await.0, StatusCode::NOT_FOUND, "{id}");
    }
    // Without a session there is only initialize.
    assert_eq!(
        answer(Streamable::bare(&app.client, &app.url).json(&message)).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_found() {
    let app = app().await;
    let (sse, mut open) = (Sse::connect(&app.client, &app.url).await, app.state.sessions.open());
    let post = sse.post().json(&call(2, "echo", &json!({})));
    drop(sse);
    soon(open.wait_for(|open| *open == 0)).await.unwrap();
    assert_eq!(answer(post).await.0, StatusCode::NOT_FOUND);

    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    assert_eq!(streamable.end().await, StatusCode::NO_CONTENT);
    assert_eq!(answer(streamable.post().json(&call(2, "echo", &json!({})))).await.0, StatusCode::NOT_FOUND);
    assert_eq!(streamable.end().await, StatusCode::NOT_FOUND);
    soon(open.wait_for(|open| *open == 0)).await.unwrap();
}

#[tokio::test]
async fn nobody_works_in_the_session_of_another_caller() {
    let app = app().await;
    let message = call(2, "echo", &json!({ "text": "mine" }));
    let sse = Sse::connect(&app.client, &app.url).await;
    let anonymous = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    for post in [sse.post(), anonymous.post()] {
        let other = post.bearer_auth("another").json(&message);
        assert_eq!(answer(other).await.0, StatusCode::NOT_FOUND);
    }
    let known = Streamable::bare(&app.client, &app.url).bearer_auth("one").json(&initialize("2025-11-25"));
    let session = known.send().await.unwrap().headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let post = || Streamable::bare(&app.client, &app.url).header("mcp-session-id", &session).json(&message);
    assert_eq!(answer(post()).await.0, StatusCode::NOT_FOUND);
    let foreign = answer(post().bearer_auth("two")).await;
    assert_eq!(foreign.0, StatusCode::NOT_FOUND);
    let none = Streamable::bare(&app.client, &app.url).header("mcp-session-id", "none").json(&message);
    assert_eq!(answer(none).await, foreign, "whether it is another's is not told");
    let delete = app.client.delete(format!("{}/mcp", app.url)).header("mcp-session-id", &session);
    assert_eq!(answer(delete.bearer_auth("two")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(post().bearer_auth("one").send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let app = app().await;
    for (method, path, allow) in [
        ("PUT", "/mcp", "GET, POST, DELETE"),
        ("PATCH", "/mcp/", "GET, POST, DELETE"),
        ("HEAD", "/mcp", "GET, POST, DELETE"),
        ("POST", "/mcp/sse", "GET,HEAD"),
        ("GET", "/mcp/messages", "POST"),
    ] {
        let request = app.client.request(method.parse().unwrap(), format!("{}{path}", app.url));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(answer.headers()["allow"], allow, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        let body = answer.text().await.unwrap();
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        match method {
            "HEAD" => assert_eq!(body, ""),
            _ => assert_eq!(problem["code"], "method_not_allowed", "{method} {path}: {body}"),
        }
    }
}

/// As the official reading of messages has it, whichever reads them.
#[tokio::test]
async fn a_message_may_be_as_deep_as_json_anywhere() {
    let app = app().await;
    let sse = Sse::connect(&app.client, &app.url).await;
    let streamable = Streamable::connect(&app.client, &app.url, "2025-11-25").await;
    let deep = |levels: usize| {
        let nested = (0..levels).fold(json!(1), |inner, _| json!([inner]));
        call(7, "echo", &json!({ "text": "deep", "more": nested })).to_string()
    };
    let is_taken = |levels: &usize| serde_json::from_str::<Value>(&deep(*levels)).is_ok();
    let most = (1..200).take_while(is_taken).last().unwrap();
    for post in [sse.post(), streamable.post()] {
        let answer = soon(json_body(post, deep(most)).send()).await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
    let mut refusals = Vec::new();
    for post in [sse.post(), streamable.post(), Streamable::bare(&app.client, &app.url)] {
        let (status, refusal) = answer(json_body(post, deep(most + 1))).await;
        assert_eq!(
            (status, &refusal["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!(-32700)),
            "{refusal}"
        );
        refusals.push(refusal);
    }
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
}
