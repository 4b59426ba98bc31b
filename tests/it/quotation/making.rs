//! What a quotation leaves in Odoo and what its caller is told.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{ExtraField, ExtraKind, Options, Version};
use serde_json::json;

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "luis@making.example";

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_odoo_and_told() {
    let app = TestApp::start().await;
    let status = app.quote(&request(" Luis@Making.EXAMPLE ")).await;
    let made = Made::by_email(app.sandbox(), EMAIL);
    made.assert_exactly_once(&REQUEST_LINES, "");
    assert_eq!(made.partners[0]["name"], "Almacenes Torres");
    assert_eq!(made.partners[0]["phone"], "+52 155 1234 5678");
    assert_eq!(made.partners[0]["city"], "Guadalajara");
    assert_eq!(made.leads[0]["contact_name"], "Luis Fernández");
    assert_eq!(made.leads[0]["description"], "<p>Para restaurante</p>");
    assert_eq!(made.orders[0]["origin"], status["tracking_id"]);
    let output = &status["output"];
    let (order, lead, partner) = (&made.orders[0], &made.leads[0], &made.partners[0]);
    assert_eq!(output["partner_id"], partner["id"]);
    assert_eq!(output["partner_name"], "Almacenes Torres");
    assert_eq!(output["lead_id"], lead["id"]);
    assert_eq!(output["opportunity_id"], lead["id"]);
    assert_eq!(output["lead_name"], "Cotización Robot PUDU");
    assert_eq!(output["sale_order_id"], order["id"]);
    assert_eq!(output["sale_order_name"], order["name"]);
    assert_eq!(output["user_id"], lead["user_id"][0]);
    assert_eq!(output["amount_total"], order["amount_total"]);
    assert_eq!(output["amount_total"], 229.0);
    assert_eq!((&output["amount_untaxed"], &output["amount_tax"]), (&json!(229.0), &json!(0.0)));
    assert_eq!(output["currency"], "USD");
    assert_eq!(
        output["products_added"],
        json!([
            { "line_id": made.lines[0]["id"], "product_id": 26174, "product_name": "Robot PUDU", "qty": 2.0, "price": 99.5 },
            { "line_id": made.lines[1]["id"], "product_id": 1, "product_name": "Restaurant Expenses", "qty": 3.0, "price": 10.0 },
        ])
    );
    assert_eq!(
        output["steps"],
        json!({ "partner": "created", "user": "balanced", "lead": "created", "sale_order": "created" })
    );
    assert_eq!(
        output["notification"],
        json!({ "sent": false, "method": null, "message_sid": null, "error": null })
    );
    let url = output["odoo_url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/web#id={}&model=sale.order&view_type=form", order["id"])), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pricelist_decides_where_no_price_is_given() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["products"] = json!([{ "product_id": 26174, "qty": 2 }, { "product_id": 1 }]);
    app.quote(&body).await;
    let prices = search(app.sandbox(), "product.product", json!([["id", "in", [26174, 1]]]), &["list_price"]);
    let price =
        |id: i64| prices.iter().find(|product| product["id"] == id).unwrap()["list_price"].as_f64().unwrap();
    Made::by_email(app.sandbox(), EMAIL)
        .assert_exactly_once(&[(26174, 2.0, price(26174)), (1, 1.0, price(1))], "no price given");
}

