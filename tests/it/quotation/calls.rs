//! How many calls a quotation costs.

use serde_json::{Value, json};

use crate::support::app::{TestApp, request};

fn with_lines(email: &str, lines: usize) -> Value {
    let mut body = request(email);
    body["products"] = (0..lines).map(|_| json!({ "product_id": 26174 })).collect();
    body
}

/// The calls of one quotation in a service that knows its Odoo already.
async fn calls_of(app: &TestApp, body: &Value) -> Vec<String> {
    app.proxy().plan(|_, _| None);
    let status = app.quote(body).await;
    assert_eq!(status["status"], "completed", "{status}");
    app.proxy().calls()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_for_one_line_and_for_five_hundred() {
    let app = TestApp::start().await;
    calls_of(&app, &with_lines("first@calls.example", 1)).await;
    let one = calls_of(&app, &with_lines("one@calls.example", 1)).await;
    let many = calls_of(&app, &with_lines("many@calls.example", 500)).await;
    let sorted = |calls: &[String]| {
        let mut calls = calls.to_vec();
        calls.sort();
        calls
    };
    assert_eq!(sorted(&one), sorted(&many));
    assert_eq!(
        sorted(&one),
        [
            "crm.lead.load",
            "product.product.search_read",
            "res.partner.load",
            "res.partner.search_read",
            "sale.order.line.search_read",
            "sale.order.load",
            "sale.order.read",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_for_a_known_customer_or_no_lines() {
    let app = TestApp::start().await;
    calls_of(&app, &with_lines("known@calls.example", 1)).await;
    assert_eq!(calls_of(&app, &with_lines("known@calls.example", 20)).await.len(), 6);
    let mut without_lines = request("known@calls.example");
    without_lines.as_object_mut().unwrap().remove("products");
    assert_eq!(calls_of(&app, &without_lines).await.len(), 4);
}

/// Log-in, salespeople and a named salesperson are read once for many quotations.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_is_read_once() {
    let app = TestApp::start().await;
    let mut named = with_lines("named@calls.example", 1);
    named["user_id"] = json!(2);
    let first = calls_of(&app, &named).await;
    let again = calls_of(&app, &named).await;
    assert!(first.contains(&"res.users.search_read".to_owned()), "{first:?}");
    assert!(!again.contains(&"res.users.search_read".to_owned()), "{again:?}");
    let balanced = calls_of(&app, &with_lines("balanced@calls.example", 1)).await;
    let shared = ["crm.team.search_read", "crm.lead.formatted_read_group"];
    assert!(shared.iter().all(|call| balanced.iter().any(|made| made == call)), "{balanced:?}");
    assert_eq!(balanced.len(), 9);
}
