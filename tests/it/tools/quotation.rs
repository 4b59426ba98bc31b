//! `dev_create_quotation` and `dev_get_quotation_status`.

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use crate::mcp::client::{Stream, Streamable, call};
use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::mcp::{McpTools, text};
use crate::support::odoo::Made;

#[tokio::test(flavor = "multi_thread")]
async fn one_call_makes_it() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let result = app.result("dev_create_quotation", request("luis@mcp.example")).await;
        assert_eq!(result.is_error, Some(false), "{result:?}");
        let said = text(&result);
        let status = result.structured_content.unwrap();
        assert_eq!(status["status"], "completed", "{status}");
        assert_eq!(status["input"]["email"], "luis@mcp.example");
        assert!(status.get("error").is_none(), "what is empty is absent: {status}");
        let made = Made::by_email(app.sandbox(), "luis@mcp.example");
        made.assert_exactly_once(&REQUEST_LINES, "by MCP");
        let order = made.orders[0]["name"].as_str().unwrap();
        assert_eq!(status["output"]["sale_order_name"], order);
        for told in [order, "Almacenes Torres", "Robot PUDU", "total: ", "/web#id="] {
            assert!(said.contains(told), "{told}: {said}");
        }
        assert!(!said.contains('{'), "no JSON in the text: {said}");
        let asked =
            app.call("dev_get_quotation_status", json!({ "tracking_id": status["tracking_id"] })).await;
        assert_eq!(asked, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_product_or_none_will_do() {
    let app = McpTools::start().await;
    let mut body = request("one@mcp.example");
    body.as_object_mut().unwrap().remove("products");
    let none = app.call("dev_create_quotation", body.clone()).await;
    assert_eq!(none["output"]["products_added"], json!([]));
    body["product_id"] = json!(26174);
    body["user_id"] = json!(8);
    let one = app.call("dev_create_quotation", body).await;
    assert_eq!(one["output"]["products_added"][0]["price"], 12500.0);
    assert_eq!(one["output"]["user_id"], 8);
    assert_eq!(one["output"]["steps"]["partner"], "existing");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_argument_is_named() {
    let app = McpTools::start().await;
    let said = app
        .error(
            "dev_create_quotation",
            json!({
                "partner_name": "", "contact_name": [7], "email": "nobody", "phone": "x", "nonsense": 1,
                "products": [{ "product_id": 1 }, { "product_id": 0, "qty": "two" }], "idempotency_key": "",
            }),
        )
        .await;
    for path in [
        "partner_name: must have 1 to 256 characters",
        "contact_name: ",
        "email: must be an e-mail address",
        "phone: ",
        "lead_name: ",
        "nonsense: ",
        "products[1].product_id: ",
        "products[1].qty: ",
        "idempotency_key: must be 1 to 255 printable",
    ] {
        assert!(said.contains(&format!("\n- {path}")), "{path}: {said}");
    }
    assert!(said.contains("(invalid_arguments)"), "{said}");
    assert!(app.odoo.proxy.calls().is_empty(), "Odoo was not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_cannot_do_is_an_error_with_the_status() {
    let app = McpTools::start().await;
    let mut body = request("wrong@mcp.example");
    body["products"] = json!([{ "product_id": 999 }]);
    let result = app.result("dev_create_quotation", body).await;
    assert_eq!(result.is_error, Some(true));
    let said = text(&result);
    assert!(said.starts_with("No existe en Odoo (o está archivado) el producto 999"), "{said}");
    assert!(said.contains("product_not_found"), "{said}");
    let status = result.structured_content.unwrap();
    assert_eq!((&status["status"], &status["error_code"]), (&json!("failed"), &json!("product_not_found")));
    let asked = app.call("dev_get_quotation_status", json!({ "tracking_id": status["tracking_id"] })).await;
    assert_eq!(asked, status, "to ask how it failed is no failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_repeat_safe() {
    let app = McpTools::start().await;
    let mut body = request("key@mcp.example");
    body["idempotency_key"] = json!("order-1");
    let first = app.call("dev_create_quotation", body.clone()).await;
    let again = app.call("dev_create_quotation", body.clone()).await;
    assert_eq!(first, again);
    Made::by_email(app.sandbox(), "key@mcp.example").assert_exactly_once(&REQUEST_LINES, "repeated");
    body["lead_name"] = json!("Another");
    let said = app.error("dev_create_quotation", body).await;
    assert!(said.contains("use a new key") && said.contains("(idempotency_key_reused)"), "{said}");
    Made::by_email(app.sandbox(), "key@mcp.example").assert_exactly_once(&REQUEST_LINES, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_quotation_is_an_error() {
    let app = McpTools::start().await;
    for id in ["quot_abc123", "../../etc/passwd", ""] {
        let said = app.error("dev_get_quotation_status", json!({ "tracking_id": id })).await;
        assert!(
            said.starts_with(&format!("there is no quotation {id}")) && said.contains("(not_found)"),
            "{said}"
        );
    }
    let said = app.error("dev_get_quotation_status", json!({})).await;
    assert!(said.contains("\n- tracking_id: missing"), "{said}");
}

const STEPS: [&str; 3] =
    ["Validando cliente, vendedor y productos...", "Creando cliente...", "Creando lead..."];

/// The steps that must be there in this order; others may come between.
fn assert_in_order(steps: &[String]) {
    let mut steps = steps.iter();
    for expected in STEPS {
        assert!(steps.any(|step| step == expected), "{expected} is missing or late");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_told() {
    let app = McpTools::start().await;
    app.call("dev_create_quotation", request("steps@mcp.example")).await;
    // Notifications are heard one by one: wait for the last.
    app.client.service().until(|step| step == "Leyendo la cotización...").await;
    assert_in_order(&app.client.service().steps());
}

/// One call without a token and one with, as they pass over the wire.
#[tokio::test(flavor = "multi_thread")]
async fn progress_goes_only_to_who_asked_and_before_the_answer() {
    let app = TestApp::start().await;
    let session = Streamable::connect(&app.client, &app.url, "2025-06-18").await;
    let send = async |id: u64, email: &str, meta: Value| {
        let mut message = call(id, "dev_create_quotation", &request(email));
        message["params"]["_meta"] = meta;
        Stream::new(session.post().json(&message).send().await.unwrap())
    };
    let answer = send(2, "quiet@mcp.example", json!({})).await.message().await.unwrap();
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(2), &json!(false)), "{answer}");
    let mut told = send(3, "told@mcp.example", json!({ "progressToken": "mine" })).await;
    let mut steps = Vec::new();
    let mut reached = 0.0;
    let answer = loop {
        let message = told.message().await.unwrap();
        if message["method"] != "notifications/progress" {
            break message;
        }
        let params = &message["params"];
        assert_eq!(params["progressToken"], "mine");
        let progress = params["progress"].as_f64().unwrap();
        assert!(progress > reached, "{message}");
        reached = progress;
        steps.push(params["message"].as_str().unwrap().to_owned());
    };
    assert_eq!(answer["id"], 3, "{answer}");
    assert_in_order(&steps);
}
