//! Quotations that meet: the same customer, the same key, and staff who edit meanwhile.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};
use crate::support::proxy::Fault;

const EMAIL: &str = "ana@sharing.example";

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_for_a_new_address_make_one_partner() {
    let app = TestApp::start().await;
    let body = request(EMAIL);
    let done = join_all((0..8).map(|_| app.quote(&body))).await;
    assert!(done.iter().all(|status| status["status"] == "completed"), "{done:?}");
    let made = Made::by_email(app.sandbox(), EMAIL);
    assert_eq!((made.partners.len(), made.leads.len(), made.orders.len()), (1, 8, 8));
}

/// Two services in front of one Odoo agree on the partner and, by the key, on the quotation.
#[tokio::test(flavor = "multi_thread")]
async fn two_services_with_one_key_make_one_quotation() {
    let one = TestApp::start().await;
    let odoo = Arc::clone(&one.odoo);
    let other = TestApp::builder().after((odoo, Arc::new(tempfile::tempdir().unwrap()))).start().await;
    let body = request(EMAIL);
    let quote = async |app: &TestApp| {
        let id = app.accepted(&body, Some("shared key")).await;
        app.finished(&id).await
    };
    let (first, second) = tokio::join!(quote(&one), quote(&other));
    assert_eq!(first["output"]["sale_order_name"], second["output"]["sale_order_name"]);
    assert_ne!(first["tracking_id"], second["tracking_id"], "each folder hides it by a secret of its own");
    let made = Made::by_email(one.sandbox(), EMAIL);
    assert_eq!((made.partners.len(), made.leads.len(), made.orders.len()), (1, 1, 1));
    assert_eq!(made.line_values(), REQUEST_LINES);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_partner_is_left_as_it_is() {
    let app = TestApp::start().await;
    let partner =
        json!({ "name": "Nombre en Odoo", "email": "ANA@sharing.example", "phone": "1", "city": "Puebla" });
    app.sandbox().execute("res.partner", "create", vec![partner], Map::new()).unwrap();
    let status = app.quote(&request(EMAIL)).await;
    assert_eq!(status["output"]["steps"]["partner"], "existing");
    assert_eq!(status["output"]["partner_name"], "Nombre en Odoo");
    let made = Made::by_email(app.sandbox(), EMAIL);
    made.assert_exactly_once(&REQUEST_LINES, "existing partner");
    assert_eq!((&made.partners[0]["phone"], &made.partners[0]["city"]), (&json!("1"), &json!("Puebla")));
    let description = made.leads[0]["description"].as_str().unwrap();
    assert!(description.contains("Teléfono indicado en la solicitud: +52 155 1234 5678"), "{description}");
}

fn write(app: &TestApp, model: &str, id: &Value, values: Value) {
    app.sandbox().execute(model, "write", vec![json!([id]), values], Map::new()).unwrap();
}

/// The answer to the load is lost; before the next try a person edits opportunity and order.
#[tokio::test(flavor = "multi_thread")]
async fn what_staff_edited_between_two_tries_stays() {
    let app = TestApp::start().await;
    let sandbox = app.sandbox().clone();
    let mut lost = false;
    app.proxy().plan(move |_, call| {
        if !lost && call == "crm.lead.load" {
            lost = true;
            return Some(Fault::CutAfter);
        }
        let edit = |model: &str, domain: Value, values: Value| {
            for record in search(&sandbox, model, domain, &["id"]) {
                sandbox
                    .execute(model, "write", vec![json!([record["id"]]), values.clone()], Map::new())
                    .unwrap();
            }
        };
        if lost {
            edit("crm.lead", json!([["email_from", "=", EMAIL]]), json!({ "name": "Editado" }));
            let lines = json!([["order_id.partner_id.email_normalized", "=", EMAIL], ["product_id", "=", 1]]);
            edit("sale.order.line", lines, json!({ "product_uom_qty": 7 }));
        }
        None
    });
    let status = app.quote(&request(EMAIL)).await;
    assert_eq!(status["status"], "completed", "{status}");
    let made = Made::by_email(app.sandbox(), EMAIL);
    made.assert_exactly_once(&[(26174, 2.0, 99.5), (1, 7.0, 10.0)], "edited");
    assert_eq!(made.leads[0]["name"], "Editado");
    assert_eq!(status["output"]["lead_name"], "Editado");
    let warnings = status["output"]["warnings"].to_string();
    assert!(
        warnings.contains("La cantidad de Restaurant Expenses: se pidió 3 y en Odoo quedó 7"),
        "{warnings}"
    );
}

/// Another service took the key first, and staff have worked on its quotation since.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_run_again_elsewhere_writes_nothing() {
    let one = TestApp::start().await;
    let body = request(EMAIL);
    let id = one.accepted(&body, Some("moved")).await;
    let first = one.finished(&id).await;
    let made = Made::by_email(one.sandbox(), EMAIL);
    write(&one, "res.partner", &made.partners[0]["id"], json!({ "phone": "editado" }));
    write(&one, "crm.lead", &made.leads[0]["id"], json!({ "contact_name": "Editado" }));
    write(&one, "sale.order.line", &made.lines[0]["id"], json!({ "price_unit": 1 }));
    let odoo = Arc::clone(&one.odoo);
    let other = TestApp::builder().after((odoo, Arc::new(tempfile::tempdir().unwrap()))).start().await;
    let id = other.accepted(&body, Some("moved")).await;
    let second = other.finished(&id).await;
    assert_eq!(first["output"]["sale_order_id"], second["output"]["sale_order_id"]);
    let made = Made::by_email(one.sandbox(), EMAIL);
    made.assert_exactly_once(&[(26174, 2.0, 1.0), (1, 3.0, 10.0)], "run again");
    assert_eq!(made.partners[0]["phone"], "editado");
    assert_eq!(made.leads[0]["contact_name"], "Editado");
    assert_eq!(second["output"]["products_added"][0]["price"], 1.0, "the truth is told");
}
