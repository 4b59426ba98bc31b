//! The service that takes tokens: what it tells clients, whom it lets in, and for how long.

use mcp_odoo_core::access::key::KeyHash;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::keys::{Key, in_seconds};
use super::server::{Failure, Server};
use crate::support::app::{Builder, TestApp, request};
use crate::support::http_client_with;

const METADATA: [&str; 2] =
    ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"];

/// A service that takes this server's tokens.
pub fn taking(server: &Server) -> Builder {
    let oauth = server.config();
    TestApp::builder().configure(|config| config.access.oauth = Some(oauth))
}

/// A client that sends this token with everything.
pub fn with_token(token: &str) -> Client {
    http_client_with(&[("authorization", &format!("Bearer {token}"))])
}

fn challenge(answer: &Response) -> &str {
    answer.headers()["www-authenticate"].to_str().unwrap()
}

const USUAL: &str = "resource_metadata=\"https://quotes.company.example/.well-known/oauth-protected-resource/mcp\", \
                     scope=\"odoo:quotations odoo:handoffs odoo:read odoo:write\"";

#[tokio::test]
async fn metadata_is_in_both_places_for_anybody() {
    let server = Server::start(&[]).await;
    let app = taking(&server).start().await;
    for path in METADATA {
        for client in [app.client.clone(), with_token("any.bad.token")] {
            let request =
                client.get(format!("{}{path}", app.url)).header("origin", "https://inspector.example");
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()["access-control-allow-origin"], "*");
            let metadata: Value = answer.json().await.unwrap();
            assert_eq!(
                metadata,
                json!({
                    "resource": "https://quotes.company.example/mcp",
                    "authorization_servers": [server.issuer],
                    "scopes_supported": ["odoo:quotations", "odoo:handoffs", "odoo:read", "odoo:write", "odoo:delete", "odoo:call", "odoo:admin"],
                    "bearer_methods_supported": ["header"],
                    "resource_name": "mcp-odoo",
                })
            );
        }
        let answer = app.client.post(format!("{}{path}", app.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_not_found(&app, &["oauth-authorization-server", "openid-configuration", "nothing"]).await;
    assert_eq!(server.asked(), 0);
}

async fn assert_not_found(app: &TestApp, names: &[&str]) {
    for name in names {
        for path in ["", "/mcp", "/mcp/sse"] {
            for (method, client) in [(Method::GET, app.client.clone()), (Method::GET, with_token("mcpo_any"))]
            {
                let url = format!("{}/.well-known/{name}{path}", app.url);
                let answer = client.request(method, &url).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{url}");
                assert!(!answer.headers().contains_key("www-authenticate"), "{url}");
            }
        }
    }
}

/// An answer there would send clients that have a key into a log-in that does not exist.
#[tokio::test]
async fn without_oauth_there_is_no_metadata() {
    let with_key =
        TestApp::builder().configure(|config| config.access.api_key = Some("0123456789abcdef".into()));
    for app in [TestApp::start().await, with_key.start().await] {
        assert_not_found(
            &app,
            &["oauth-protected-resource", "oauth-authorization-server", "openid-configuration"],
        )
        .await;
        let answer =
            app.client.post(format!("{}/mcp", app.url)).header("authorization", "Bearer a.b.c").send().await;
        let answer = answer.unwrap();
        assert!(answer.headers().get("www-authenticate").is_none_or(|it| it == "Bearer"), "{answer:?}");
    }
}

#[tokio::test]
async fn who_has_no_token_is_told_where_to_get_one() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let app = taking(&server).start().await;
    let expired = key.token(&server.claims_with(&json!({ "exp": in_seconds(-60) })));
    let elsewhere = key.token(&server.claims_with(&json!({ "aud": "https://other.example" })));
    for path in ["/mcp", "/mcp/", "/mcp/sse", "/mcp/messages", "/api/quotation/status/quot_1", "/nothing"] {
        let ask = async |client: &Client| client.get(format!("{}{path}", app.url)).send().await.unwrap();
        let answer = ask(&app.client).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(challenge(&answer), format!("Bearer {USUAL}"), "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "no_key");
        for (token, code) in [
            (&*expired, "invalid_token"),
            (&elsewhere, "invalid_token"),
            ("a.b.c", "invalid_token"),
            ("mcpo_any", "unknown_key"),
        ] {
            let answer = ask(&with_token(token)).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} {token}");
            assert_eq!(
                challenge(&answer),
                format!("Bearer error=\"invalid_token\", {USUAL}"),
                "{path} {token}"
            );
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], code, "{problem}");
            assert!(!problem.to_string().contains(token), "{problem}");
        }
    }
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_header_is_malformed() {
    let server = Server::start(&[]).await;
    let app = taking(&server).start().await;
    for value in ["Bearer", "Bearer ", "Bearer a.b.c d", "Bearer a.b.c, Bearer d.e.f"] {
        let request = app.client.get(format!("{}/mcp/sse", app.url)).header("authorization", value);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{value}");
    }
    let twice = app.client.get(format!("{}/mcp/sse", app.url));
    let twice = twice.header("authorization", "Bearer a.b.c").header("authorization", "Bearer d.e.f");
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let twice = app.client.get(format!("{}/mcp/sse", app.url));
    let twice = twice.header("x-api-key", "one-key").header("x-api-key", "another-key");
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    // Never in the address.
    let answer = app.get("/mcp/sse?access_token=a.b.c").await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(challenge(&answer), format!("Bearer {USUAL}"));
}

#[tokio::test]
async fn scopes_are_permissions() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let app = taking(&server).start().await;
    let quotes =
        with_token(&key.token(&server.claims_with(&json!({ "scope": "odoo:quotations odoo:read" }))));
    let reads = with_token(&key.token(&server.claims_with(&json!({ "scope": "odoo:read openid" }))));
    let body = request("oauth@scopes.example");
    let quote = |client: &Client| client.post(format!("{}/api/quotation/async", app.url)).json(&body).send();
    let answer = quote(&reads).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        challenge(&answer),
        "Bearer error=\"insufficient_scope\", \
         resource_metadata=\"https://quotes.company.example/.well-known/oauth-protected-resource/mcp\", \
         scope=\"odoo:quotations odoo:read\""
    );
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "forbidden");
    assert!(app.logs().is_empty(), "nothing was accepted");
    assert_eq!(quote(&quotes).await.unwrap().status(), StatusCode::ACCEPTED);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn keys_work_beside_tokens() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let (oauth, own) = (server.config(), "an.own.key.with.full.stops");
    let app = TestApp::builder().configure(|config| {
        (config.access.oauth, config.access.api_key) = (Some(oauth), Some(own.into()));
    });
    let app = app.start().await;
    let token = key.token(&server.claims());
    for key in [own, &token] {
        let answer =
            with_token(key).get(format!("{}/api/quotation/status/quot_1", app.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{}", KeyHash::of(key));
    }
}

#[tokio::test]
async fn while_keys_are_not_known_nobody_is_wrong() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    server.fail(Failure::Error);
    let app = taking(&server).start().await;
    let client = with_token(&key.token(&server.claims()));
    let answer = client.get(format!("{}/mcp/sse", app.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.headers().contains_key("retry-after") && !answer.headers().contains_key("www-authenticate")
    );
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "oauth_unavailable");
}
