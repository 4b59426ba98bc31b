//! Bad input, each kind with a clear answer that names the field.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::support::app::{TestApp, request};

async fn problem(app: &TestApp, body: &Value) -> Value {
    let response = app.post(body, None).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "invalid_request", "{problem}");
    assert_eq!(problem["status"], 422);
    problem
}

fn paths(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect()
}

/// One bad value at a time: its path, and words of its message.
#[tokio::test]
async fn every_rule_names_its_field() {
    let app = TestApp::start().await;
    let line = |line: Value| json!([{ "product_id": 1 }, line]);
    let table = [
        ("partner_name", json!(""), "partner_name", "1 to 256"),
        ("partner_name", json!("   "), "partner_name", "1 to 256"),
        ("partner_name", json!("x".repeat(257)), "partner_name", "1 to 256"),
        ("partner_name", json!([7]), "partner_name", "expected a string"),
        ("partner_name", Value::Null, "partner_name", "expected a string"),
        ("contact_name", json!(" "), "contact_name", "1 to 256"),
        ("lead_name", json!(""), "lead_name", "1 to 256"),
        ("email", json!("nobody"), "email", "name@example.com"),
        ("email", json!("a@b"), "email", "name@example.com"),
        ("email", json!("a b@example.com"), "email", "name@example.com"),
        ("email", json!("Eva <eva@example.com>"), "email", "name@example.com"),
        ("lead_name", json!("a\u{0}b"), "lead_name", "control characters"),
        ("partner_name", json!("two\nlines"), "partner_name", "control characters"),
        ("description", json!("bell\u{7}"), "description", "control characters"),
        ("ciudad", json!("x".repeat(257)), "ciudad", "1 to 256"),
        ("phone", json!("12"), "phone", "3 to 32"),
        ("phone", json!("+++"), "phone", "digits"),
        ("phone", json!("call me"), "phone", "digits"),
        ("phone", json!("1".repeat(33)), "phone", "3 to 32"),
        ("user_id", json!(-1), "user_id", "0 or an id"),
        ("user_id", json!("two"), "user_id", "expected an integer"),
        ("user_id", json!(2_147_483_648_i64), "user_id", "0 or an id"),
        ("description", json!("x".repeat(10_001)), "description", "10,000"),
        ("ciudad", json!(true), "ciudad", "expected a string"),
        ("x_studio_producto", json!("x"), "x_studio_producto", "expected an integer"),
        ("x_studio_producto", json!(1_i64 << 40), "x_studio_producto", "32 bits"),
        ("products", json!([]), "products", "1 to 1,000"),
        ("products", json!({}), "products", "expected a list"),
        ("products", (0..1001).map(|_| json!({ "product_id": 1 })).collect(), "products", "1 to 1,000"),
        ("products", line(json!({ "product_id": 0 })), "products[1].product_id", "1 or more"),
        ("products", line(json!({ "qty": 1 })), "products[1].product_id", "missing"),
        ("products", line(json!({ "product_id": 1, "qty": 0 })), "products[1].qty", "greater than 0"),
        ("products", line(json!({ "product_id": 1, "qty": "two" })), "products[1].qty", "expected a number"),
        ("products", line(json!({ "product_id": 1, "price": -0.5 })), "products[1].price", "-1"),
        (
            "products",
            line(json!({ "product_id": 1, "discount": 5 })),
            "products[1].discount",
            "unknown field",
        ),
        ("products", line(json!(7)), "products[1]", "expected an object"),
        ("products", line(json!([26174, 2])), "products[1]", "expected an object"),
        ("products", line(json!({ "product_id": 1, "qty": 1e300 })), "products[1].qty", "at most"),
        (
            "products",
            line(json!({ "product_id": 1, "price": 1e300 })),
            "products[1].price",
            "1,000,000,000,000",
        ),
        ("product_id", json!(26174), "product_id", "together with products"),
        ("product_qty", json!(0), "product_qty", "greater than 0"),
        ("product_price", json!(-2), "product_price", "-1"),
        ("correo", json!("eva@example.com"), "correo", "unknown field"),
    ];
    for (field, value, path, words) in table {
        let mut body = request("eva@invalid.example");
        body[field] = value;
        let problem = problem(&app, &body).await;
        assert_eq!(paths(&problem), [path], "{field}: {problem}");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{field}: {message}");
        assert!(problem["detail"].as_str().unwrap().contains(path), "{problem}");
    }
    assert!(app.logs().is_empty(), "nothing was kept");
}

#[tokio::test]
async fn all_bad_fields_are_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "partner_name": " ", "email": 5, "phone": "x", "unknown": 1, "product_qty": 0,
        "products": [{ "product_id": 0, "qty": "x" }, 7],
    });
    let problem = problem(&app, &body).await;
    let mut paths = paths(&problem);
    paths.sort_unstable();
    let expected = [
        "contact_name",
        "email",
        "lead_name",
        "partner_name",
        "phone",
        "product_qty",
        "products[0].product_id",
        "products[0].qty",
        "products[1]",
        "unknown",
    ];
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn an_empty_object_lacks_every_required_field() {
    let app = TestApp::start().await;
    let problem = problem(&app, &Value::Object(Map::new())).await;
    let mut paths = paths(&problem);
    paths.sort_unstable();
    assert_eq!(paths, ["contact_name", "email", "lead_name", "partner_name", "phone"]);
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["message"] == "missing"), "{problem}");
}

