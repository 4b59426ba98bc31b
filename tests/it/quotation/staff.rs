//! Staff work on the records, too: who has the address now, what was archived, merged or deleted.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};
use crate::support::proxy::Fault;

const EMAIL: &str = "ana@staff.example";

fn write(app: &TestApp, model: &str, id: &Value, values: Value) {
    app.sandbox().execute(model, "write", vec![json!([id]), values], Map::new()).unwrap();
}

fn unlink(app: &TestApp, model: &str, id: &Value) {
    app.sandbox().execute(model, "unlink", vec![json!([id])], Map::new()).unwrap();
}

fn email_of(app: &TestApp, partner: &Value) -> Value {
    search(app.sandbox(), "res.partner", json!([["id", "=", partner]]), &["email"])[0]["email"].clone()
}

/// A service with the same Odoo and another log folder.
async fn elsewhere(app: &TestApp) -> TestApp {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    TestApp::builder().after((Arc::clone(&app.odoo), folder)).start().await
}

async fn quote_keyed(app: &TestApp, body: &Value, key: &str) -> Value {
    let id = app.accepted(body, Some(key)).await;
    app.finished(&id).await
}

/// Each time staff give the partner another address, the next quotation for the first one goes to a new partner.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_another_address_now_is_not_the_customer() {
    let app = TestApp::start().await;
    let mut partners = Vec::new();
    for n in 0..3 {
        let status = app.quote(&request(EMAIL)).await;
        assert_eq!(status["output"]["steps"]["partner"], "created", "{status}");
        let partner = status["output"]["partner_id"].clone();
        assert!(!partners.contains(&partner), "{partner} has another address now");
        let again = app.quote(&request(EMAIL)).await;
        assert_eq!(again["output"]["partner_id"], partner);
        assert_eq!(again["output"]["steps"]["partner"], "existing");
        write(&app, "res.partner", &partner, json!({ "email": format!("other{n}@staff.example") }));
        partners.push(partner);
    }
    let status = app.quote(&request(EMAIL)).await;
    assert!(!partners.contains(&status["output"]["partner_id"]), "{status}");
    for (n, partner) in partners.iter().enumerate() {
        assert_eq!(email_of(&app, partner), format!("other{n}@staff.example"), "it is left as it is");
    }
}

/// One customer with a history is better than two of one address: it comes back, and that is said.
#[tokio::test(flavor = "multi_thread")]
async fn an_archived_customer_comes_back_and_that_is_told() {
    let app = TestApp::start().await;
    let first = app.quote(&request(EMAIL)).await;
    let partner = &first["output"]["partner_id"];
    write(&app, "res.partner", partner, json!({ "active": false }));
    let second = app.quote(&request(EMAIL)).await;
    assert_eq!(&second["output"]["partner_id"], partner);
    assert_eq!(second["output"]["steps"]["partner"], "reactivated", "{second}");
    let found = search(app.sandbox(), "res.partner", json!([["id", "=", partner]]), &["active"]);
    assert_eq!(found[0]["active"], true);
    // Where another one of the address is not archived, that is the customer.
    write(&app, "res.partner", partner, json!({ "active": false }));
    let other = json!({ "name": "Ana", "email": EMAIL });
    let other = app.sandbox().execute("res.partner", "create", vec![other], Map::new()).unwrap();
    let third = app.quote(&request(EMAIL)).await;
    assert_eq!(
        (&third["output"]["partner_id"], &third["output"]["steps"]["partner"]),
        (&other, &json!("existing"))
    );
}

/// The customer is merged into another one after it was found, and before the opportunity is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_merged_between_two_tries_does_not_stop_the_quotation() {
    let app = TestApp::start().await;
    let first = json!({ "name": "Ana", "email": EMAIL });
    let first = app.sandbox().execute("res.partner", "create", vec![first], Map::new()).unwrap();
    let (sandbox, mut merged) = (app.sandbox().clone(), false);
    app.proxy().plan(move |_, call| {
        if merged || call != "crm.lead.load" {
            return None;
        }
        merged = true;
        let into = json!({ "name": "Ana Torres", "email": EMAIL });
        sandbox.execute("res.partner", "create", vec![into], Map::new()).unwrap();
        sandbox.execute("res.partner", "unlink", vec![json!([first])], Map::new()).unwrap();
        Some(Fault::Refuse)
    });
    let status = app.quote(&request(EMAIL)).await;
    assert_eq!(status["status"], "completed", "{status}");
    assert_eq!(status["output"]["partner_name"], "Ana Torres");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "merged");
}

/// The log is lost, and the product is for sale no more: the quotation that stands is what the key stands for.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_counts_for_more_than_what_could_not_be_made_today() {
    let app = TestApp::start().await;
    let first = quote_keyed(&app, &request(EMAIL), "stands").await;
    write(&app, "product.product", &json!(26174), json!({ "active": false }));
    let second = quote_keyed(&elsewhere(&app).await, &request(EMAIL), "stands").await;
    assert_eq!(second["status"], "completed", "{second}");
    assert_eq!(second["output"]["sale_order_id"], first["output"]["sale_order_id"]);
    let steps = &second["output"]["steps"];
    assert_eq!((&steps["lead"], &steps["sale_order"]), (&json!("existing"), &json!("existing")));
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "repeated elsewhere");
}

