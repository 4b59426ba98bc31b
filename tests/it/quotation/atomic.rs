//! Opportunity, order and lines are made together or not at all, and the end is told as it is.

use mcp_odoo_core::odoo::ProtocolChoice;
use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

const EMAIL: &str = "eva@atomic.example";

fn mixed() -> Value {
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 26174, "price": 5 }, { "product_id": 1 }]);
    body
}

/// A product vanishes after it was looked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_odoo_refuses_leaves_nothing() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        for body in [request(EMAIL), mixed()] {
            let app = TestApp::builder().protocol(protocol).start().await;
            let sandbox = app.sandbox().clone();
            // Odoo keeps a product that an order has.
            let lines = json!([["product_id", "=", 1]]);
            let lines = sandbox.execute("sale.order.line", "search", vec![lines], Map::new()).unwrap();
            sandbox.execute("sale.order.line", "unlink", vec![lines], Map::new()).unwrap();
            app.proxy().plan(move |_, call| {
                if call == "crm.lead.load" {
                    // Gone from the second try on.
                    let _ = sandbox.execute("product.product", "unlink", vec![json!([1])], Map::new());
                }
                None
            });
            let status = app.quote(&body).await;
            assert_eq!(status["status"], "failed", "{protocol:?}: {status}");
            assert!(status["error"].as_str().unwrap().contains("Odoo no aceptó los datos"), "{status}");
            let made = Made::by_email(app.sandbox(), EMAIL);
            assert_eq!((made.leads.len(), made.orders.len()), (0, 0), "{protocol:?}");
            let tries = app.proxy().calls().iter().filter(|call| *call == "crm.lead.load").count();
            assert!(tries <= 6, "{tries}");
        }
    }
}

/// Hooks of Odoo run after its commit: an exception of a call that makes records does not say that there are none.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_before_an_exception_is_found() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        for failing in ["res.partner.load", "crm.lead.load"] {
            let app = TestApp::builder().protocol(protocol).start().await;
            let mut left = 1;
            app.proxy().plan(move |_, call| {
                let hit = call == failing && left > 0;
                left -= i32::from(hit);
                hit.then_some(Fault::Raise)
            });
            let status = app.quote(&request(EMAIL)).await;
            let context = format!("{protocol:?} {failing}");
            assert_eq!(status["status"], "completed", "{context}: {status}");
            Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, &context);
        }
    }
}

/// It is made: that it cannot be read is no failure, and it is said what is not known.
#[tokio::test(flavor = "multi_thread")]
async fn a_quotation_that_cannot_be_read_back_is_completed() {
    let faults = [Fault::Refuse, Fault::TurnedAway(403), Fault::Garbage];
    for (fault, key) in faults.into_iter().flat_map(|fault| [(fault, None), (fault, Some("a key"))]) {
        let app = TestApp::start().await;
        let mut made = false;
        app.proxy().plan(move |_, call| {
            made |= call == "crm.lead.load";
            (made && call == "sale.order.web_search_read").then_some(fault)
        });
        let id = app.accepted(&request(EMAIL), key).await;
        let status = app.finished(&id).await;
        assert_eq!(status["status"], "completed", "{fault:?} {key:?}: {status}");
        let made = Made::by_email(app.sandbox(), EMAIL);
        made.assert_exactly_once(&REQUEST_LINES, "not read");
        let output = &status["output"];
        assert_eq!(output["lead_id"], made.leads[0]["id"]);
        assert_eq!(output["partner_id"], made.partners[0]["id"]);
        assert!(output["sale_order_id"].is_null(), "{output}");
        assert!(output["warnings"][0].as_str().unwrap().contains("no se pudo leer"), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_round_away_is_refused_before_anything_is_written() {
    let app = TestApp::start().await;
    for line in [json!({ "product_id": 1, "qty": 0.004 }), json!({ "product_id": 1, "price": 0.001 })] {
        app.proxy().plan(|_, _| None);
        let mut body = request(EMAIL);
        body["products"] = json!([{ "product_id": 26174 }, line]);
        let status = app.quote(&body).await;
        assert_eq!(status["error_code"], "rounds_to_zero", "{status}");
        assert!(!app.proxy().calls().iter().any(|call| call.ends_with(".load")), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_rounds_is_told() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 1, "qty": 1.005, "price": 2.345 }, { "product_id": 2, "qty": 0.5, "price": 1 }]);
    let status = app.quote(&body).await;
    assert_eq!(status["status"], "completed", "{status}");
    let warnings = status["output"]["warnings"].to_string();
    assert!(
        warnings.contains("La cantidad de Restaurant Expenses: se pidió 1.005 y en Odoo quedó 1.01"),
        "{warnings}"
    );
    assert!(
        warnings.contains("El precio de Restaurant Expenses: se pidió 2.345 y en Odoo quedó 2.35"),
        "{warnings}"
    );
    assert_eq!(status["output"]["warnings"].as_array().unwrap().len(), 2);
}