/// An empty price cell would be a price of 0.
#[tokio::test(flavor = "multi_thread")]
async fn lines_with_and_without_a_price_keep_their_order() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["products"] = json!([
        { "product_id": 2, "price": 5 }, { "product_id": 1 }, { "product_id": 3, "price": 0 }, { "product_id": 26174 },
    ]);
    let status = app.quote(&body).await;
    let told: Vec<(i64, f64)> = status["output"]["products_added"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["product_id"].as_i64().unwrap(), line["price"].as_f64().unwrap()))
        .collect();
    assert_eq!(told, [(2, 5.0), (1, 14.0), (3, 0.0), (26174, 12500.0)]);
    assert_eq!(Made::by_email(app.sandbox(), EMAIL).lines.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_single_product_form_and_no_product_at_all() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body.as_object_mut().unwrap().remove("products");
    let status = app.quote(&body).await;
    assert_eq!(status["output"]["products_added"], json!([]));
    assert_eq!(status["output"]["amount_total"], 0.0);
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&[], "no product");
    body["email"] = json!("single@making.example");
    body["product_id"] = json!(26174);
    body["product_qty"] = json!(1.5);
    body["product_price"] = json!(100);
    app.quote(&body).await;
    Made::by_email(app.sandbox(), "single@making.example")
        .assert_exactly_once(&[(26174, 1.5, 100.0)], "single");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_both_versions_and_every_protocol() {
    for (version, protocol) in [
        (Version::V18, ProtocolChoice::Auto),
        (Version::V18, ProtocolChoice::XmlRpc),
        (Version::V18, ProtocolChoice::JsonRpc),
        (Version::V19, ProtocolChoice::Auto),
        (Version::V19, ProtocolChoice::Json2),
        (Version::V19, ProtocolChoice::JsonRpc),
        (Version::V19, ProtocolChoice::XmlRpc),
    ] {
        let options = Options { version, ..Options::default() };
        let app = TestApp::builder().sandbox(options).protocol(protocol).start().await;
        let status = app.quote(&request(EMAIL)).await;
        let context = format!("{version:?} {protocol:?}");
        assert_eq!(status["status"], "completed", "{context}: {status}");
        Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, &context);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_studio_field_is_written_where_it_exists() {
    let field =
        ExtraField { model: "crm.lead".into(), name: "x_studio_producto".into(), kind: ExtraKind::Integer };
    let with = Options { extra_fields: vec![field], ..Options::default() };
    let mut body = request(EMAIL);
    body["x_studio_producto"] = json!(26174);
    let app = TestApp::builder().sandbox(with).start().await;
    assert_eq!(app.quote(&body).await["status"], "completed");
    let leads =
        search(app.sandbox(), "crm.lead", json!([["email_from", "=", EMAIL]]), &["x_studio_producto"]);
    assert_eq!(leads[0]["x_studio_producto"], 26174);
    let app = TestApp::start().await;
    assert_eq!(app.quote(&body).await["status"], "completed");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "without the field");
}

/// Forms send blanks for what nobody filled in.
#[tokio::test(flavor = "multi_thread")]
async fn blank_optional_texts_are_absent() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    (body["ciudad"], body["description"]) = (json!(""), json!("  "));
    let status = app.quote(&body).await;
    assert_eq!((&status["input"]["ciudad"], &status["input"]["description"]), (&json!(null), &json!(null)));
    let made = Made::by_email(app.sandbox(), EMAIL);
    assert_eq!((&made.partners[0]["city"], &made.leads[0]["description"]), (&json!(false), &json!(false)));
}

/// A customer's text cannot become markup in Odoo.
#[tokio::test(flavor = "multi_thread")]
async fn descriptions_are_text() {
    let app = TestApp::start().await;
    let mut body = request(EMAIL);
    body["description"] = json!("a < b & c\n<script>alert(1)</script>");
    app.quote(&body).await;
    let made = Made::by_email(app.sandbox(), EMAIL);
    let description = made.leads[0]["description"].as_str().unwrap();
    assert!(description.contains("a &lt; b &amp; c<br>&lt;script&gt;"), "{description}");
}

/// Every change is an event; the last one is final.
#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_step_by_step() {
    let options = Options { latency: Duration::from_millis(30), ..Options::default() };
    let app = TestApp::builder().sandbox(options).start().await;
    let id = app.accepted(&request(EMAIL), None).await;
    let mut events = app.events(&id).await;
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        told.push((
            event["status"].as_str().unwrap().to_owned(),
            event["progress"].as_str().unwrap().to_owned(),
        ));
    }
    let steps: Vec<&str> = told.iter().map(|(_, progress)| progress.as_str()).collect();
    for step in ["Creando cliente...", "Creando lead...", "Leyendo la cotización..."] {
        assert!(steps.contains(&step), "{step} is not in {steps:?}");
    }
    assert_eq!(told.last().unwrap().0, "completed");
    assert_eq!(told.iter().filter(|(status, _)| status == "completed").count(), 1);
}
