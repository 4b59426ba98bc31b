//! Every route and every tool, as they are listed, for every kind of caller: nothing answers that should not, and nothing that
//! should answer is refused.

use mcp_odoo_core::access::Permission;
use mcp_odoo_tools::operation::Does;
use mcp_odoo_tools::tools;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use tempfile::TempDir;

use super::{access_file, client_of, client_with, start, start_as};
use crate::mcp::client::{Sse, Stream, Streamable, call, initialize, initialized, request, single};
use crate::mcp::stdio::Spoken;
use crate::support::app::{TestApp, request as quotation};
use crate::support::http_client;

const ALL: &str = r#"permissions = ["quotations", "handoffs", "read", "write", "delete", "call", "admin"]"#;

/// Callers of all kinds.
fn callers() -> Vec<(&'static str, String)> {
    vec![
        ("right", ALL.to_owned()),
        ("expired", format!("{ALL}\nexpires = 2020-01-01")),
        ("revoked", format!("{ALL}\nrevoked = true")),
        ("elsewhere", format!("{ALL}\nips = [\"192.0.2.0/24\"]")),
        ("powerless", "permissions = []".to_owned()),
        ("elsewhose", ALL.to_owned()),
    ]
}

/// Who is refused at the gate, and how.
const REFUSED: [(&str, StatusCode, &str); 6] = [
    ("nobody", StatusCode::UNAUTHORIZED, "no_key"),
    ("stranger", StatusCode::UNAUTHORIZED, "unknown_key"),
    ("expired", StatusCode::UNAUTHORIZED, "key_expired"),
    ("revoked", StatusCode::UNAUTHORIZED, "key_revoked"),
    ("elsewhere", StatusCode::FORBIDDEN, "address_not_allowed"),
    // Names a tenant that is not theirs.
    ("elsewhose", StatusCode::FORBIDDEN, "tenant_not_allowed"),
];

fn client(name: &str) -> Client {
    match name {
        "nobody" => http_client(),
        "elsewhose" => client_with(name, &[("x-tenant", "another")]),
        _ => client_of(name),
    }
}

async fn started() -> TestApp {
    let callers = callers();
    let callers: Vec<_> = callers.iter().map(|(name, rest)| (*name, rest.as_str())).collect();
    start(&callers).await.0
}

async fn assert_refused(answer: Response, status: StatusCode, code: &str, what: &str) {
    assert_eq!(answer.status(), status, "{what}");
    let challenge = answer.headers().get("www-authenticate").cloned();
    assert_eq!(challenge.is_some(), status == StatusCode::UNAUTHORIZED, "{what}");
    assert!(answer.headers().contains_key("x-request-id"), "{what}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], code, "{what}: {problem}");
}

/// The routes of the OpenAPI document, with what each needs. A new one has to be written here.
async fn routes(app: &TestApp, quotation: &str) -> Vec<(Method, String, Option<Permission>)> {
    let answer = http_client().get(format!("{}/openapi.json", app.url)).send().await.unwrap();
    let document: Value = answer.json().await.unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let needs = match path.as_str() {
                "/health" => None,
                path if path.starts_with("/api/quotation/") => Some(Permission::Quotations),
                "/api/elevenlabs/handoff" | "/api/handoff/{handoff_id}" | "/api/twilio/status" => {
                    Some(Permission::Handoffs)
                }
                path if path.starts_with("/odoo/") => Some(Permission::Read),
                path => panic!("{path} is not in the matrix"),
            };
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{report_name}/{ids}", "sale.report_saleorder/7");
            let path = path.replace("{model}", "res.partner").replace("{tracking_id}", quotation);
            routes.push((
                method,
                path.replace("{handoff_id}", "hand_0123456789abcdef0123456789abcdef"),
                needs,
            ));
        }
    }
    assert!(routes.len() >= 7, "{routes:?}");
    routes
}

