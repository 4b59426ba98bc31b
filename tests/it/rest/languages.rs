//! What people read is in the language that they ask for, and stays so.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::app::{TestApp, request};
use crate::support::http_client;
use crate::support::proxy::Fault;

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

    app.proxy().plan(|_, call| (call == "crm.lead.load").then_some(Fault::Refuse));
    let (_, failed) = quoted(&app, "eva@fails.example", "en", "fails").await;
    let said = failed["error"].as_str().unwrap();
    assert!(said.starts_with("Odoo could not be reached; repeat the request"), "{said}");
    let log = std::fs::read_to_string(
        app.logs()
            .into_iter()
            .find(|log| log.to_str().unwrap().contains(failed["tracking_id"].as_str().unwrap()))
            .unwrap(),
    );
    assert!(log.unwrap().contains("\"language\": \"en\""), "a later process knows it");

    app.proxy().plan(|_, _| None);
    let (_, again) = quoted(&app, "eva@fails.example", "es", "fails").await;
    assert_eq!(again["progress"], "Cotización completada", "whoever asks again is answered in their own");
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
