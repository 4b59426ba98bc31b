//! Whose quotation it is.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{client_of, start};
use crate::mcp::client::{Streamable, call};
use crate::support::app::request;

const QUOTES: &str = r#"permissions = ["quotations"]"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_quotation_is_seen_by_who_asked_for_it_and_by_administrators() {
    let admin = r#"permissions = ["quotations", "admin"]"#;
    let (app, _folder) = start(&[("web", QUOTES), ("voice", QUOTES), ("boss", admin)]).await;
    let post = client_of("web").post(format!("{}/api/quotation/async", app.url));
    let accepted: Value =
        post.json(&request("eva@owners.example")).send().await.unwrap().json().await.unwrap();
    let id = accepted["tracking_id"].as_str().unwrap();
    let asked = async |client: &Client, what: &str| {
        let answer = client.get(format!("{}/api/quotation/{what}/{id}", app.url)).send().await.unwrap();
        let status = answer.status();
        // A stream ends with the quotation.
        (status, answer.text().await.unwrap())
    };
    let by_tool = async |client: &Client| {
        let session = Streamable::connect(client, &app.url, "2025-11-25").await;
        let answer = session.ask(&call(7, "dev_get_quotation_status", &json!({ "tracking_id": id }))).await;
        answer.to_string()
    };
    for (name, sees) in [("web", true), ("boss", true), ("voice", false)] {
        let client = client_of(name);
        for what in ["events", "status"] {
            let (status, said) = asked(&client, what).await;
            assert_eq!(status == StatusCode::OK, sees, "{name} {what}: {said}");
            assert_eq!(said.contains("owners.example"), sees, "{name} {what}: {said}");
            assert_eq!(said.contains("quotation_not_found"), !sees, "{name} {what}: {said}");
        }
        let said = by_tool(&client).await;
        assert_eq!(said.contains("owners.example"), sees, "{name}: {said}");
    }
}

/// A key is one caller's: another who uses it too is told nothing of what it stands for, not even with the same request.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_caller_has_used_tells_nothing() {
    let (app, _folder) = start(&[("web", QUOTES), ("voice", QUOTES)]).await;
    let ask = async |name: &str| {
        let post = client_of(name).post(format!("{}/api/quotation/async", app.url));
        let post = post.header("idempotency-key", "order-1001").json(&request("eva@keys.example"));
        let answer = post.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, first) = ask("web").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let (status, problem) = ask("voice").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    assert!(!problem.to_string().contains(first["tracking_id"].as_str().unwrap()), "{problem}");
    assert_eq!(ask("web").await.1["tracking_id"], first["tracking_id"]);
}