#[tokio::test]
async fn every_route_for_every_kind_of_caller() {
    let app = started().await;
    let ask = async |name: &str, method: &Method, path: &str| {
        let request = client(name).request(method.clone(), format!("{}{path}", app.url));
        request.json(&json!({})).send().await.unwrap()
    };
    let made = client("right").post(format!("{}/api/quotation/async", app.url));
    let made =
        made.json(&quotation("eva@matrix.example")).send().await.unwrap().json::<Value>().await.unwrap();
    let mut routes = routes(&app, made["tracking_id"].as_str().unwrap()).await;
    routes.extend(["/", "/nothing"].map(|path| (Method::GET, path.to_owned(), None)));
    for (method, path, needs) in &routes {
        let is_open = path == "/health" || path == "/api/twilio/status";
        for (name, status, code) in REFUSED {
            let answer = ask(name, method, path).await;
            if ["nobody", "elsewhose"].contains(&name) && is_open {
                assert!(!gate_refuses(answer.status()), "{method} {path}: {}", answer.status());
            } else {
                assert_refused(answer, status, code, &format!("{name}: {method} {path}")).await;
            }
        }
        let answer = ask("powerless", method, path).await;
        match needs {
            Some(permission) => {
                assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
                let problem: Value = answer.json().await.unwrap();
                assert_eq!(problem["code"], "forbidden", "{method} {path}");
                assert!(problem["detail"].as_str().unwrap().contains(permission.name()), "{problem}");
            }
            None => assert!(!gate_refuses(answer.status()), "{method} {path}: {}", answer.status()),
        }
        let answer = ask("right", method, path).await.status();
        match path.starts_with("/odoo/report/") {
            // What reports there are is for the tests of reports.
            true => assert!(!gate_refuses(answer), "{method} {path}: {answer}"),
            false => assert_eq!(answer, right_answer(path), "{method} {path}"),
        }
        for name in REFUSED.iter().map(|(name, ..)| *name).chain(["powerless", "right"]) {
            if *method == Method::GET {
                // As it is asked for, only without what it is.
                let (asked, head) = (ask(name, method, path).await, ask(name, &Method::HEAD, path).await);
                assert_eq!(head.status(), asked.status(), "{name}: HEAD {path}");
                assert!(head.bytes().await.unwrap().is_empty(), "{name}: HEAD {path}");
            }
            // What a page asks first, without saying who it is, is answered to all alike, and tells nothing.
            let options = ask(name, &Method::OPTIONS, path).await;
            assert_eq!(options.status(), StatusCode::OK, "{name}: OPTIONS {path}");
            assert!(options.bytes().await.unwrap().is_empty(), "{name}: OPTIONS {path}");
        }
    }
    assert_eq!(app.logs().len(), 1, "nothing else was accepted");
}

/// What is said to who may: to a request for nothing in particular, and of the one quotation that there is.
fn right_answer(path: &str) -> StatusCode {
    match path {
        "/health" | "/odoo/models" | "/odoo/models/res.partner/fields" => StatusCode::OK,
        "/api/quotation/async" | "/api/elevenlabs/handoff" | "/odoo/query" => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        "/api/twilio/status" => StatusCode::SERVICE_UNAVAILABLE,
        path if path.starts_with("/api/quotation/") => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    }
}

fn gate_refuses(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN
}

#[tokio::test]
async fn no_transport_of_mcp_opens_without_a_key_that_works() {
    let app = started().await;
    for (name, status, code) in REFUSED {
        let client = client(name);
        let opens = [
            ("/mcp", Streamable::bare(&client, &app.url).json(&initialize("2025-11-25"))),
            ("/mcp/", client.post(format!("{}/mcp/", app.url)).json(&initialize("2025-11-25"))),
            ("single", single(&client, &app.url, request(7, "tools/list", &json!({})))),
            ("stream", client.get(format!("{}/mcp", app.url)).header("accept", "text/event-stream")),
            ("end", client.delete(format!("{}/mcp", app.url)).header("mcp-session-id", "any")),
            ("sse", client.get(format!("{}/mcp/sse", app.url))),
            ("short sse", client.get(format!("{}/sse", app.url))),
            ("ws", client.get(format!("{}/mcp/ws", app.url))),
            ("mode", client.get(format!("{}/mcp/mode", app.url))),
            ("classic", client.post(format!("{}/mcp", app.url)).json(&initialize("2025-11-25"))),
            ("plain", client.post(format!("{}/mcp", app.url)).json(&json!({ "tool": "search" }))),
            ("plain hello", client.post(format!("{}/mcp/initialize", app.url))),
            ("plain list", client.post(format!("{}/mcp/tools/list", app.url))),
            ("stream", client.post(format!("{}/mcp/stream/tools/call", app.url))),
            ("plain call", client.post(format!("{}/mcp/tools/call", app.url))),
            ("plain resources", client.post(format!("{}/mcp/resources/list", app.url))),
            ("plain resource", client.post(format!("{}/mcp/resources/read", app.url))),
            ("messages", client.post(format!("{}/mcp/messages?sessionId=any", app.url)).json(&json!({}))),
        ];
        for (what, open) in opens {
            assert_refused(open.send().await.unwrap(), status, code, &format!("{name}: {what}")).await;
        }
    }
}

