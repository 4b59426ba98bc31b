//! Under which names, and from which pages, MCP may be called.

use mcp_odoo::config::{AllowedHosts, CorsOrigins};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::client::{Stream, Streamable, initialize};
use super::handler::Handler;
use crate::support::app::TestApp;

const PATHS: [(Method, &str); 4] = [
    (Method::POST, "/mcp"),
    (Method::GET, "/mcp"),
    (Method::GET, "/mcp/sse"),
    (Method::POST, "/mcp/messages"),
];

/// Status and body of a request with this header, at each endpoint.
async fn all(app: &TestApp, header: &str, value: &str) -> Vec<(StatusCode, String)> {
    let mut answers = Vec::new();
    for (method, path) in PATHS {
        let request = app.client.request(method, format!("{}{path}", app.url)).header(header, value);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        // A stream has no end to wait for.
        answers
            .push((status, if status.is_success() { String::new() } else { answer.text().await.unwrap() }));
    }
    answers
}

#[tokio::test]
async fn other_names_and_pages_are_refused_and_the_setting_is_named() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    for host in [
        "mcp.company.example",
        "mcp.company.example:443",
        "localhost.evil.example",
        "192.168.1.7:8000",
        "127.0.0.1.evil.example",
    ] {
        for (status, body) in all(&app, "host", host).await {
            assert_eq!(status, StatusCode::FORBIDDEN, "{host}: {body}");
            assert!(body.contains("add it to ALLOWED_HOSTS"), "{host}: {body}");
        }
    }
    for origin in [
        "https://evil.example",
        "http://localhost.evil.example",
        "null",
        "file://",
        "https://",
        "",
        "localhost",
    ] {
        for (status, body) in all(&app, "origin", origin).await {
            assert_eq!(status, StatusCode::FORBIDDEN, "{origin}: {body}");
            assert!(body.contains("add it to ALLOWED_ORIGINS"), "{origin}: {body}");
        }
    }
    for host in ["", "a b", "user@localhost", "localhost:port"] {
        for (status, body) in all(&app, "host", host).await {
            assert_eq!(status, StatusCode::BAD_REQUEST, "{host}: {body}");
        }
    }
}

#[tokio::test]
async fn names_and_pages_of_this_machine_pass() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    let hosts = ["localhost", "LocalHost:8000", "127.0.0.1:1", "127.1.2.3", "[::1]:8000", "[::1]"]
        .map(|host| ("host", host));
    let origins =
        ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"].map(|origin| ("origin", origin));
    for (header, value) in hosts.into_iter().chain(origins) {
        for (status, body) in all(&app, header, value).await {
            assert_ne!(status, StatusCode::FORBIDDEN, "{value}: {body}");
            assert!(!body.contains("host_invalid"), "{value}: {body}");
        }
    }
}

#[tokio::test]
async fn settings_allow_more() {
    let app = TestApp::builder().configure(|config| {
        let hosts = ["mcp.company.example", "other.example:8443"].map(str::to_owned);
        config.allowed.hosts = AllowedHosts::These(hosts.into());
        config.allowed.origins = CorsOrigins::These(vec!["https://app.example".to_owned()]);
    });
    let app = app.start_with(Handler::new()).await;
    let status = async |host: &str, origin: &str| {
        let request = Streamable::bare(&app.client, &app.url).header("host", host).header("origin", origin);
        request.json(&initialize("2025-11-25")).send().await.unwrap().status()
    };
    assert_eq!(status("mcp.company.example", "https://app.example").await, StatusCode::OK);
    assert_eq!(status("MCP.company.example:9000", "https://app.example:443").await, StatusCode::OK);
    assert_eq!(status("other.example:8443", "https://app.example").await, StatusCode::OK);
    assert_eq!(status("localhost", "http://localhost:6274").await, StatusCode::OK);
    assert_eq!(status("other.example:80", "https://app.example").await, StatusCode::FORBIDDEN);
    assert_eq!(status("mcp.company.example", "http://app.example").await, StatusCode::FORBIDDEN);
    assert_eq!(status("mcp.company.example", "https://app.example:8443").await, StatusCode::FORBIDDEN);

    let any = TestApp::builder().configure(|config| {
        config.allowed.hosts = AllowedHosts::Any;
        config.allowed.origins = CorsOrigins::Any;
    });
    let any = any.start_with(Handler::new()).await;
    let request =
        Streamable::bare(&any.client, &any.url).header("host", "x.example").header("origin", "null");
    assert_eq!(request.json(&initialize("2025-11-25")).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_that_may_call_is_told_so() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    let request = app.client.request(Method::OPTIONS, format!("{}/mcp", app.url));
    let request =
        request.header("origin", "http://localhost:6274").header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "mcp-session-id,mcp-protocol-version");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "http://localhost:6274");
    assert_eq!(answer.headers()["access-control-allow-headers"], "mcp-session-id,mcp-protocol-version");
    let request = Streamable::bare(&app.client, &app.url).header("origin", "http://localhost:6274");
    let answer = request.json(&initialize("2025-11-25")).send().await.unwrap();
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("mcp-session-id"), "{exposed}");
    let evil = app
        .client
        .request(Method::OPTIONS, format!("{}/mcp", app.url))
        .header("origin", "https://evil.example");
    let evil = evil.header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!(evil.status(), StatusCode::FORBIDDEN);
    assert_eq!(evil.json::<Value>().await.unwrap()["code"], "origin_not_allowed");
}

/// Behind a proxy that takes a path away, the events still say where to post.
#[tokio::test]
async fn the_endpoint_keeps_the_path_that_a_proxy_takes_away() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    let endpoint = async |prefix: &str| {
        let open = app.client.get(format!("{}/mcp/sse", app.url)).header("x-forwarded-prefix", prefix);
        let (name, data) = Stream::new(open.send().await.unwrap()).event().await.unwrap();
        assert_eq!(name, "endpoint");
        let (path, session) = data.split_once("?sessionId=").unwrap();
        assert_eq!(session.len(), 32, "{data}");
        path.to_owned()
    };
    for (prefix, path) in [
        ("/odoo", "/odoo/mcp/messages"),
        ("/odoo/", "/odoo/mcp/messages"),
        ("/a-1/b_c.d~e", "/a-1/b_c.d~e/mcp/messages"),
    ] {
        assert_eq!(endpoint(prefix).await, path, "{prefix}");
    }
    let long = format!("/{}", "x".repeat(300));
    for prefix in [
        "",
        "/",
        "//evil.example",
        "/a//b",
        "/..",
        "/a/../b",
        "/.",
        "odoo",
        "https://evil.example",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a,/b",
        "/%2e%2e",
        "/\\evil",
        "/é",
        &long,
    ] {
        assert_eq!(endpoint(prefix).await, "/mcp/messages", "{prefix}");
    }
}
