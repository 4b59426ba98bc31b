//! Customers and products of another company than the order's.

use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "sofia@companies.example";

fn create(app: &TestApp, model: &str, values: Value) -> i64 {
    app.sandbox().execute(model, "create", vec![values], Map::new()).unwrap().as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_another_company_is_left_to_it() {
    let app = TestApp::start().await;
    let theirs = create(&app, "res.partner", json!({ "name": "Sofía", "email": EMAIL, "company_id": 2 }));
    let first = app.quote(&request(EMAIL)).await;
    assert_eq!(
        (&first["status"], &first["output"]["steps"]["partner"]),
        (&json!("completed"), &json!("created")),
        "{first}"
    );
    let second = app.quote(&request(EMAIL)).await;
    assert_eq!(second["output"]["partner_id"], first["output"]["partner_id"], "the one of this company");
    assert_ne!(second["output"]["partner_id"], theirs);
    assert_eq!(Made::by_email(app.sandbox(), EMAIL).partners.len(), 2);
    // The one that this service made is given to the other company, too: its external id is taken.
    let ours = first["output"]["partner_id"].clone();
    let values = json!({ "company_id": 2 });
    app.sandbox().execute("res.partner", "write", vec![json!([ours]), values], Map::new()).unwrap();
    let third = app.quote(&request(EMAIL)).await;
    assert_eq!(third["output"]["steps"]["partner"], "created", "{third}");
    assert!(third["output"]["partner_id"] != ours && third["output"]["partner_id"] != theirs, "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_this_company_is_taken() {
    let app = TestApp::start().await;
    let ours = create(&app, "res.partner", json!({ "name": "Sofía", "email": EMAIL, "company_id": 1 }));
    let status = app.quote(&request(EMAIL)).await;
    assert_eq!(status["output"]["partner_id"], ours, "{status}");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_of_another_company_is_refused_by_the_companys_name() {
    let app = TestApp::start().await;
    let product = create(&app, "product.product", json!({ "name": "Del norte", "company_id": 2 }));
    let company = &search(app.sandbox(), "res.company", json!([["id", "=", 2]]), &["name"])[0]["name"];
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 1 }, { "product_id": product }]);
    app.proxy().plan(|_, _| None);
    let status = app.quote(&body).await;
    assert_eq!(status["error_code"], "product_of_other_company", "{status}");
    let error = status["error"].as_str().unwrap();
    assert!(error.contains(&format!("{product} (de {})", company.as_str().unwrap())), "{error}");
    assert!(!app.proxy().calls().iter().any(|call| call.ends_with(".load")));
}
