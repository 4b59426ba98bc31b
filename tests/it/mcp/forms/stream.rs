//! Answers in parts: `POST /mcp/stream/tools/call`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mcp_odoo::config::Config;
use mcp_odoo_sandbox::Options;
use reqwest::header::HeaderValue;
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::access::{access_file, client_of, start, start_as};
use crate::audit::lines;
use crate::mcp::client::soon;
use crate::support::app::TestApp;
use crate::support::events::Events;
use crate::support::proxy::Fault;

pub async fn stream(app: &TestApp, body: &Value) -> Response {
    app.client.post(format!("{}/mcp/stream/tools/call", app.url)).json(body).send().await.unwrap()
}

pub async fn all(answer: Response) -> Vec<Value> {
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
    app.proxy().calls().iter().filter(|call| call.contains("web_search_read")).count()
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

/// As models write it, by this form as by the tool.
#[tokio::test]
async fn lists_and_objects_come_as_text_here_too() {
    let app = TestApp::start().await;
    fill(&app, 3);
    let lists = json!({ "domain": [["name", "like", "Streamed"]], "fields": ["name", "email"], "context": { "lang": "en_US" } });
    let texts = json!({ "domain": "[('name', 'like', 'Streamed')]", "fields": "name, email", "context": "{'lang': 'en_US'}",
                "limit": "3", "order": null });
    let [told, as_text] = [
        all(stream(&app, &search_of_all(lists)).await).await,
        all(stream(&app, &search_of_all(texts)).await).await,
    ];
    assert_eq!((&told[1]["data"][2]["name"], &as_text[1]), (&json!("Streamed 0002"), &told[1]));
    let refused = stream(&app, &search_of_all(json!({ "fields": "*" }))).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem = refused.json::<Value>().await.unwrap();
    assert!(problem.to_string().contains("expected a list, not a text"), "{problem}");
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

pub fn ids(told: &[Value]) -> Vec<i64> {
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
    bodies.filter(|(name, _)| name.ends_with("web_search_read")).map(|(_, body)| body).collect()
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
        seen += usize::from(method.contains("web_search_read"));
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
        seen += usize::from(method.contains("web_search_read"));
        (seen == 3 && method.contains("web_search_read")).then_some(Fault::Late)
    });
    let mut events = Events::new(stream(&app, &search_of_all(json!({}))).await);
    for kind in ["start", "chunk", "chunk"] {
        assert_eq!(soon(events.next()).await.unwrap()["type"], kind);
    }
    soon(
        app.proxy().until(|calls| calls.iter().filter(|call| call.contains("web_search_read")).count() == 3),
    )
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
        seen += usize::from(method.contains("web_search_read"));
        (seen > 1 && method.contains("web_search_read")).then_some(Fault::Raise)
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
    // What is not there, or not told yet, is said at the end.
    let read = json!({ "model": "res.partner", "record_id": [16, 999_999], "fields": ["name"] });
    for (tool, arguments, name, value) in [
        ("get_record", read, "missing", json!([999_999])),
        ("list_sales", json!({ "limit": 1 }), "next_offset", json!(1)),
    ] {
        let told = all(stream(&app, &json!({ "name": tool, "arguments": arguments })).await).await;
        let end = told.last().unwrap();
        assert_eq!((&end["type"], &end[name]), (&json!("end"), &value), "{tool}: {told:?}");
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

/// Of other tools, too: what there is not, what breaks rules, what may not be done, what was asked for too often.
#[tokio::test]
async fn no_stream_begins_of_what_is_refused_before() {
    let two = |config: &mut Config| config.limits.limits.per_day = NonZeroU32::new(2);
    let callers = [("reads", "permissions = [\"read\"]"), ("all", "permissions = [\"read\", \"write\"]")];
    let (app, _folder) = start_as(TestApp::builder().configure(two), &callers).await;
    let ask = async |name: &str, body: Value| {
        let request = client_of(name).post(format!("{}/mcp/stream/tools/call", app.url)).json(&body);
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            (&headers["content-type"], &problem["status"]),
            (&problem_json(), &json!(status.as_u16()))
        );
        (status.as_u16(), problem, headers)
    };
    let cases = [
        ("reads", json!({ "tool": "no_such" }), 404, "no_such_tool", "there is no such tool"),
        ("reads", json!({ "tool": "get_sale" }), 422, "invalid_request", "sale_id: missing"),
        ("reads", json!({ "tool": "dev_update_sale" }), 403, "forbidden", "write"),
        (
            "all",
            json!({ "tool": "dev_update_sale", "parameters": { "sale_id": "x" } }),
            422,
            "invalid_request",
            "sale_id",
        ),
    ];
    for (name, body, status, code, words) in cases {
        let (got, problem, _) = ask(name, body.clone()).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{body}: {problem}");
        assert!(problem.to_string().contains(words), "{body}: {problem}");
    }
    let listing = json!({ "tool": "list_users", "parameters": {} });
    for _ in 0..2 {
        let request = client_of("all").post(format!("{}/mcp/stream/tools/call", app.url)).json(&listing);
        assert_eq!(all(request.send().await.unwrap()).await.last().unwrap()["type"], "end");
    }
    let (status, problem, headers) = ask("all", listing).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "{problem}");
    assert!(headers.contains_key("retry-after"));
}

