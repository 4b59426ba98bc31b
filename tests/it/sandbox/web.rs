//! What is had by address: reports, orders by their token, files, pictures and sessions.

use mcp_odoo_sandbox::{API_KEY, DATABASE, Options, Version};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call};
use super::shape;
use crate::support::transcripts::{self, Recording};

const ORDER_TOKEN: &str = "11111111-2222-4333-8444-555555555555";
const FILE_TOKEN: &str = "66666666-7777-4888-8999-aaaaaaaaaaaa";

/// A sandbox with an order and a file whose tokens are those of the recordings.
async fn prepared(options: Options) -> (Served, i64, i64) {
    let served = Served::start(options).await;
    let make = |model: &str, values: Value| {
        call(&served.sandbox, model, "create", json!([values]), json!({})).as_i64().unwrap()
    };
    let order = make(
        "sale.order",
        json!({"partner_id": 15, "access_token": ORDER_TOKEN,
        "order_line": [[0, 0, {"product_id": 5, "product_uom_qty": 3}]]}),
    );
    let file =
        make("ir.attachment", json!({"name": "nota.txt", "datas": "aG9sYQ==", "access_token": FILE_TOKEN}));
    (served, order, file)
}

async fn session(served: &Served, user: &str) -> String {
    let params = json!({"db": DATABASE, "login": user, "password": user});
    let body = json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params});
    let url = format!("{}/web/session/authenticate", served.url);
    let response = served.client.post(url).json(&body).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn get(served: &Served, path: &str, cookie: Option<&str>) -> Response {
    let request = served.client.get(format!("{}{path}", served.url));
    let request = cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie));
    request.send().await.unwrap()
}

fn header(response: &Response, name: &str) -> Option<String> {
    Some(response.headers().get(name)?.to_str().unwrap().to_owned())
}

/// The kind without blanks, for Odoo writes it in two ways.
fn kind(text: &str) -> String {
    text.replace(' ', "")
}

#[tokio::test]
async fn the_web_answers_as_recorded() {
    let mut problems = Vec::new();
    for (folder, version) in [("16.0", Version::V16), ("18.0", Version::V18), ("19.0", Version::V19)] {
        let Some(recordings) = transcripts::load(folder, "web") else { continue };
        let (served, order, file) =
            prepared(Options { version, no_wkhtmltopdf: true, ..Options::default() }).await;
        let cookie = session(&served, "admin").await;
        for recording in recordings {
            let path = here(&recording.path, order, file);
            let mut request =
                served.client.request(recording.method.parse().unwrap(), format!("{}{path}", served.url));
            if recording.headers.contains_key("Cookie") {
                request = request.header("cookie", &cookie);
            }
            if recording.body.is_object() {
                let mut body = recording.body.clone();
                body["params"]["db"] = json!(DATABASE);
                if body["params"]["password"] == "<api key>" {
                    body["params"]["password"] = json!(API_KEY);
                }
                request = request.json(&body);
            }
            let response = request.send().await.unwrap();
            let found = differences(&recording, &response, (order, file));
            problems.extend(found.into_iter().map(|text| format!("{folder} {}: {text}", recording.name)));
            let text = response.text().await.unwrap();
            let same = match &recording.answer {
                Value::String(cut) if cut.contains("[cut, ") => !text.is_empty(),
                Value::String(whole) => *whole == text,
                object => told(object, &serde_json::from_str(&text).unwrap_or_default()),
            };
            if !same {
                problems.push(format!("{folder} {}: {text} instead of {}", recording.name, recording.answer));
            }
        }
    }
    assert!(problems.is_empty(), "{} differences:\n{}", problems.len(), problems.join("\n"));
}

/// A recorded address with the ids that the order and the file have here.
fn here(path: &str, order: i64, file: i64) -> String {
    let (path, query) =
        path.split_once('?').map_or((path, String::new()), |(path, query)| (path, format!("?{query}")));
    let (before, id) = path.rsplit_once('/').unwrap();
    let id = match id {
        "99999999" | "authenticate" => id.to_owned(),
        _ if before == "/web/content" => file.to_string(),
        _ => order.to_string(),
    };
    format!("{before}/{id}{query}")
}

fn differences(recording: &Recording, response: &Response, (order, file): (i64, i64)) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, recorded: Option<String>, answer: Option<String>| {
        if recorded != answer {
            found.push(format!("{what} {answer:?} instead of {recorded:?}"));
        }
    };
    compare("status", Some(recording.status.to_string()), Some(response.status().as_u16().to_string()));
    let answered = header(response, "content-type").map(|text| kind(&text));
    compare("content type", Some(kind(&recording.content_type)), answered);
    compare("disposition", recording.content_disposition.clone(), header(response, "content-disposition"));
    let asked = here(&recording.path, order, file);
    let to = response.url()[url::Position::BeforePath..].to_owned();
    let recorded = recording.redirected_to.as_ref().map(|to| match to.rsplit_once("%2F") {
        Some((before, id)) if id.trim_end_matches("%3F").parse::<i64>().is_ok() => {
            format!("{before}%2F{order}%3F")
        }
        _ => to.clone(),
    });
    compare("redirect", recorded, Some(to).filter(|to| *to != asked));
    found
}

