//! MCP with tokens: more is asked for on the way, sessions outlast tokens, streams do not.

use std::time::Duration;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::gate::{taking, with_token};
use super::keys::{Key, in_seconds};
use super::server::Server;
use crate::mcp::client::{
    Sse, Stream, Streamable, call, initialize, initialized, request as asks, single, soon,
};
use crate::mcp::forms::ws::{self, Ws};
use crate::support::app::{TestApp, request};
use crate::support::events::Events;

async fn started() -> (Key, Server, TestApp) {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let app = taking(&server).start().await;
    (key, server, app)
}

fn token(key: &Key, server: &Server, scope: &str) -> String {
    key.token(&server.claims_with(&json!({ "scope": scope, "jti": fastrand::u64(..) })))
}

const MORE: &str = "Bearer error=\"insufficient_scope\", \
                    resource_metadata=\"https://quotes.company.example/.well-known/oauth-protected-resource/mcp\", \
                    scope=\"odoo:read odoo:write\"";

#[tokio::test]
async fn a_call_beyond_the_scopes_asks_for_all_it_needs_and_the_session_goes_on_with_a_new_token() {
    let (key, server, app) = started().await;
    let reads = with_token(&token(&key, &server, "odoo:read"));
    let session = Streamable::connect(&reads, &app.url, "2025-11-25").await;
    let update = call(2, "dev_update_sale", &json!({ "sale_id": 2, "values": { "note": "Llamar" } }));
    let refused = session.post().json(&update).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["www-authenticate"], MORE);
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("write"), "{problem}");

    let writes = with_token(&token(&key, &server, "odoo:read odoo:write"));
    let session = session.of(writes);
    let answer = session.ask(&update).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");

    let stranger =
        key.token(&server.claims_with(&json!({ "sub": "somebody else", "scope": "odoo:read odoo:write" })));
    let stolen = session.of(with_token(&stranger)).post().json(&update).send().await.unwrap();
    assert_eq!(stolen.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn more_is_asked_for_over_every_transport() {
    let (key, server, app) = started().await;
    let client = with_token(&token(&key, &server, "odoo:read"));
    let update = call(2, "dev_update_sale", &json!({}));
    let (sse, batches) =
        (Sse::connect(&client, &app.url).await, Streamable::connect(&client, &app.url, "2025-03-26").await);
    let single = Streamable::bare(&client, &app.url).header("mcp-protocol-version", "2026-07-28");
    let single = single.header("mcp-method", "tools/call").header("mcp-name", "dev_update_sale");
    for request in [
        sse.post().json(&update),
        batches.post().json(&json!([call(1, "list_users", &json!({})), update])),
        single.json(&update),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.headers()["www-authenticate"], MORE);
    }
    // A tool that there is not takes no token.
    let unknown = batches.ask(&call(3, "no_such_tool", &json!({}))).await;
    assert!(unknown["error"].is_object(), "{unknown}");
}

/// Of resources as of tools: to read and to follow, by every way.
#[tokio::test]
async fn more_is_asked_for_to_read_and_follow_resources() {
    let (key, server, app) = started().await;
    let client = with_token(&token(&key, &server, "odoo:quotations"));
    let uri = json!({ "uri": "odoo://res.partner/16" });
    let session = Streamable::connect(&client, &app.url, "2025-11-25").await;
    let sse = Sse::connect(&client, &app.url).await;
    let plain = |path: &str, body: &Value| client.post(format!("{}{path}", app.url)).json(body);
    let both = json!({ "notifications": { "resourceSubscriptions": ["odoo://quotation/quot_1", "odoo://res.partner/16"] } });
    let mut requests = vec![
        plain("/mcp/resources/read", &uri),
        plain("/mcp/resources/read", &json!({ "params": uri })),
        plain("/mcp", &asks(2, "get_resource", &uri)),
        plain(
            "/mcp/stream/tools/call",
            &json!({ "name": "search_records", "arguments": { "model": "res.partner" } }),
        ),
        plain("/mcp/stream/tools/call", &json!({ "name": "list_users" })),
        plain("/mcp", &asks(2, "subscriptions/listen", &both)),
    ];
    for method in ["resources/read", "resources/subscribe", "get_resource"] {
        let message = asks(3, method, &uri);
        requests.extend([session.post().json(&message), sse.post().json(&message)]);
    }
    let challenge = |answer: &reqwest::Response| {
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let value = answer.headers()["www-authenticate"].to_str().unwrap();
        assert!(value.starts_with("Bearer error=\"insufficient_scope\""), "{value}");
        value.split_once("scope=").unwrap().1.to_owned()
    };
    for request in requests {
        let answer = request.send().await.unwrap();
        assert_eq!(challenge(&answer), "\"odoo:quotations odoo:read\"", "{}", answer.url());
    }
    // What takes two of them asks for both.
    let neither = with_token(&token(&key, &server, "odoo:handoffs"));
    let listening = neither.post(format!("{}/mcp", app.url)).json(&asks(2, "subscriptions/listen", &both));
    assert_eq!(challenge(&listening.send().await.unwrap()), "\"odoo:quotations odoo:handoffs odoo:read\"");
    // What there is not takes no token.
    let answer = plain("/mcp/resources/read", &json!({ "uri": "odoo://nothing" })).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

/// No token would help: none is asked for.
#[tokio::test]
async fn what_nobody_may_is_refused_in_mcp() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let app = taking(&server).configure(|config| config.access.read_only = true).start().await;
    let client = with_token(&token(&key, &server, "odoo:read"));
    let session = Streamable::connect(&client, &app.url, "2025-11-25").await;
    let answer = session.ask(&call(2, "dev_update_sale", &json!({}))).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
}