fn problem_json() -> HeaderValue {
    HeaderValue::from_static("application/problem+json")
}

/// The file as `resources/read` has it, after what is told of it.
#[tokio::test]
async fn a_report_comes_with_its_file() {
    let app = TestApp::start().await;
    let told = all(stream(&app, &json!({ "name": "sale_pdf", "arguments": { "sale_id": 7 } })).await).await;
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "chunk", "chunk", "end"], "{told:?}");
    assert_eq!(told[1]["data"][0]["file"], "S00007.pdf", "{}", told[1]);
    let file = &told[2]["data"][0];
    assert_eq!(file["mimeType"], "application/pdf");
    assert!(file["uri"].as_str().unwrap().ends_with("/S00007.pdf"), "{}", file["uri"]);
    let pdf = BASE64_STANDARD.decode(file["blob"].as_str().unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF") && told[1]["data"][0]["bytes"] == pdf.len(), "{}", told[1]);
    assert_eq!(told[2]["progress"], json!({ "current": 2, "total": 2 }));

    // What there is instead comes before why.
    let options = Options { no_wkhtmltopdf: true, ..Options::default() };
    let app = TestApp::builder().sandbox(options).password("admin").start().await;
    let told = all(stream(&app, &json!({ "name": "sale_pdf", "arguments": { "sale_id": 7 } })).await).await;
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "chunk", "error"], "{told:?}");
    assert!(told[1]["data"][0]["mimeType"].as_str().unwrap().starts_with("text/html"), "{}", told[1]);
    assert!(told[1]["data"][0]["text"].as_str().unwrap().contains("S00007"));
    assert_eq!(told[2]["code"], "no_pdf");
}

/// By the code that REST has for it.
#[tokio::test]
async fn a_tool_that_fails_says_why() {
    let app = TestApp::start().await;
    let unknown = json!({ "name": "get_sale", "arguments": { "sale_id": 987_654 } });
    let told = all(stream(&app, &unknown).await).await;
    assert_eq!((told.len(), &told[1]["type"], &told[1]["code"]), (2, &json!("error"), &json!("not_found")));
    assert!(told[1]["message"].as_str().unwrap().contains("987654"), "{told:?}");
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let told = all(stream(&app, &json!({ "name": "list_projects", "arguments": {} })).await).await;
    assert_eq!((told.len(), &told[1]["code"]), (2, &json!("odoo_connection_lost")), "{told:?}");
}

