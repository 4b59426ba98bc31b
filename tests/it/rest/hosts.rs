//! Under which names REST may be called: any web page can have its own name lead to this machine.

use mcp_odoo::config::AllowedHosts;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::app::{TestApp, request};

async fn status(app: &TestApp, path: &str, host: &str) -> StatusCode {
    app.client.get(format!("{}{path}", app.url)).header("host", host).send().await.unwrap().status()
}

const OTHERS: [&str; 4] = ["evil.example", "evil.example:8000", "localhost.evil.example", "192.168.1.7"];

#[tokio::test]
async fn on_an_address_of_this_machine_only_its_names_pass() {
    let app = TestApp::start().await;
    let paths = ["/docs/", "/openapi.json", "/api/quotation/status/quot_abc123def456", "/nothing"];
    for host in OTHERS {
        let post = app.client.post(format!("{}/api/quotation/async", app.url)).header("host", host);
        let answer = post.json(&request("eva@hosts.example")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{host}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "host_not_allowed", "{host}");
        assert!(problem["detail"].as_str().unwrap().contains("add it to ALLOWED_HOSTS"), "{problem}");
        for path in paths {
            assert_eq!(status(&app, path, host).await, StatusCode::FORBIDDEN, "{host} {path}");
        }
        let preflight = app.client.request(Method::OPTIONS, format!("{}/api/quotation/async", app.url));
        let preflight = preflight.header("host", host).header("access-control-request-method", "POST");
        assert_eq!(preflight.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{host}");
        assert_eq!(status(&app, "/health", host).await, StatusCode::OK, "probes call by any name");
    }
    assert!(app.logs().is_empty(), "nothing was accepted");
    for host in ["localhost", "LocalHost:8000", "127.0.0.1:1", "[::1]:8000"] {
        assert_eq!(status(&app, "/openapi.json", host).await, StatusCode::OK, "{host}");
    }
    assert_eq!(status(&app, "/openapi.json", "a b").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn names_that_are_listed_pass() {
    let hosts = AllowedHosts::These(vec!["shop.example".to_owned()]);
    let app = TestApp::builder().configure(|config| config.allowed.hosts = hosts).start().await;
    assert_eq!(status(&app, "/openapi.json", "Shop.example:8443").await, StatusCode::OK);
    assert_eq!(status(&app, "/openapi.json", "evil.example").await, StatusCode::FORBIDDEN);
    let any = TestApp::builder().configure(|config| config.allowed.hosts = AllowedHosts::Any);
    assert_eq!(status(&any.start().await, "/openapi.json", "evil.example").await, StatusCode::OK);
}

/// A service on a server is behind a proxy, whose names for REST it was never told.
#[tokio::test]
async fn on_other_addresses_every_name_passes() {
    for address in ["0.0.0.0", "::", "192.168.1.7"] {
        let app = TestApp::builder().configure(|config| config.http.host = address.parse().unwrap());
        let app = app.start().await;
        for host in OTHERS {
            assert_eq!(status(&app, "/openapi.json", host).await, StatusCode::OK, "{address} {host}");
            assert_eq!(status(&app, "/mcp", host).await, StatusCode::FORBIDDEN, "{address} {host}");
        }
    }
}
