//! Answers in parts: `POST /mcp/stream/tools/call`.

use std::time::Duration;

use mcp_odoo_sandbox::Options;
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

/// So many that no offset would do.
const MANY: u32 = 20_000;

async fn with_many() -> TestApp {
    // Whoever waits for an answer that does not come hangs up because of its own caller.
    let options = Options { records: MANY, ..Options::default() };
    TestApp::builder().sandbox(options).timeout(Duration::from_hours(1)).start().await
}

fn search_of_all(more: Value) -> Value {
    let mut arguments = json!({ "model": "res.partner", "fields": ["ref"] });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "name": "search_records", "arguments": arguments })
}

fn ids(told: &[Value]) -> Vec<i64> {
    let records = told.iter().filter_map(|event| event["data"].as_array()).flatten();
    records.map(|record| record["id"].as_i64().unwrap()).collect()
}

/// Read on from the last id, and counted once.
#[tokio::test]
async fn of_very_many_each_is_told_once() {
    let app = with_many().await;
    let all_ids: Vec<i64> = app
        .sandbox()
        .execute(
            "res.partner",
            "search",
            vec![json!([])],
            json!({ "order": "id" }).as_object().unwrap().clone(),
        )
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_i64().unwrap())
        .collect();
    app.proxy().keep_bodies();
    let told = all(stream(&app, &search_of_all(json!({}))).await).await;
    assert_eq!(told.last().unwrap()["type"], "end");
    assert!(ids(&told) == all_ids, "all of them in the order of their ids");
    let count = all_ids.len();
    assert_eq!(told[told.len() - 2]["progress"], json!({ "current": count, "total": count }));
    let searches = searches(&app);
    assert_eq!(searches.len(), count.div_ceil(200));
    for (number, search) in searches.iter().enumerate() {
        let is_first = number == 0;
        assert_eq!(search["count_limit"].is_null(), is_first, "counted with the first page alone: {search}");
        let last = json!([["id", ">", all_ids[(200 * number).saturating_sub(1)]]]);
        assert_eq!(search["domain"], if is_first { json!([]) } else { last });
        assert!(search["offset"].is_null(), "{search}");
    }

    // The other way round, from an offset on.
    let last = json!({ "order": "id DESC", "offset": 100, "limit": 450 });
    let told = all(stream(&app, &search_of_all(last)).await).await;
    let expected: Vec<i64> = all_ids.iter().rev().skip(100).take(450).copied().collect();
    assert_eq!(ids(&told), expected);

    // An order of the caller's is the stream's.
    let named = json!({ "order": "ref desc", "domain": [["ref", ">", "C0019500"]] });
    app.proxy().plan(|_, _| None);
    app.proxy().keep_bodies();
    let told = all(stream(&app, &search_of_all(named)).await).await;
    let expected: Vec<i64> = all_ids.iter().rev().take(500).copied().collect();
    assert_eq!(ids(&told), expected);
    let offsets: Vec<_> = self::searches(&app).iter().map(|search| search["offset"].clone()).collect();
    assert_eq!(offsets, [Value::Null, json!(200), json!(400)]);
    assert_eq!(self::searches(&app)[2]["count_limit"], 1, "counted once");
}

fn searches(app: &TestApp) -> Vec<Value> {
    let bodies = app.proxy().bodies().into_iter();
    bodies.filter(|(name, _)| name.ends_with("search_read")).map(|(_, body)| body).collect()
}

/// What goes meanwhile takes no other with it.
#[tokio::test]
async fn records_deleted_behind_the_reader_hide_none_before_it() {
    let app = TestApp::start().await;
    fill(&app, 450);
    let domain = json!([["name", "like", "Streamed"]]);
    let found = app.sandbox().execute("res.partner", "search", vec![domain.clone()], Map::new()).unwrap();
    let mut kept: Vec<i64> = found.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    kept.sort_unstable();
    let (sandbox, gone) = (app.sandbox().clone(), kept[..50].to_vec());
    let mut seen = 0;
    app.proxy().plan(move |_, method| {
        seen += usize::from(method.contains("search_read"));
        if seen == 2 {
            sandbox.execute("res.partner", "unlink", vec![json!(gone)], Map::new()).unwrap();
        }
        None
    });
    let told = all(stream(&app, &search_of_all(json!({ "domain": domain }))).await).await;
    assert_eq!(ids(&told), kept);
}

/// Another page is read only when the one before has left.
#[tokio::test]
async fn who_does_not_read_has_nothing_read_from_odoo_and_holds_up_nobody() {
    let app = with_many().await;
    let heavy: Vec<_> =
        (0..4_000).map(|n| json!({ "name": format!("Heavy {n:04}"), "ref": "x".repeat(20_000) })).collect();
    app.sandbox().execute("res.partner", "create", vec![json!(heavy)], Map::new()).unwrap();
    app.proxy().keep_bodies();
    let asked = search_of_all(json!({ "domain": [["name", "like", "Heavy"]] }));
    let mut events = Events::new(stream(&app, &asked).await);
    assert_eq!(soon(events.next()).await.unwrap()["type"], "start");
    assert_eq!(soon(events.next()).await.unwrap()["progress"]["total"], 4_000);
    let all_others = search_of_all(json!({ "domain": [["id", "<=", 1_000 + MANY]] }));
    let others = async || {
        let told = all(stream(&app, &all_others).await).await;
        assert_eq!(told.last().unwrap()["type"], "end");
    };
    // While it stands still others read all of theirs, and so they do when it is gone.
    others().await;
    drop(events);
    others().await;
    let read = searches(&app).iter().filter(|search| search.to_string().contains("Heavy")).count();
    // 4 MB each: what fits between here and there.
    assert!(read < 12, "{read} pages were read for nobody");
}

#[tokio::test]
async fn who_hangs_up_ends_the_reading_in_odoo() {
    let app = with_many().await;
    let mut seen = 0;
    app.proxy().plan(move |_, method| {
        seen += usize::from(method.contains("search_read"));
        (seen == 3 && method.contains("search_read")).then_some(Fault::Late)
    });
    let mut events = Events::new(stream(&app, &search_of_all(json!({}))).await);
    for kind in ["start", "chunk", "chunk"] {
        assert_eq!(soon(events.next()).await.unwrap()["type"], kind);
    }
    soon(app.proxy().until(|calls| calls.iter().filter(|call| call.contains("search_read")).count() == 3))
        .await;
    drop(events);
    soon(app.proxy().left()).await;
    // Whoever hung up on Odoo is gone: others are served, and nothing more is asked for it.
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
    assert_eq!(pages(&app), 3);
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
