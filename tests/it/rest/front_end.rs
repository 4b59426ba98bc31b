//! Web pages of other origins.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use mcp_odoo::config::CorsOrigins;

use crate::support::app::{TestApp, request};

async fn preflight(app: &TestApp, origin: &str) -> HeaderMap {
    let response = app
        .client
        .request(Method::OPTIONS, format!("{}/api/quotation/async", app.url))
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,idempotency-key")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.headers().clone()
}

async fn with(cors: CorsOrigins) -> TestApp {
    TestApp::builder().configure(|config| config.http.cors = cors).start().await
}

#[tokio::test]
async fn only_configured_origins_may_call() {
    let app = with(CorsOrigins::These(vec!["https://shop.example".into()])).await;
    let allowed = preflight(&app, "https://shop.example").await;
    assert_eq!(allowed["access-control-allow-origin"], "https://shop.example");
    let headers = allowed["access-control-allow-headers"].to_str().unwrap();
    assert!(headers.contains("idempotency-key") && headers.contains("content-type"), "{headers}");
    assert!(!preflight(&app, "https://evil.example").await.contains_key("access-control-allow-origin"));
    let nobody = with(CorsOrigins::These(Vec::new())).await;
    assert!(!preflight(&nobody, "https://shop.example").await.contains_key("access-control-allow-origin"));
    let any = with(CorsOrigins::Any).await;
    assert_eq!(preflight(&any, "https://evil.example").await["access-control-allow-origin"], "*");
}

/// A page may read where to ask, how long to wait, and the request's id.
#[tokio::test]
async fn pages_see_the_headers_they_need() {
    let app = with(CorsOrigins::Any).await;
    let url = format!("{}/api/quotation/async", app.url);
    let request =
        app.client.post(url).header("Origin", "https://shop.example").json(&request("eva@front.example"));
    let response = request.send().await.unwrap();
    let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
    for header in ["location", "retry-after", "x-request-id"] {
        assert!(exposed.contains(header), "{exposed}");
    }
}
