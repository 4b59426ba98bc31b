//! The OpenAPI document is what the service does.

use flate2::read::GzDecoder;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{TestApp, request};

#[tokio::test]
async fn the_document_is_as_it_was() {
    let app = TestApp::start().await;
    let mut served = app.get_json("/openapi.json").await;
    served["info"]["version"] = "as in Cargo.toml".into();
    insta::assert_json_snapshot!(served);
}

fn examples<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(fields) => {
            found.extend(fields.get("example"));
            fields.values().for_each(|value| examples(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| examples(item, found)),
        _ => {}
    }
}

/// Every example of a request is one that works.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_work() {
    let app = TestApp::start().await;
    let document = app.get_json("/openapi.json").await;
    let example = &document["components"]["schemas"]["QuotationRequest"]["example"];
    assert!(example.is_object(), "the request has no example");
    assert_eq!(app.quote(example).await["status"], "completed");
    let mut with_line = example.clone();
    with_line.as_object_mut().unwrap().retain(|name, _| !name.starts_with("product"));
    with_line["products"] =
        Value::Array(vec![document["components"]["schemas"]["ProductLine"]["example"].clone()]);
    assert_eq!(app.quote(&with_line).await["status"], "completed");
    let mut found = Vec::new();
    examples(&document["components"], &mut found);
    assert!(found.len() >= 10, "{found:?}");
}

/// To JSON Schema `1.0` is an integer, and so it is to the service.
#[tokio::test(flavor = "multi_thread")]
async fn integers_may_be_written_with_a_fraction_of_nothing() {
    let app = TestApp::start().await;
    let mut body = request("eva@openapi.example");
    body["user_id"] = json!(0.0);
    body["products"] = json!([{ "product_id": 1.0, "qty": 2 }]);
    assert_eq!(app.quote(&body).await["status"], "completed");
    body["user_id"] = json!(0.5);
    assert_eq!(app.post(&body, None).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

/// Each event of the stream fits its schema: a text that is the JSON of a status.
#[tokio::test]
async fn the_stream_of_events_is_described_as_one() {
    let app = TestApp::start().await;
    let document = app.get_json("/openapi.json").await;
    let answer = &document["paths"]["/api/quotation/events/{tracking_id}"]["get"]["responses"]["200"];
    let schema = &answer["content"]["text/event-stream"]["schema"]["$ref"];
    let schema = &document["components"]["schemas"][schema.as_str().unwrap().rsplit('/').next().unwrap()];
    let data = &schema["properties"]["data"];
    assert_eq!((&data["type"], &data["contentMediaType"]), (&json!("string"), &json!("application/json")));
    assert_eq!(data["contentSchema"]["$ref"], "#/components/schemas/QuotationStatus");
    let bounds = &document["components"]["schemas"]["QuotationRequest"]["properties"]["x_studio_producto"];
    assert_eq!(
        (bounds["minimum"].as_i64(), bounds["maximum"].as_i64()),
        (Some(-(1 << 31)), Some((1 << 31) - 1))
    );
}

#[tokio::test]
async fn the_pages_for_people_are_there() {
    let app = TestApp::start().await;
    let page = app.get("/docs").await;
    assert!(page.status().is_success());
    // It is always sent so, as every browser asks for it.
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let page = page.bytes().await.unwrap();
    let text = std::io::read_to_string(GzDecoder::new(&page[..])).unwrap();
    assert!(text.contains("swagger-ui"), "{text}");
    let page = app.get("/docs/swagger-initializer.js").await;
    let text = page.text().await.unwrap();
    assert!(text.contains("/openapi.json"), "{text}");
}
