//! The header `Idempotency-Key`.

use std::sync::Arc;

use futures::future::join_all;
use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

const EMAIL: &str = "eva@key.example";

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_body_are_one_quotation() {
    let app = TestApp::start().await;
    let body = request(EMAIL);
    let ids = join_all((0..20).map(|_| app.accepted(&body, Some("key-1")))).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    app.finished(&ids[0]).await;
    let again: Value = app.post(&body, Some("key-1")).await.json().await.unwrap();
    assert_eq!(again["tracking_id"], ids[0]);
    assert_eq!(again["status"], "completed");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "20 at once");
    assert_eq!(app.logs().len(), 1);
}

/// The same quotation written differently is the same body.
#[tokio::test(flavor = "multi_thread")]
async fn defaults_blanks_and_order_do_not_make_another_body() {
    let app = TestApp::start().await;
    let body = request(EMAIL);
    let id = app.accepted(&body, Some("key-1")).await;
    let mut written_out = body.clone();
    written_out["product_id"] = json!(0);
    written_out["user_id"] = json!(0);
    written_out["x_studio_producto"] = Value::Null;
    written_out["email"] = json!(" EVA@key.example ");
    written_out["partner_name"] = json!("  Almacenes Torres");
    assert_eq!(app.accepted(&written_out, Some("key-1")).await, id);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_under_the_key_is_refused_also_after_a_restart() {
    let app = TestApp::start().await;
    let id = app.accepted(&request(EMAIL), Some("key-1")).await;
    app.finished(&id).await;
    let mut other = request(EMAIL);
    other["products"][0]["qty"] = json!(3);
    let refused = async |app: &TestApp| {
        let response = app.post(&other, Some("key-1")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "idempotency_key_reused");
    };
    refused(&app).await;
    let app = TestApp::builder().after(app.stop().await).start().await;
    refused(&app).await;
    assert_eq!(app.accepted(&request(EMAIL), Some("key-1")).await, id);
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "after a restart");
}

/// Who listens while a quotation is being accepted starts no second run of it.
#[tokio::test(flavor = "multi_thread")]
async fn listening_during_acceptance_starts_nothing() {
    let app = TestApp::start().await;
    for n in 0..20 {
        let (key, email) = (format!("listened {n}"), format!("listened.{n}@key.example"));
        let id = app.state.tenant.tasks.tracking_id(&key.parse().unwrap());
        app.proxy().plan(|_, _| None);
        let path = format!("/api/quotation/events/{id}");
        let body = request(&email);
        let listen = join_all((0..10).map(|_| app.get(&path)));
        let (accepted, _) = tokio::join!(app.accepted(&body, Some(&key)), listen);
        assert_eq!(accepted, id.to_string());
        assert_eq!(app.finished(&accepted).await["status"], "completed");
        let orders = app.proxy().calls().iter().filter(|call| *call == "crm.lead.load").count();
        assert_eq!(orders, 1, "{:?}", app.proxy().calls());
        Made::by_email(app.sandbox(), &email).assert_exactly_once(&REQUEST_LINES, &key);
    }
}

/// The journal is lost and the key is used for another customer: neither order is touched by the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_key_never_leads_to_another_customers_order() {
    let app = TestApp::start().await;
    let mixed = |email: &str| {
        let mut body = request(email);
        body["products"] = json!([{ "product_id": 1, "price": 10 }, { "product_id": 26174 }]);
        body
    };
    let id = app.accepted(&mixed("first@key.example"), Some("shared")).await;
    app.finished(&id).await;
    let (odoo, _) = app.stop().await;
    let app = TestApp::builder().after((odoo, Arc::new(tempfile::tempdir().unwrap()))).start().await;
    let id = app.accepted(&mixed("second@key.example"), Some("shared")).await;
    let second = app.finished(&id).await;
    assert_eq!(second["output"]["partner_name"], "Almacenes Torres");
    for email in ["first@key.example", "second@key.example"] {
        Made::by_email(app.sandbox(), email)
            .assert_exactly_once(&[(1, 1.0, 10.0), (26174, 1.0, 12500.0)], email);
    }
}

/// The configuration now names another Odoo: what was promised for the first is not made in it.
#[tokio::test(flavor = "multi_thread")]
async fn another_odoo_is_not_given_the_quotations_of_the_first() {
    let app = TestApp::start().await;
    let done = app.accepted(&request(EMAIL), Some("done")).await;
    app.finished(&done).await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let waiting = app.accepted(&request(EMAIL), Some("waiting")).await;
    let (_first, log_dir) = app.stop().await;
    let other = Odoo::start(Options::default()).await;
    let app = TestApp::builder().after((other, log_dir)).start().await;
    for key in ["done", "waiting"] {
        let response = app.post(&request(EMAIL), Some(key)).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{key}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "idempotency_key_reused");
        assert!(problem["detail"].as_str().unwrap().contains("another Odoo"), "{problem}");
    }
    assert_eq!(app.status(&done).await["status"], "completed");
    assert_ne!(app.status(&waiting).await["status"], "completed");
    let fresh = app.accepted(&request("fresh@key.example"), Some("fresh")).await;
    app.finished(&fresh).await;
    let made = Made::by_email(app.sandbox(), EMAIL);
    assert!(made.partners.is_empty() && made.leads.is_empty(), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_every_request_is_a_quotation() {
    let app = TestApp::start().await;
    let (first, second) = (app.quote(&request(EMAIL)).await, app.quote(&request(EMAIL)).await);
    assert_ne!(first["tracking_id"], second["tracking_id"]);
    let made = Made::by_email(app.sandbox(), EMAIL);
    assert_eq!((made.partners.len(), made.orders.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_1_to_255_printable_characters() {
    let app = TestApp::start().await;
    for bad in ["", "   ", &"k".repeat(256), "with\ttab"] {
        let response = app.post(&request(EMAIL), Some(bad)).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["errors"][0]["path"], "Idempotency-Key", "{problem}");
    }
    app.accepted(&request(EMAIL), Some(&"k".repeat(255))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_keys_are_refused() {
    let app = TestApp::start().await;
    let response = app
        .client
        .post(format!("{}/api/quotation/async", app.url))
        .header("Idempotency-Key", "key-1")
        .header("Idempotency-Key", "key-2")
        .json(&request(EMAIL));
    let response = response.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["detail"], "Idempotency-Key: may be sent only once");
    assert!(app.logs().is_empty());
}