/// Each page is a call of its own.
#[tokio::test]
async fn pages_count_with_what_a_caller_may_read() {
    let three = |config: &mut Config| config.limits.limits.per_day = NonZeroU32::new(3);
    let app = TestApp::builder().configure(three).start().await;
    fill(&app, 1_000);
    let asked = json!({ "name": "search_records", "arguments": { "model": "res.partner", "domain": [["name", "like", "Streamed"]] } });
    let told = all(stream(&app, &asked).await).await;
    let kinds: Vec<_> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "chunk", "chunk", "chunk", "error"], "{told:?}");
    assert_eq!(told[3]["progress"], json!({ "current": 600, "total": 1_000 }));
    assert_eq!(told[4]["code"], "rate_limited");
    assert!(told[4]["retry_after"].as_u64().is_some_and(|wait| wait > 0), "{}", told[4]);
    let again = stream(&app, &asked).await;
    assert_eq!(again.status(), StatusCode::TOO_MANY_REQUESTS);
}

/// One line for each stream, however it ends, with the first of the ids that were told.
#[tokio::test]
async fn the_audit_has_a_line_when_a_stream_ends() {
    let app = with_many().await;
    all(stream(&app, &search_of_all(json!({ "limit": 3, "order": "id desc" }))).await).await;
    assert_eq!(stream(&app, &search_of_all(json!({ "domain": "nonsense" }))).await.status(), 422);
    let mut seen = 0;
    app.proxy().plan(move |_, method| {
        seen += usize::from(method.contains("web_search_read"));
        let fault = if seen < 4 { Fault::Raise } else { Fault::Late };
        (seen % 2 == 0 && method.contains("web_search_read")).then_some(fault)
    });
    let told = all(stream(&app, &search_of_all(json!({}))).await).await;
    assert_eq!(told.last().unwrap()["type"], "error");
    let mut events = Events::new(stream(&app, &search_of_all(json!({}))).await);
    for kind in ["start", "chunk"] {
        assert_eq!(soon(events.next()).await.unwrap()["type"], kind);
    }
    soon(
        app.proxy().until(|calls| calls.iter().filter(|call| call.contains("web_search_read")).count() == 4),
    )
    .await;
    drop(events);
    soon(app.proxy().left()).await;
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            assert_eq!(line["operation"], "search_records");
            (line["outcome"].as_str().unwrap(), line["ids"].as_array().map_or(0, Vec::len))
        })
        .collect();
    assert_eq!((told[0], told[1].1, told.len()), (("ok", 3), 0, 4), "{told:?}");
    assert!(told[2].0.starts_with("odoo_") && told[2].1 == 100, "{told:?}");
    assert_eq!(told[3], ("cancelled", 100));
}

/// While a stream runs the rules become others: what they close is told no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_by_the_rules_as_they_are() {
    let reads = |models: &str| format!("permissions = [\"read\"]\n\n[models]\n{models}\n");
    let open = reads("\"res.partner\" = { read = true }");
    let (app, folder) = start(&[("reads", &open)]).await;
    let heavy: Vec<_> =
        (0..4_000).map(|n| json!({ "name": format!("Heavy {n:04}"), "ref": "x".repeat(20_000) })).collect();
    app.sandbox().execute("res.partner", "create", vec![json!(heavy)], Map::new()).unwrap();
    let asked = search_of_all(json!({ "domain": [["name", "like", "Heavy"]] }));
    let request = client_of("reads").post(format!("{}/mcp/stream/tools/call", app.url)).json(&asked);
    let mut events = Events::new(request.send().await.unwrap());
    for kind in ["start", "chunk"] {
        assert_eq!(soon(events.next()).await.unwrap()["type"], kind);
    }
    let access = &app.state.tenant.access;
    let before = access.models();
    access_file(folder.path(), &[("reads", &reads("\"res.users\" = { read = true }"))]);
    soon(async {
        while Arc::ptr_eq(&before, &access.models()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let last = soon(async {
        let mut last = Value::Null;
        while let Some(event) = events.next().await {
            last = event;
        }
        last
    })
    .await;
    assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("model_closed")), "{last}");
}