/// Whether what was recorded of a session, which is not all, is told here with the same types.
fn told(recorded: &Value, answer: &Value) -> bool {
    let (Some(recorded), Some(answer)) = (recorded.as_object(), answer.as_object()) else { return false };
    if let Some(result) = recorded.get("result").and_then(Value::as_object) {
        let of =
            |key: &str| if key == "user_companies" { Value::Null } else { answer["result"][key].clone() };
        return result.keys().all(|key| answer["result"].get(key).is_some())
            && result
                .iter()
                .filter(|(key, _)| *key != "user_companies")
                .all(|(key, value)| shape::differences(value, &of(key)).is_empty());
    }
    shape::differences(&json!(recorded), &json!(answer)).is_empty()
}

#[tokio::test]
async fn an_order_is_printed_for_who_has_its_token() {
    for version in VERSIONS {
        let (served, order, _) = prepared(Options { version, ..Options::default() }).await;
        let url = call(
            &served.sandbox,
            "sale.order",
            "get_portal_url",
            json!([[order]]),
            json!({"report_type": "pdf", "download": true}),
        );
        assert_eq!(
            url,
            format!("/my/orders/{order}?access_token={ORDER_TOKEN}&report_type=pdf&download=true")
        );
        let response = get(&served, url.as_str().unwrap(), None).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, "content-type").unwrap(), "application/pdf");
        let name = header(&response, "content-disposition").unwrap();
        assert!(name.starts_with("attachment; filename*=UTF-8''Quotation_S"), "{name}");
        let file = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        assert!(file.starts_with("%PDF-") && file.contains("Azure Interior"), "{file}");
        let path = format!("/my/orders/{order}?access_token={ORDER_TOKEN}&report_type=html");
        let page = get(&served, &path, None).await.text().await.unwrap();
        for text in ["Quotation S", "Azure Interior", "Office Chair", "3.00", "Total"] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}

#[tokio::test]
async fn reports_need_a_session_that_may_read() {
    let (served, order, _) = prepared(Options::default()).await;
    call(&served.sandbox, "sale.order", "write", json!([[order], {"user_id": 2}]), json!({}));
    let path = format!("/report/pdf/sale.report_saleorder/{order},1");
    let admin = get(&served, &path, Some(&session(&served, "admin").await)).await;
    assert_eq!(header(&admin, "content-type").unwrap(), "application/pdf");
    let demo = get(&served, &path, Some(&session(&served, "demo").await)).await;
    assert_eq!(demo.status(), StatusCode::FORBIDDEN, "a salesperson who sees only their own documents");
    let state = call(&served.sandbox, "ir.actions.report", "get_wkhtmltopdf_state", json!([]), json!({}));
    assert_eq!(state, "ok");
}

#[tokio::test]
async fn who_opens_an_orders_page_is_told_on_it() {
    let (served, order, _) = prepared(Options::default()).await;
    let page = get(&served, &format!("/my/orders/{order}?access_token={ORDER_TOKEN}"), None).await;
    assert_eq!(page.status(), StatusCode::OK);
    let domain = json!([[["model", "=", "sale.order"], ["res_id", "=", order]]]);
    let messages = call(&served.sandbox, "mail.message", "search_read", domain, json!({"fields": ["body"]}));
    assert_eq!(messages[0]["body"], "<p>Quotation viewed by customer</p>");
}

#[tokio::test]
async fn pictures_are_for_who_has_a_session() {
    let (served, ..) = prepared(Options::default()).await;
    let cookie = session(&served, "demo").await;
    let picture = get(&served, "/web/image/product.product/5/image_128", Some(&cookie)).await;
    assert_eq!(header(&picture, "content-type").unwrap(), "image/png");
    let placeholder = get(&served, "/web/image/product.product/5/image_128", None).await;
    assert_eq!(placeholder.status(), StatusCode::OK);
    assert_eq!(header(&placeholder, "content-type").unwrap(), "image/svg+xml");
    let read =
        call(&served.sandbox, "res.partner", "read", json!([[15], ["image_128", "avatar_128"]]), json!({}));
    assert_eq!(read[0]["image_128"], false);
    assert!(read[0]["avatar_128"].as_str().is_some_and(|text| text.len() > 100), "an avatar is never empty");
}
