//! Callers who bring their own Odoo by headers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mcp_odoo::config::Config;
use mcp_odoo_core::tenants::{Given, HeaderConfig, system_lookup};
use mcp_odoo_sandbox::{API_KEY, DEMO_API_KEY, Options, Version};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{Seat, customer, seat};
use crate::mcp::client::soon;
use crate::support::app::{Builder, Odoo, REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;
use crate::support::process::Server;
use crate::support::proxy::Fault;

/// Brings these credentials to this Odoo.
fn bring(app: &TestApp, odoo: &Odoo, more: &[(&str, &str)]) -> Seat {
    let address = format!("http://{}", odoo.proxy.address);
    seat(&app.url, &[&[("x-odoo-url", address.as_str()), ("x-odoo-db", "sandbox")], more].concat())
}

fn with_headers(config: &mut Config) {
    let env =
        [("ODOO_URL", "http://127.0.0.1:9"), ("ODOO_DB", "x"), ("ODOO_LOGIN", "x"), ("ODOO_API_KEY", "x")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    config.odoo = Config::from_env(&env).unwrap().odoo;
    let hosts = "*.odoo.com,127.0.0.1".parse().unwrap();
    config.tenant_headers = Some(HeaderConfig { hosts, lookup: system_lookup() });
}

async fn start() -> TestApp {
    TestApp::builder().configure(with_headers).start().await
}

async fn refused(seat: &Seat, path: &str) -> (u16, String, String) {
    let answer = seat.get(path).await;
    let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (status, text("code"), text("detail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_a_user_of_a_database() {
    let app = start().await;
    let (acme, beta) = (Odoo::start(Options::default()).await, Odoo::start(Options::default()).await);
    let owner = bring(&app, &acme, &[("x-odoo-api-key", API_KEY)]);
    let done = owner.quote(&request("brought@acme.mx"), Some("key")).await;
    Made::by_email(&acme.sandbox, "brought@acme.mx").assert_exactly_once(&REQUEST_LINES, "acme");
    let id = done["tracking_id"].as_str().unwrap();
    let path = format!("/api/quotation/status/{id}");

    // Who only names it sees nothing, whatever they ask for.
    for key in ["wrong", "sandbox2", "' OR 1=1"] {
        let stranger = bring(&app, &acme, &[("x-odoo-api-key", key), ("x-odoo-login", "admin")]);
        for path in [path.as_str(), "/api/quotation/status/quot_1"] {
            let (status, code, _) = refused(&stranger, path).await;
            assert_eq!((status, code.as_str()), (401, "tenant_login_refused"), "{key}");
        }
    }
    // Another user, and another database, are other tenants; the same key is another quotation there.
    let others = [
        bring(&app, &acme, &[("x-odoo-api-key", DEMO_API_KEY), ("x-odoo-login", "demo")]),
        bring(&app, &beta, &[("x-odoo-api-key", API_KEY)]),
        seat(&app.url, &[]),
    ];
    for other in &others {
        assert_eq!(refused(other, &path).await.0, 404);
    }
    let same = others[1].quote(&request("brought@acme.mx"), Some("key")).await;
    assert_ne!(same["tracking_id"], done["tracking_id"]);

    // A new secret of the user is the same tenant, which works with it from now on.
    let uid = acme.sandbox.execute("res.users", "search", vec![json!([["login", "=", "admin"]])], Map::new());
    let password = vec![uid.unwrap(), json!({ "password": "rotated-4711" })];
    acme.sandbox.execute("res.users", "write", password, Map::new()).unwrap();
    let rotated = bring(&app, &acme, &[("x-odoo-api-key", "rotated-4711"), ("x-odoo-login", "admin")]);
    assert_eq!(rotated.quote(&request("brought@acme.mx"), Some("key")).await["tracking_id"], id);
    rotated.quote(&request("rotated@acme.mx"), None).await;
    // The user of each database, and the other user of one.
    assert_eq!(app.state.tenants.count(), 3);
    let folders = std::fs::read_dir(app.log_dir().join("tenants")).unwrap();
    assert!(folders.into_iter().all(|folder| folder.unwrap().file_name().to_str().unwrap().starts_with('_')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_missing_is_named() {
    let app = start().await;
    let odoo = Odoo::start(Options { version: Version::V18, ..Options::default() }).await;
    let address = format!("http://{}", odoo.proxy.address);
    let path = "/api/quotation/status/quot_1";
    for (headers, missing) in [
        (vec![("x-odoo-api-key", API_KEY)], "X-Odoo-URL"),
        (vec![("x-odoo-url", address.as_str())], "X-Odoo-API-Key"),
        (vec![("x-odoo-url", &address), ("x-odoo-api-key", API_KEY)], "X-Odoo-DB"),
        (
            vec![("x-odoo-url", &address), ("x-odoo-api-key", API_KEY), ("x-odoo-db", "sandbox")],
            "X-Odoo-Login",
        ),
        (vec![("x-odoo-url", &address), ("x-odoo-api-key", "")], "X-Odoo-API-Key"),
    ] {
        let (status, _, detail) = refused(&seat(&app.url, &headers), path).await;
        assert!(status == 401 && detail.contains(missing), "{headers:?}: {status} {detail}");
    }
    let whole = bring(&app, &odoo, &[("x-odoo-api-key", API_KEY), ("x-odoo-login", "admin")]);
    whole.quote(&request("odoo18@acme.mx"), None).await;
    // So it is where there is no other Odoo.
    let only =
        TestApp::builder().configure(with_headers).configure(|config| config.odoo = None).start().await;
    let (status, _, detail) = refused(&seat(&only.url, &[]), path).await;
    assert!(status == 401 && detail.contains("X-Odoo-URL"), "{detail}");
    assert_eq!(seat(&only.url, &[]).get("/health").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_taken_only_where_it_is_allowed() {
    let app = TestApp::start().await;
    let brought = bring(&app, &app.odoo, &[("x-odoo-api-key", API_KEY)]);
    assert_eq!(refused(&brought, "/api/quotation/status/quot_1").await.1, "tenant_headers_off");
    let app = start().await;
    let brought = bring(&app, &app.odoo, &[("x-odoo-api-key", API_KEY), ("x-tenant", "default")]);
    assert_eq!(refused(&brought, "/api/quotation/status/quot_1").await.1, "tenant_ambiguous");
    // Nobody is sent messages at the operator's cost.
    let brought = bring(&app, &app.odoo, &[("x-odoo-api-key", API_KEY)]);
    let answer = brought.post("/api/elevenlabs/handoff", &customer(), None).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(logs(&path)) } else { found.push(path) }
    }
    found
}

/// Nobody else has the credentials: it waits, says so, and goes on with the next call.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_restart_interrupts_waits_for_its_tenant() {
    let odoo = Odoo::start(Options::default()).await;
    let app = start().await;
    let owner = bring(&app, &odoo, &[("x-odoo-api-key", API_KEY)]);
    owner.quote(&request("done@acme.mx"), None).await;
    odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let id = owner.accepted(&request("left@acme.mx"), None).await;
    let earlier = app.stop().await;
    odoo.proxy.plan(|_, _| None);
    let app = Builder::configure(TestApp::builder().after(earlier), with_headers).start().await;
    let log = logs(app.log_dir()).into_iter().find(|path| path.to_str().unwrap().contains(&id)).unwrap();
    let read = || serde_json::from_slice::<Value>(&std::fs::read(&log).unwrap()).unwrap();
    while !read()["progress"].as_str().unwrap().contains("encabezados") {
        tokio::task::yield_now().await;
    }
    assert_ne!(read()["status"], "completed");
    assert_eq!(odoo.proxy.calls(), Vec::<String>::new());
    // It is not served: what wrote into its logs has let it go.
    soon(async {
        while app.state.tenants.count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let owner = bring(&app, &odoo, &[("x-odoo-api-key", API_KEY)]);
    assert_eq!(owner.finished(&id).await["status"], "completed");
    Made::by_email(&odoo.sandbox, "left@acme.mx").assert_exactly_once(&REQUEST_LINES, "left");
}

/// An Odoo that does not answer is no reason to forget who calls, and none to let a stranger in.
#[tokio::test(flavor = "multi_thread")]
async fn an_odoo_that_is_down_lets_nobody_new_in() {
    let (app, odoo) = (start().await, Odoo::start(Options::default()).await);
    let owner = bring(&app, &odoo, &[("x-odoo-api-key", API_KEY)]);
    owner.quote(&request("up@acme.mx"), None).await;
    odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let id = owner.accepted(&request("down@acme.mx"), None).await;
    let stranger = bring(&app, &odoo, &[("x-odoo-api-key", "wrong")]);
    let (status, code, _) = refused(&stranger, &format!("/api/quotation/status/{id}")).await;
    assert_eq!((status, code.as_str()), (503, "tenant_unreachable"));
    odoo.proxy.plan(|_, _| None);
    assert_eq!(owner.finished(&id).await["status"], "completed");
    tokio::time::timeout(Duration::from_secs(60), owner.mcp()).await.unwrap();
}

/// Not on the disk, in no log and in no error.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_seen_by_nobody() {
    const SECRET: &str = "geheim-4711-von-acme";
    const WRONG: &str = "falsch-4712-von-acme";
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let admin =
        odoo.sandbox.execute("res.users", "search", vec![json!([["login", "=", "admin"]])], Map::new());
    let password = vec![admin.unwrap(), json!({ "password": SECRET })];
    odoo.sandbox.execute("res.users", "write", password, Map::new()).unwrap();
    let env = [("TENANT_HEADERS", "allow"), ("TENANT_HOSTS", "127.0.0.1"), ("LOG_LEVEL", "trace")];
    let server = Server::start(folder.path(), &env).await;
    let address = format!("http://{}", odoo.proxy.address);
    let bring = |key, login| {
        let headers = [("x-odoo-url", address.as_str()), ("x-odoo-db", "sandbox"), ("x-odoo-login", login)];
        seat(&server.url, &[&headers[..], &[("x-odoo-api-key", key)]].concat())
    };
    let mut answers = Vec::new();
    let owner = bring(SECRET, "admin");
    answers.push(owner.quote(&request("seen@acme.mx"), None).await.to_string());
    owner.mcp().await.call("list_sales", json!({})).await;
    for (key, login) in [(WRONG, "admin"), (SECRET, "nobody-4713"), (WRONG, "nobody-4713")] {
        let answer = bring(key, login).get("/api/quotation/status/quot_1").await;
        answers.push(format!("{:?} {}", answer.headers().clone(), answer.text().await.unwrap()));
    }
    odoo.proxy.plan(|_, _| Some(Fault::Garbage));
    answers.push(bring(WRONG, "other-4714").get("/api/quotation/status/quot_1").await.text().await.unwrap());
    server.process.terminate().await;
    let (_, log) = server.process.ended().await;
    let files = logs(folder.path());
    assert!(files.len() > 3, "{files:?}");
    let written =
        files.iter().map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    for text in written.chain(answers).chain([log]) {
        for secret in [SECRET, WRONG, "nobody-4713", "other-4714"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

/// Two of one user at once are one tenant, opened once, and Odoo is asked once.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_log_in_once() {
    let (app, odoo) = (start().await, Odoo::start(Options::default()).await);
    let owner = Arc::new(bring(&app, &odoo, &[("x-odoo-api-key", API_KEY)]));
    let asked = (0..30).map(|_| {
        let owner = Arc::clone(&owner);
        async move { owner.get("/api/quotation/status/quot_1").await.status() }
    });
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|status| *status == StatusCode::NOT_FOUND), "{answers:?}");
    let log_ins = odoo.proxy.calls().iter().filter(|call| *call == "res.users.context_get").count();
    assert_eq!(log_ins, 1);
}

/// Who waits for a log-in has its answer, however it ends: nobody tries once more after the others.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_log_in_does_not_try_it_again() {
    // It lasts until all have come to wait for it.
    let patience = |config: &mut Config| config.calls.timeout = Duration::from_secs(2);
    let app = TestApp::builder().configure(with_headers).configure(patience).start().await;
    let odoo = Odoo::start(Options::default()).await;
    let address = format!("http://{}", odoo.proxy.address);
    let given = |key| Given { url: Some(&address), key: Some(key), database: Some("sandbox"), login: None };
    let tried = async |key: &'static str, times: usize| {
        odoo.proxy.plan(|_, _| Some(Fault::Late));
        let all = (0..times).map(|_| app.state.tenants.by_headers(given(key)));
        let answers = futures::future::join_all(all).await;
        let codes = answers.into_iter().map(|answer| answer.err().map(|error| error.code()));
        assert!(codes.into_iter().all(|code| code == Some("tenant_unreachable")));
        odoo.proxy.calls().len()
    };
    let alone = tried("wrong-1", 1).await;
    assert!(alone > 0);
    assert_eq!(tried("wrong-2", 20).await, alone);
}
