//! How many calls and round trips a quotation costs, counted at the wire.

use std::sync::{Arc, Mutex};

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use crate::support::app::{TestApp, request};

const NEW_CUSTOMER: [&str; 6] = [
    "crm.lead.load",
    "ir.model.data.check_object_reference",
    "product.product.search_read",
    "res.partner.load",
    "res.partner.search_read",
    "sale.order.web_search_read",
];

fn with_lines(email: &str, lines: usize) -> Value {
    let mut body = request(email);
    body["products"] = (0..lines).map(|_| json!({ "product_id": 26174 })).collect();
    body
}

/// Every second line has a price.
fn mixed(email: &str, lines: usize) -> Value {
    let mut body = with_lines(email, lines);
    for line in body["products"].as_array_mut().unwrap().iter_mut().step_by(2) {
        line["price"] = json!(5);
    }
    body
}

/// The calls of one quotation in a service that knows its Odoo already, in the order they were made.
async fn calls_of(app: &TestApp, body: &Value) -> Vec<String> {
    app.proxy().plan(|_, _| None);
    let status = app.quote(body).await;
    assert_eq!(status["status"], "completed", "{status}");
    app.proxy().calls()
}

async fn sorted_calls_of(app: &TestApp, body: &Value) -> Vec<String> {
    let mut calls = calls_of(app, body).await;
    calls.sort();
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_for_any_number_of_lines_any_mix_of_prices_and_every_protocol() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        let app = TestApp::builder().protocol(protocol).start().await;
        calls_of(&app, &with_lines("first@calls.example", 1)).await;
        for lines in [1, 2, 100, 500] {
            let email = |kind: &str| format!("{kind}{lines}@calls.example");
            let calls = sorted_calls_of(&app, &with_lines(&email("plain"), lines)).await;
            assert_eq!(calls, NEW_CUSTOMER, "{lines} lines, {protocol:?}");
            let calls = sorted_calls_of(&app, &mixed(&email("mixed"), lines)).await;
            assert_eq!(calls, NEW_CUSTOMER, "{lines} lines of mixed prices, {protocol:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_for_a_known_customer_or_no_lines() {
    let app = TestApp::start().await;
    calls_of(&app, &with_lines("known@calls.example", 1)).await;
    assert_eq!(calls_of(&app, &with_lines("known@calls.example", 20)).await.len(), 5);
    let mut without_lines = request("known@calls.example");
    without_lines.as_object_mut().unwrap().remove("products");
    assert_eq!(calls_of(&app, &without_lines).await.len(), 4);
}

/// A key may have been used elsewhere: its order and its opportunity, of old versions, too, are looked for, beside the other reads.
#[tokio::test(flavor = "multi_thread")]
async fn three_more_with_a_key() {
    let app = TestApp::start().await;
    calls_of(&app, &with_lines("first@calls.example", 1)).await;
    app.proxy().plan(|_, _| None);
    let id = app.accepted(&with_lines("keyed@calls.example", 1), Some("a key")).await;
    assert_eq!(app.finished(&id).await["status"], "completed");
    let calls = app.proxy().calls();
    assert_eq!(calls.len(), NEW_CUSTOMER.len() + 3, "{calls:?}");
    assert_eq!(calls.iter().filter(|call| *call == "sale.order.web_search_read").count(), 2, "{calls:?}");
}

/// Calls that wait for one another: each round trip begins when all calls before it are answered.
#[tokio::test(flavor = "multi_thread")]
async fn four_round_trips_for_a_new_customer_and_three_for_a_known_one() {
    for version in [Version::V18, Version::V19] {
        let app = TestApp::builder().version(version).start().await;
        calls_of(&app, &with_lines("first@calls.example", 1)).await;
        for (email, trips) in [("new@calls.example", 4), ("new@calls.example", 3)] {
            // The partner, the products and the external id of the partner may come in any order: all others wait.
            let rank = |call: &str| match call {
                "res.partner.load" => 1,
                "crm.lead.load" => 2,
                "sale.order.web_search_read" => 3,
                _ => 0,
            };
            let ranks = Arc::new(Mutex::new(Vec::new()));
            let seen = Arc::clone(&ranks);
            app.proxy().plan(move |_, call| {
                seen.lock().unwrap().push(rank(call));
                None
            });
            assert_eq!(app.quote(&with_lines(email, 3)).await["status"], "completed");
            let mut ranks = ranks.lock().unwrap().clone();
            assert!(ranks.is_sorted(), "{ranks:?}");
            ranks.dedup();
            assert_eq!(ranks.len(), trips, "{version:?}");
        }
    }
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
    assert_eq!(balanced.len(), NEW_CUSTOMER.len() + shared.len());
}