/// The same key for something else is something else, whatever log folder is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_used_elsewhere_for_another_request_makes_another_quotation() {
    let app = TestApp::start().await;
    let first = quote_keyed(&app, &request(EMAIL), "twice").await;
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 1 }]);
    let second = quote_keyed(&elsewhere(&app).await, &body, "twice").await;
    assert_ne!(second["output"]["sale_order_id"], first["output"]["sale_order_id"]);
    assert_eq!(second["output"]["products_added"].as_array().unwrap().len(), 1);
}

fn mixed(email: &str) -> Value {
    let mut body = request(email);
    body["products"] = json!([{ "product_id": 26174, "price": 5 }, { "product_id": 1 }]);
    body
}

/// An opportunity without its order is never a completed quotation, and what staff deleted is not made again.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_order_is_told_and_not_made_again() {
    for (key, body) in [("uniform", request(EMAIL)), ("mixed", mixed(EMAIL))] {
        let app = TestApp::start().await;
        let first = quote_keyed(&app, &body, key).await;
        unlink(&app, "sale.order", &first["output"]["sale_order_id"]);
        let second = quote_keyed(&elsewhere(&app).await, &body, key).await;
        assert_eq!(second["error_code"], "order_deleted", "{key}: {second}");
        assert_eq!(second["output"]["lead_id"], first["output"]["lead_id"], "{key}");
        let made = Made::by_email(app.sandbox(), EMAIL);
        assert_eq!((made.leads.len(), made.orders.len()), (1, 0), "{key}");
    }
}

/// Its order is the quotation, with or without an opportunity.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_opportunity_leaves_the_order_what_it_is() {
    for (key, body) in [("uniform", request(EMAIL)), ("mixed", mixed(EMAIL))] {
        let app = TestApp::start().await;
        let first = quote_keyed(&app, &body, key).await;
        unlink(&app, "crm.lead", &first["output"]["lead_id"]);
        let second = quote_keyed(&elsewhere(&app).await, &body, key).await;
        assert_eq!(second["status"], "completed", "{key}: {second}");
        assert_eq!(second["output"]["sale_order_id"], first["output"]["sale_order_id"], "{key}");
        assert!(second["output"]["lead_id"].is_null(), "{second}");
        let made = Made::by_email(app.sandbox(), EMAIL);
        assert_eq!((made.leads.len(), made.orders.len()), (0, 1), "{key}");
    }
}

/// Another order on the opportunity is not the quotation, and one with another source document is.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_staffs_own_is_not_taken_for_the_quotation() {
    for (key, body) in [("uniform", request(EMAIL)), ("mixed", mixed(EMAIL))] {
        let app = TestApp::start().await;
        let first = quote_keyed(&app, &body, key).await;
        let (order, lead) = (&first["output"]["sale_order_id"], &first["output"]["lead_id"]);
        write(&app, "sale.order", order, json!({ "origin": "Feria 2026" }));
        let renamed = quote_keyed(&elsewhere(&app).await, &body, key).await;
        assert_eq!(&renamed["output"]["sale_order_id"], order, "{key}: {renamed}");
        if key == "uniform" {
            unlink(&app, "sale.order", order);
            let partner = &first["output"]["partner_id"];
            let own = json!({ "partner_id": partner, "opportunity_id": lead, "origin": "staff" });
            app.sandbox().execute("sale.order", "create", vec![own], Map::new()).unwrap();
            let second = quote_keyed(&elsewhere(&app).await, &body, key).await;
            assert_eq!(second["error_code"], "order_deleted", "{second}");
        }
    }
}

/// Staff took the order from its opportunity and gave it another source document.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_staff_moved_is_found() {
    let app = TestApp::start().await;
    let first = quote_keyed(&app, &request(EMAIL), "moved").await;
    let order = &first["output"]["sale_order_id"];
    write(&app, "sale.order", order, json!({ "opportunity_id": false, "origin": "Feria 2026" }));
    let second = quote_keyed(&elsewhere(&app).await, &request(EMAIL), "moved").await;
    assert_eq!(
        (&second["status"], &second["output"]["sale_order_id"]),
        (&json!("completed"), order),
        "{second}"
    );
    assert_eq!(Made::by_email(app.sandbox(), EMAIL).orders.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quoted_local_part_is_found_as_the_customer_it_is() {
    let app = TestApp::start().await;
    let first = app.quote(&request("\"Ana B\"@staff.example")).await;
    assert_eq!(first["status"], "completed", "{first}");
    let second = app.quote(&request("\"ana b\"@staff.example")).await;
    assert_eq!(second["output"]["partner_id"], first["output"]["partner_id"]);
    assert_eq!(second["output"]["steps"]["partner"], "existing");
}
