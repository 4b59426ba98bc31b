//! Answers in parts: `POST /mcp/stream/tools/call`.

use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::access::{client_of, start};
use crate::mcp::client::soon;
use crate::support::app::TestApp;
use crate::support::events::Events;
use crate::support::proxy::Fault;

async fn stream(app: &TestApp, body: &Value) -> Response {
    app.client.post(format!("{}/mcp/stream/tools/call", app.url)).json(body).send().await.unwrap()
}

async fn all(answer: Response) -> Vec<Value> {
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut events, mut told) = (Events::new(answer), Vec::new());
    while let Some(event) = soon(events.next()).await {
        told.push(event);
    }
    told
}

/// More partners than one page takes.
fn fill(app: &TestApp, count: usize) {
    let values: Vec<_> = (0..count).map(|n| json!({ "name": format!("Streamed {n:04}") })).collect();
    app.sandbox().execute("res.partner", "create", vec![json!(values)], Map::new()).unwrap();
}

fn pages(app: &TestApp) -> usize {
    app.proxy().calls().iter().filter(|call| call.contains("search_read")).count()
}

/// As the documents of another server have it.
#[tokio::test]
async fn a_search_comes_page_by_page() {
    let app = TestApp::start().await;
    fill(&app, 450);
    let domain = json!([["name", "like", "Streamed"]]);
    let asked = json!({ "method": "odoo_search", "params": { "model": "res.partner", "domain": domain, "fields": ["name"] } });
    let told = all(stream(&app, &asked).await).await;
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "chunk", "chunk", "chunk", "end"], "{told:?}");
    assert_eq!(told[0]["tool"], "odoo_search");
    assert!(chrono::DateTime::parse_from_rfc3339(told[0]["timestamp"].as_str().unwrap()).is_ok());
    let progress: Vec<_> = told[1..4].iter().map(|chunk| chunk["progress"].clone()).collect();
    let of = |current: u64| json!({ "current": current, "total": 450 });
    assert_eq!(progress, [of(200), of(400), of(450)]);
    let mut names: Vec<_> = told[1..4]
        .iter()
        .flat_map(|chunk| chunk["data"].as_array().unwrap())
        .map(|record| record["name"].to_string())
        .collect();
    names.dedup();
    assert_eq!(names.len(), 450, "each once, in the order of their ids");

    // A limit is a limit, beyond what an answer holds, too.
    let asked = json!({ "name": "search_records", "arguments": { "model": "res.partner", "domain": domain, "limit": 300, "offset": 100, "order": "name" } });
    let told = all(stream(&app, &asked).await).await;
    let last = &told[told.len() - 2];
    assert_eq!(last["progress"], json!({ "current": 300, "total": 300 }), "{last}");
    assert_eq!(told[1]["data"][0]["name"], "Streamed 0100");
}

/// Another page is read only when the one before has left.
#[tokio::test]
async fn who_does_not_read_has_nothing_read_from_odoo_and_who_hangs_up_ends_it() {
    let app = TestApp::start().await;
    let note = "x".repeat(20_000);
    let values: Vec<_> =
        (0..4_000).map(|n| json!({ "name": format!("Heavy {n:04}"), "ref": note })).collect();
    app.sandbox().execute("res.partner", "create", vec![json!(values)], Map::new()).unwrap();
    let asked = json!({ "name": "search_records", "arguments": {
        "model": "res.partner", "domain": [["name", "like", "Heavy"]], "fields": ["name", "ref"] } });
    let mut events = Events::new(stream(&app, &asked).await);
    assert_eq!(soon(events.next()).await.unwrap()["type"], "start");
    assert_eq!(soon(events.next()).await.unwrap()["progress"]["total"], 4_000);
    // Others are served meanwhile.
    let told = all(stream(
        &app,
        &json!({ "name": "search_records", "arguments": { "model": "res.partner", "limit": 1 } }),
    )
    .await)
    .await;
    assert_eq!(told.last().unwrap()["type"], "end");
    drop(events);
    // 80 MB do not fit between here and there: it has ended before its end.
    let read = pages(&app);
    assert!(read < 20, "{read} pages were read for nobody");
}

#[tokio::test]
async fn a_failure_between_is_the_last_event() {
    let app = TestApp::start().await;
    fill(&app, 450);
    let mut seen = 0;
    app.proxy().plan(move |_, method| {
        seen += usize::from(method.contains("search_read"));
        (seen > 1 && method.contains("search_read")).then_some(Fault::Raise)
    });
    let asked = json!({ "name": "search_records", "arguments": { "model": "res.partner", "domain": [["name", "like", "Streamed"]] } });
    let told = all(stream(&app, &asked).await).await;
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "chunk", "error"], "{told:?}");
    assert!(told[2]["code"].as_str().unwrap().starts_with("odoo_"), "{}", told[2]);
}

#[tokio::test]
async fn other_tools_answer_in_one_part() {
    let app = TestApp::start().await;
    let told =
        all(stream(&app, &json!({ "tool": "find_customers", "parameters": { "q": "torres" } })).await).await;
    assert_eq!(
        (told.len(), &told[1]["type"], &told[2]["type"]),
        (3, &json!("chunk"), &json!("end")),
        "{told:?}"
    );
    assert!(told[1]["data"][0]["id"].is_i64(), "{told:?}");
    for body in [json!({ "tool": "find_customers" }), json!({ "tool": "no_such" })] {
        let told = all(stream(&app, &body).await).await;
        assert_eq!((told.len(), &told[1]["type"]), (2, &json!("error")), "{told:?}");
    }
}

/// What can be told before anything is read is told by HTTP.
#[tokio::test]
async fn what_is_refused_is_refused_by_http() {
    let rest =
        "permissions = [\"read\"]\n\n[models]\n\"res.partner\" = { read = true, hide = [\"email\"] }\n";
    let (app, _folder) = start(&[("quotes", "permissions = [\"quotations\"]"), ("reads", rest)]).await;
    let ask = async |name: &str, arguments: Value| {
        let request = client_of(name).post(format!("{}/mcp/stream/tools/call", app.url));
        let answer =
            request.json(&json!({ "name": "search_records", "arguments": arguments })).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, said) = ask("quotes", json!({})).await;
    assert!(status == StatusCode::FORBIDDEN && said.contains("read"), "{status} {said}");
    let (status, said) = ask("reads", json!({ "model": "res.partner", "x": 1 })).await;
    assert!(
        status == StatusCode::UNPROCESSABLE_ENTITY && said.contains("unknown field `x`"),
        "{status} {said}"
    );
    let (status, said) = ask("reads", json!({ "model": "sale.order" })).await;
    assert!(status == StatusCode::FORBIDDEN && said.contains("model_closed"), "{status} {said}");
    let (status, said) = ask("reads", json!({ "model": "res.partner", "fields": ["email"] })).await;
    assert!(status.is_client_error(), "{status} {said}");
    let (status, said) = ask("reads", json!({ "model": "res.partner", "limit": 3 })).await;
    assert!(status == StatusCode::OK && said.contains("\"end\""), "{status} {said}");
    assert!(!said.contains("@"), "{said}");
}
