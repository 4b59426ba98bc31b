//! Every call of a quotation fails once, in every way: there is one quotation all the same.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use serde_json::{Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

const EMAIL: &str = "luis@fault.example";

/// Runs one quotation with one fault; gives the number of calls it took.
async fn run(app: &TestApp, body: &Value, lines: &[(i64, f64, f64)], fault: Option<(usize, Fault)>) -> usize {
    let email = body["email"].as_str().unwrap();
    app.proxy().plan(move |n, _| fault.filter(|(at, _)| *at == n).map(|(_, fault)| fault));
    let status = app.quote(body).await;
    let context = format!("{fault:?}: {:?}", app.proxy().calls());
    assert_eq!(status["status"], "completed", "{context}: {status}");
    let made = Made::by_email(app.sandbox(), email);
    made.assert_exactly_once(lines, &context);
    let output = &status["output"];
    assert_eq!(output["sale_order_name"], made.orders[0]["name"], "{context}");
    assert_eq!(output["lead_id"], made.leads[0]["id"], "{context}");
    assert_eq!(output["partner_id"], made.partners[0]["id"], "{context}");
    assert_eq!(output["products_added"].as_array().unwrap().len(), lines.len(), "{context}");
    app.proxy().calls().len()
}

/// The sweep over one protocol. A fresh service for each fault, so that log-in and shared reading are swept, too.
async fn sweep(protocol: ProtocolChoice, body: &Value, lines: &[(i64, f64, f64)]) {
    let start =
        async || TestApp::builder().protocol(protocol).timeout(Duration::from_millis(150)).start().await;
    let calls = run(&start().await, body, lines, None).await;
    assert!(calls >= 9, "a first quotation takes {calls} calls, log-in included");
    for fault in Fault::ALL {
        for n in 1..=calls {
            let app = start().await;
            let taken = run(&app, body, lines, Some((n, fault))).await;
            assert!(taken > calls, "{fault:?} at {n} did not happen");
            app.stop().await;
        }
    }
    println!("{protocol:?}: {} faults at each of {calls} calls", Fault::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn json2() {
    sweep(ProtocolChoice::Json2, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jsonrpc() {
    sweep(ProtocolChoice::JsonRpc, &request(EMAIL), &REQUEST_LINES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn xmlrpc() {
    sweep(ProtocolChoice::XmlRpc, &request(EMAIL), &REQUEST_LINES).await;
}

/// Lines with and without a price are loaded in two calls; both are swept.
#[tokio::test(flavor = "multi_thread")]
async fn mixed_prices() {
    let mut body = request(EMAIL);
    body["products"] =
        json!([{ "product_id": 2, "price": 5 }, { "product_id": 1 }, { "product_id": 3, "price": 0 }]);
    // In the order of their ids: the priced ones came second.
    let lines = [(1, 1.0, 14.0), (2, 1.0, 5.0), (3, 1.0, 0.0)];
    sweep(ProtocolChoice::Json2, &body, &lines).await;
}
