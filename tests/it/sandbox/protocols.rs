//! What the recordings do not show of the protocols: sessions, JSON-2's edges, other ways to log in.

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use super::served::{Served, VERSIONS};

fn request(params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "call", "id": 7, "params": params})
}

async fn json2(
    served: &Served,
    path: &str,
    authorization: Option<&str>,
    database: &str,
    body: &str,
) -> (u16, Value) {
    let mut request =
        served.client.post(format!("{}/json/2/{path}", served.url)).header("X-Odoo-Database", database);
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let response = request.body(body.to_owned()).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(json!(text)))
}

#[tokio::test]
async fn a_web_session_lives_until_it_is_destroyed() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let post = |path: &str, cookie: &str, params: Value| {
            served
                .client
                .post(format!("{}{path}", served.url))
                .header("Cookie", cookie)
                .json(&request(&params))
                .send()
        };
        let login = json!({"db": "sandbox", "login": "demo", "password": "demo"});
        let opened = post("/web/session/authenticate", "", login).await.unwrap();
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let info: Value = opened.json().await.unwrap();
        assert_eq!(
            (&info["result"]["name"], &info["result"]["username"]),
            (&json!("Marc Demo"), &json!("demo"))
        );
        let call =
            json!({"model": "res.partner", "method": "search", "args": [[["id", "=", 15]]], "kwargs": {}});
        let path = "/web/dataset/call_kw/res.partner/search";
        let found: Value = post(path, &cookie, call.clone()).await.unwrap().json().await.unwrap();
        assert_eq!(found["result"], json!([15]));
        post("/web/session/destroy", &cookie, json!({})).await.unwrap();
        let expired: Value = post(path, &cookie, call).await.unwrap().json().await.unwrap();
        assert_eq!(
            (&expired["error"]["code"], &expired["error"]["message"]),
            (&json!(100), &json!("Odoo Session Expired"))
        );
    }
}

#[tokio::test]
async fn a_wrong_web_login_opens_no_session() {
    let served = Served::of(Version::V18).await;
    let params = json!({"db": "sandbox", "login": "demo", "password": "admin"});
    let response =
        served.client.post(format!("{}/web/session/authenticate", served.url)).json(&request(&params));
    let response = response.send().await.unwrap();
    assert!(!response.headers().contains_key("set-cookie"));
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["data"]["name"], "odoo.exceptions.AccessDenied");
}

#[tokio::test]
async fn the_api_key_works_wherever_the_password_does_but_only_for_its_user() {
    let served = Served::of(Version::V19).await;
    let login =
        |user: &str, key: &str| served.rpc("common", "authenticate", json!(["sandbox", user, key, {}]));
    assert_eq!(login("admin", "sandbox").await["result"], json!(2));
    assert_eq!(login("demo", "sandbox").await["result"], json!(false));
    let args = json!(["sandbox", 2, "sandbox", "res.partner", "search_count", [[]]]);
    assert!(served.rpc("object", "execute_kw", args).await["result"].is_number());
}

#[tokio::test]
async fn json2_at_its_edges() {
    let served = Served::of(Version::V19).await;
    let search = "res.partner/search";
    let domain = r#"{"domain": [["id", "=", 15]]}"#;
    assert_eq!(json2(&served, search, Some("BEARER sandbox"), "sandbox", domain).await, (200, json!([15])));
    assert_eq!(json2(&served, search, None, "sandbox", domain).await.0, 401);
    assert_eq!(json2(&served, search, Some("Basic sandbox"), "sandbox", domain).await.0, 401);
    assert_eq!(json2(&served, search, Some("bearer sandbox"), "other", domain).await.0, 404);
    assert_eq!(json2(&served, search, Some("bearer sandbox"), "sandbox", "{").await.0, 400);
    let one = json2(
        &served,
        "res.partner/create",
        Some("bearer sandbox"),
        "sandbox",
        r#"{"vals_list": {"name": "x"}}"#,
    )
    .await;
    assert!(one.1.is_array(), "JSON-2 gives the ids of records: {one:?}");
}

#[tokio::test]
async fn json2_is_not_there_in_18() {
    let served = Served::of(Version::V18).await;
    let (status, body) = json2(&served, "res.partner/search", Some("bearer sandbox"), "sandbox", "{}").await;
    assert_eq!(status, 404);
    assert!(body.as_str().unwrap().starts_with("<!doctype html>"), "{body}");
}

#[tokio::test]
async fn a_browser_is_told_what_this_is() {
    let served = Served::of(Version::V19).await;
    for path in ["/", "/web"] {
        let response = served.client.get(format!("{}{path}", served.url)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(response.text().await.unwrap().contains("the embedded Odoo of mcp-odoo"), "{path}");
    }
}

#[tokio::test]
async fn databases_are_listed() {
    let served = Served::of(Version::V18).await;
    assert_eq!(served.rpc("db", "list", json!([])).await["result"], json!(["sandbox"]));
}
