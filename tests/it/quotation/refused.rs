//! What Odoo cannot sell or assign is refused before anything is written.

use serde_json::{Value, json};

use crate::support::app::{TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "eva@refused.example";

/// The quotation fails with this code, its sentence has these words, and Odoo has nothing of it.
async fn assert_refused(app: &TestApp, body: &Value, code: &str, words: &[&str]) {
    let status = app.quote(body).await;
    assert_eq!(status["status"], "failed", "{status}");
    assert_eq!(status["error_code"], code, "{status}");
    let error = status["error"].as_str().unwrap();
    for word in words {
        assert!(error.contains(word), "{word} is not in: {error}");
    }
    assert!(!error.contains("Traceback"), "{error}");
    let made = Made::by_email(app.sandbox(), EMAIL);
    assert_eq!((made.partners.len(), made.leads.len(), made.orders.len()), (0, 0, 0), "{code}");
    let calls = app.proxy().calls();
    assert!(!calls.iter().any(|call| call.ends_with(".load")), "{code} was found after a write: {calls:?}");
}

fn product(sandbox: &mcp_odoo_sandbox::Sandbox, domain: Value) -> Value {
    search(sandbox, "product.product", domain, &["name"])[0]["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_products() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["products"] =
        json!([{ "product_id": 1 }, { "product_id": 99_999_999 }, { "product_id": 88_888_888 }]);
    assert_refused(&app, &body, "product_not_found", &["88888888, 99999999"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_products_and_products_not_for_sale() {
    let app = TestApp::start().await;
    let archived = product(app.sandbox(), json!([["active", "=", false]]));
    let not_for_sale = product(app.sandbox(), json!([["sale_ok", "=", false]]));
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": archived }]);
    assert_refused(&app, &body, "product_not_found", &[&archived.to_string()]).await;
    body["products"] = json!([{ "product_id": not_for_sale }]);
    assert_refused(&app, &body, "product_not_sellable", &[&not_for_sale.to_string()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salesperson_who_does_not_exist() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["user_id"] = json!(999_999);
    assert_refused(&app, &body, "salesperson_not_found", &["999999"]).await;
}
