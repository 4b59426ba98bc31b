//! What people read is in the language that they ask for, and stays so.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::app::{TestApp, request};
use crate::support::http_client;
use crate::support::proxy::Fault;

/// Long enough to be begun, and short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

/// Accepted with this `Accept-Language`, and its end.
async fn quoted(app: &TestApp, email: &str, wanted: &str, key: &str) -> (Value, Value) {
    let post = http_client().post(format!("{}/api/quotation/async", app.url)).json(&request(email));
    let post = post.header("accept-language", wanted).header("idempotency-key", key);
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let accepted: Value = response.json().await.unwrap();
    let id = accepted["tracking_id"].as_str().unwrap().to_owned();
    (accepted, app.finished(&id).await)
}

#[tokio::test]
async fn a_quotation_speaks_the_language_it_was_asked_for_in() {
    let app = TestApp::start().await;
    let (accepted, done) = quoted(&app, "eva@en.example", "de, en-GB;q=0.8, es;q=0.3", "en").await;
    assert_eq!(accepted["message"], "Quotation under way...");
    assert_eq!(accepted["estimated_time"], "1-2 seconds");
    assert_eq!(done["progress"], "Quotation completed");
    for unknown in ["de", "*", ""] {
        let (accepted, done) = quoted(&app, "eva@es.example", unknown, &format!("es{unknown}")).await;
        assert_eq!(accepted["message"], "Cotización en proceso...", "{unknown}");
        assert_eq!(done["progress"], "Cotización completada", "{unknown}");
    }
}

#[tokio::test]
async fn why_it_failed_is_told_in_it_and_who_asks_again_is_answered_in_their_own() {
    let app = TestApp::builder().configure(|config| config.tasks.deadline = SHORT).start().await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let (_, failed) = quoted(&app, "eva@fails.example", "en", "fails").await;
    let said = failed["error"].as_str().unwrap();
    assert!(said.contains("repeat the request with the same Idempotency-Key"), "{said}");
    assert_eq!(failed["progress"], "The quotation was not completed");
    let log = std::fs::read_to_string(app.logs().remove(0)).unwrap();
    assert!(log.contains("\"language\": \"en\""), "a later process knows it");
    let (_, again) = quoted(&app, "eva@fails.example", "es", "fails").await;
    assert_eq!(again["progress"], "La cotización no se completó");
}

#[tokio::test]
async fn without_a_wish_it_is_language() {
    let english = |config: &mut mcp_odoo::config::Config| {
        config.language = mcp_odoo_core::language::Language::En;
    };
    let app = TestApp::builder().configure(english).start().await;
    let (accepted, _) = quoted(&app, "eva@default.example", "fr", "default").await;
    assert_eq!(accepted["message"], "Quotation under way...");
}