/// Without leeway, a token that is good for two more seconds.
async fn short(options: Options) -> (String, TestApp) {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let mut oauth = server.config();
    oauth.times.leeway = Duration::ZERO;
    let app = TestApp::builder().sandbox(options).configure(|config| config.access.oauth = Some(oauth));
    let token = key.token(&server.claims_with(&json!({ "exp": in_seconds(3) })));
    (token, app.start().await)
}

/// What is followed ends with the token that it was asked for with, unless the session has shown a newer one.
#[tokio::test]
async fn what_is_followed_ends_with_the_last_token() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let mut oauth = server.config();
    oauth.times.leeway = Duration::ZERO;
    let app = TestApp::builder().configure(|config| {
        config.access.oauth = Some(oauth);
        config.watching.every = Duration::from_millis(20);
    });
    let app = app.start().await;
    let good_for = |seconds| {
        let claims =
            json!({ "exp": in_seconds(seconds), "scope": "odoo:read odoo:write", "jti": fastrand::u64(..) });
        with_token(&key.token(&server.claims_with(&claims)))
    };
    let (ends, lasts) = (good_for(5), good_for(600));
    let follow = |uri| asks(2, "resources/subscribe", &json!({ "uri": uri }));
    let left = Streamable::connect(&ends, &app.url, "2025-11-25").await;
    assert_eq!(left.ask(&follow("odoo://res.company/1")).await["result"], json!({}));
    let renewed = Streamable::connect(&ends, &app.url, "2025-11-25").await;
    assert_eq!(renewed.ask(&follow("odoo://res.partner/1")).await["result"], json!({}));
    let renewed = renewed.of(lasts.clone());
    renewed.ask(&asks(3, "resources/list", &json!({}))).await;
    let mut told = renewed.listen().await;
    let uris = json!({ "notifications": { "resourceSubscriptions": ["odoo://res.company/1"] } });
    let listening = single(&ends, &app.url, asks(7, "subscriptions/listen", &uris)).send().await.unwrap();
    let mut listening = Stream::new(listening);
    soon(async { while listening.event().await.is_some() {} }).await;

    // The company is looked at for nobody any more, the partner is.
    let looks = |calls: &[String], model: &str| calls.iter().filter(|call| call.starts_with(model)).count();
    soon(async {
        loop {
            app.proxy().plan(|_, _| None);
            app.proxy().until(|calls| looks(calls, "res.partner.search_read") > 2).await;
            if looks(&app.proxy().calls(), "res.company.search_read") == 0 {
                return;
            }
        }
    })
    .await;
    let values = json!({ "model": "res.partner", "record_id": 1, "values": { "phone": "+52 55 1234 5678" } });
    let answer = renewed.ask(&call(4, "update_record", &values)).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let told = told.message().await.unwrap();
    assert_eq!(told["params"]["uri"], "odoo://res.partner/1", "{told}");

    // With another token the session may follow it again.
    assert_eq!(left.of(lasts).ask(&follow("odoo://res.company/1")).await["result"], json!({}));
    app.proxy().plan(|_, _| None);
    app.proxy().until(|calls| looks(calls, "res.company.search_read") > 1).await;
}

#[tokio::test]
async fn streams_end_with_the_token() {
    let (token, app) = short(Options { latency: Duration::from_secs(3600), ..Options::default() }).await;
    let client = with_token(&token);
    let session = Streamable::connect(&client, &app.url, "2025-11-25").await;
    let mut listening = session.listen().await;
    let mut sse = Sse::open(&client, &app.url).await;
    sse.send(&initialize("2024-11-05")).await;
    sse.send(&initialized()).await;
    let mut opening = ws::address(&app);
    opening.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let mut ws = Ws::open_as(opening).await.unwrap();
    let accepted =
        client.post(format!("{}/api/quotation/async", app.url)).json(&request("oauth@ends.example"));
    let accepted: Value = accepted.send().await.unwrap().json().await.unwrap();
    let events = format!("{}/api/quotation/events/{}", app.url, accepted["tracking_id"].as_str().unwrap());
    let mut events = Events::new(client.get(events).send().await.unwrap());
    soon(async {
        while listening.event().await.is_some() {}
        while sse.stream.event().await.is_some() {}
        while events.next().await.is_some() {}
    })
    .await;
    let last_word = ws.next().await.unwrap_err().expect("a last word");
    assert_eq!(last_word.reason.as_str(), "your key or token does not work any more");
    let late = session.post().json(&call(9, "list_users", &json!({}))).send().await.unwrap();
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
    // The sessions over SSE and WebSocket are over with their streams; the other one waits for another token.
    soon(app.state.sessions.open().wait_for(|open| *open == 1)).await.unwrap();
}