/// What is listed for this caller and what each tool answers, over each transport.
async fn over_all_transports(
    app: &TestApp,
    name: &str,
) -> Vec<(&'static str, Vec<String>, Vec<(String, String)>)> {
    let client = client(name);
    let list = request(7, "tools/list", &json!({}));
    let names = |answer: &Value| -> Vec<String> {
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("{answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let mut seen = Vec::new();

    let session = Streamable::connect(&client, &app.url, "2025-11-25").await;
    let (listed, mut said) = (names(&session.ask(&list).await), Vec::new());
    for tool in tools() {
        said.push((
            tool.spec.name.to_owned(),
            session.ask(&call(7, tool.spec.name, &json!({}))).await.to_string(),
        ));
    }
    seen.push(("in a session", listed, said));

    let ask = async |message| {
        let answer = single(&client, &app.url, message).send().await.unwrap();
        let is_stream = answer.headers()["content-type"].as_bytes().starts_with(b"text/event-stream");
        if is_stream { Stream::new(answer).answer(7).await } else { answer.json().await.unwrap() }
    };
    let (listed, mut said) = (names(&ask(list.clone()).await), Vec::new());
    for tool in tools() {
        let name = tool.spec.name;
        let answer = ask(call(7, name, &json!({}))).await;
        said.push((name.to_owned(), answer.to_string()));
    }
    seen.push(("without a session", listed, said));

    let mut sse = Sse::connect(&client, &app.url).await;
    let (listed, mut said) = (names(&sse.ask(&list).await), Vec::new());
    for tool in tools() {
        said.push((
            tool.spec.name.to_owned(),
            sse.ask(&call(7, tool.spec.name, &json!({}))).await.to_string(),
        ));
    }
    seen.push(("over SSE", listed, said));
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_over_every_transport_for_who_has_one_permission() {
    let mut callers: Vec<(&str, String)> = Permission::ALL
        .into_iter()
        .map(|permission| (permission.name(), format!("permissions = [\"{permission}\"]")))
        .collect();
    callers.extend(callers_of_all_and_nothing());
    let callers: Vec<_> = callers.iter().map(|(name, rest)| (*name, rest.as_str())).collect();
    let builder = TestApp::builder().configure(|config| config.toolsets = "all".parse().unwrap());
    let (app, _folder) = start_as(builder, &callers).await;
    for (name, _) in &callers {
        let may = |needs: Permission| *name == "right" || *name == needs.name();
        let mut wanted: Vec<_> = tools()
            .iter()
            .filter(|tool| may(tool.spec.needs))
            .map(|tool| tool.spec.name.to_owned())
            .collect();
        wanted.sort_unstable();
        for (transport, listed, said) in over_all_transports(&app, name).await {
            assert_eq!(listed, wanted, "{name} {transport}");
            for (tool, said) in said {
                let needs = tools().iter().find(|known| known.spec.name == tool).unwrap().spec.needs;
                let is_refused = said.contains("forbidden") && said.contains(needs.name());
                assert_eq!(is_refused, !may(needs), "{name} {transport} {tool}: {said}");
            }
        }
    }
}

fn callers_of_all_and_nothing() -> [(&'static str, String); 2] {
    [("right", ALL.to_owned()), ("powerless", "permissions = []".to_owned())]
}

/// Whoever starts the process may do everything, whatever the access file says of others.
#[tokio::test(flavor = "multi_thread")]
async fn every_tool_over_stdio() {
    let folder = TempDir::new().unwrap();
    let file = access_file(folder.path(), &[("anonymous", "permissions = []")]);
    let file = file.to_str().unwrap();
    for (mode, may) in [("readwrite", None), ("readonly", Some(Does::Read))] {
        let mut process = Spoken::start_with(
            folder.path(),
            &[("ACCESS_FILE", file), ("MCP_MODE", mode), ("TOOLSETS", "all")],
        );
        process.ask(&initialize("2025-11-25")).await;
        process.write(&initialized().to_string()).await;
        let listed = process.ask(&request(7, "tools/list", &json!({}))).await;
        let listed: Vec<_> =
            listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        for tool in tools() {
            let (name, is_allowed) = (tool.spec.name, may.is_none_or(|does| tool.spec.does == does));
            assert_eq!(listed.iter().any(|listed| *listed == name), is_allowed, "{mode} {name}");
            let said = process.ask(&call(8, name, &json!({ "nonsense": 1 }))).await.to_string();
            assert_eq!(said.contains("read_only"), !is_allowed, "{mode} {name}: {said}");
            assert!(!said.contains("forbidden"), "{mode} {name}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_changes_nothing_changes_nothing_for_anybody() {
    let builder = TestApp::builder().configure(|config| config.access.read_only = true);
    let (app, _folder) = start_as(builder, &[("right", ALL)]).await;
    let reads =
        |name: &str| tools().iter().any(|tool| tool.spec.name == name && tool.spec.does == Does::Read);
    for (transport, listed, said) in over_all_transports(&app, "right").await {
        assert!(listed.iter().all(|name| reads(name)) && !listed.is_empty(), "{transport}: {listed:?}");
        for (tool, said) in said {
            assert_eq!(said.contains("read_only"), !reads(&tool), "{transport} {tool}: {said}");
        }
    }
    for path in ["/api/quotation/async", "/api/elevenlabs/handoff"] {
        let answer =
            client_of("right").post(format!("{}{path}", app.url)).json(&json!({})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "read_only", "{path}");
    }
}