/// A hostile body cannot make the answer grow without bound.
#[tokio::test]
async fn the_list_of_errors_is_bounded() {
    let app = TestApp::start().await;
    let body: Map<String, Value> = (0..5_000).map(|n| (format!("field_{n}"), json!(n))).collect();
    let problem = problem(&app, &Value::Object(body)).await;
    assert!(problem["errors"].as_array().unwrap().len() <= 50);
}

async fn post_raw(app: &TestApp, content_type: Option<&str>, body: Vec<u8>) -> (StatusCode, Value) {
    let request = app.client.post(format!("{}/api/quotation/async", app.url)).body(body);
    let request =
        content_type.into_iter().fold(request, |request, kind| request.header("Content-Type", kind));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn bodies_that_are_no_json_object() {
    let app = TestApp::start().await;
    let json = Some("application/json; charset=utf-8");
    for (body, status, code) in [
        ("{", StatusCode::BAD_REQUEST, "invalid_json"),
        ("", StatusCode::BAD_REQUEST, "invalid_json"),
        ("not json", StatusCode::BAD_REQUEST, "invalid_json"),
        ("{\"product_qty\": 1e999}", StatusCode::BAD_REQUEST, "invalid_json"),
        ("[]", StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
        (r#"["A", "C", "a@x.example", "123", "L"]"#, StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
        ("null", StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
        ("\"text\"", StatusCode::UNPROCESSABLE_ENTITY, "invalid_request"),
    ] {
        let (answered, problem) = post_raw(&app, json, body.into()).await;
        assert_eq!((answered, problem["code"].as_str()), (status, Some(code)), "{body}: {problem}");
    }
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(post_raw(&app, json, nested).await.0, StatusCode::BAD_REQUEST);
    let not_text = post_raw(&app, json, vec![0xff, 0xfe]).await;
    assert_eq!(not_text.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn bodies_sent_as_something_else_or_too_large() {
    let app = TestApp::start().await;
    let body = request("eva@invalid.example").to_string().into_bytes();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let (status, problem) = post_raw(&app, kind, body.clone()).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("application/json"), "{problem}");
    }
    let mut large = request("eva@invalid.example");
    large["description"] = json!("x".repeat(2 * 1024 * 1024));
    let (status, problem) = post_raw(&app, Some("application/json"), large.to_string().into_bytes()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")));
}

#[tokio::test]
async fn a_field_that_is_given_twice_is_named() {
    let app = TestApp::start().await;
    let twice = |field: &str| {
        let body = request("eva@invalid.example").to_string();
        body.replacen('{', &format!("{{{field},"), 1)
    };
    let cases = [
        (twice(r#""email": "other@invalid.example""#), "email"),
        (twice(r#""\u0065mail": "other@invalid.example""#), "email"),
        (twice(r#""ciudad": "A", "x": [{"a": {"qty": 1, "qty": 1}}]"#), "x[0].a.qty"),
    ];
    for (body, path) in cases {
        for resource in ["quotation/async", "elevenlabs/handoff"] {
            let post = app.client.post(format!("{}/api/{resource}", app.url)).body(body.clone());
            let answer = post.header("Content-Type", "application/json").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(paths(&problem), [path], "{problem}");
            assert!(problem["detail"].as_str().unwrap().contains("given twice"), "{problem}");
        }
    }
    assert!(app.logs().is_empty(), "nothing was kept");
}

#[tokio::test]
async fn packed_bodies_are_refused_by_name() {
    let app = TestApp::start().await;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(request("eva@invalid.example").to_string().as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for resource in ["quotation/async", "elevenlabs/handoff"] {
        let post = app.client.post(format!("{}/api/{resource}", app.url)).body(packed.clone());
        let post = post.header("Content-Type", "application/json").header("Content-Encoding", "gzip");
        let answer = post.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "encoding_not_taken", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("identity"), "{problem}");
    }
}

/// Large bodies that never come whole leave room for others' small ones.
#[tokio::test]
async fn unfinished_bodies_do_not_fill_the_memory() {
    let app = TestApp::start().await;
    let unfinished = || {
        let part = stream::iter([Ok::<_, std::io::Error>("x".repeat(1024 * 1024 - 1024))]);
        let body = reqwest::Body::wrap_stream(part.chain(stream::pending()));
        let post = app.client.post(format!("{}/api/quotation/async", app.url)).body(body);
        post.header("Content-Type", "application/json").send()
    };
    let mut refused = JoinSet::new();
    for _ in 0..80 {
        refused.spawn(unfinished());
    }
    let answer = refused.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_requests", "{problem}");
    assert_eq!(app.post(&request("eva@invalid.example"), None).await.status(), StatusCode::ACCEPTED);
    refused.shutdown().await;
}
