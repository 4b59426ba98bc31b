//! The process log: a line for each request, and nothing of what customers typed or of secrets.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::Duration;

use mcp_odoo_sandbox::Options;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::support::app::Odoo;
use crate::support::echo::Echo;
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::process::{Server, binary};

const SECRET: &str = "geheim-4711-schluessel";
const EMAIL: &str = "eva.musterfrau@privat.example";

/// In no line, in no case.
const PERSONAL: [&str; 9] = [
    "musterfrau",
    "privat.example",
    "muster werke",
    "333 8765",
    "heimliche anfrage",
    "zapopan",
    "bitte diskret",
    "kundenschluessel",
    SECRET,
];

fn quotation() -> Value {
    json!({
        "partner_name": "Muster Werke", "contact_name": "Eva Musterfrau", "email": EMAIL, "phone": "+52 333 8765 4321",
        "lead_name": "Heimliche Anfrage", "ciudad": "Zapopan", "description": "Bitte diskret", "user_id": 2,
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = quotation();
    body[name] = value.into();
    body
}

/// A server under test and its client, which counts.
struct Watched {
    server: Server,
    client: Client,
    requests: usize,
}

impl Watched {
    async fn start(folder: &TempDir, env: &[(&str, &str)]) -> Self {
        let server = Server::start(folder.path(), env).await;
        Self { server, client: http_client(), requests: 0 }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.server.url))
    }

    /// Sends it; the answer must have a request id and its line the same.
    async fn send(&mut self, request: RequestBuilder, route: &str) -> Response {
        let response = request.send().await.unwrap();
        self.requests += 1;
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.len() == 36 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-'), "{id}");
        let line = self.server.process.line(&format!("request_id=\"{id}\"")).await;
        assert!(line.contains(&format!(" status={} ", response.status().as_u16())), "{line}");
        assert!(line.contains(&format!(" route=\"{route}\" ")), "{line}");
        let milliseconds = line.split("milliseconds=").nth(1).unwrap().split(' ').next().unwrap();
        assert!(milliseconds.parse::<f64>().unwrap() >= 0.0, "{line}");
        assert_eq!(milliseconds.split_once('.').unwrap().1.len(), 1, "{line}");
        response
    }

    async fn post(&mut self, body: &Value) -> Response {
        let request = self.request(Method::POST, "/api/quotation/async").json(body);
        self.send(
            request.header("idempotency-key", format!("kundenschluessel {}", fastrand::u64(..))),
            SUBMIT,
        )
        .await
    }

    /// Posts a quotation and waits for its end.
    async fn quote(&mut self, body: &Value) -> Value {
        let response = self.post(body).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let id = response.json::<Value>().await.unwrap()["tracking_id"].as_str().unwrap().to_owned();
        let request = self.request(Method::GET, &format!("/api/quotation/events/{id}"));
        let stream = self.send(request, "/api/quotation/events/{tracking_id}").await;
        Events::new(stream).last().await
    }

    /// Ends the server: one line for each request, and no line with any of the strings.
    async fn said_nothing_of(self, strings: &[&str]) {
        self.server.process.terminate().await;
        let (status, said) = self.server.process.ended().await;
        assert!(status.success(), "{said}");
        let lines = said.lines().filter(|line| line.contains("request_id=")).count();
        assert_eq!(lines, self.requests, "{said}");
        let said = said.to_lowercase();
        for string in strings {
            let told = said.lines().find(|line| line.contains(string));
            assert_eq!(told, None, "{string:?} was logged");
        }
    }
}

const SUBMIT: &str = "/api/quotation/async";

/// What a peer's settings are with a key it may not know.
fn env<'a>(url: &'a str, level: &'a str, secret: &'static str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("ODOO_URL", url),
        ("ODOO_DB", "sandbox"),
        ("ODOO_LOGIN", "admin"),
        (secret, SECRET),
        ("LOG_LEVEL", level),
        ("QUOTATION_DEADLINE_SECONDS", "1"),
    ]
}

/// An Odoo whose administrator has the secret as password.
async fn odoo() -> std::sync::Arc<Odoo> {
    let odoo = Odoo::start(Options::default()).await;
    let write = vec![json!([2]), json!({ "password": SECRET })];
    odoo.sandbox.execute("res.users", "write", write, Map::new()).unwrap();
    odoo
}

fn bodies() -> Vec<Value> {
    vec![
        with("product_qty", EMAIL),
        with("product_id", "Eva Musterfrau"),
        with("products", "Muster Werke"),
        with("products", json!([{ "product_id": "Musterfrau", "qty": EMAIL, "Zapopan": 1 }])),
        with("email", json!({ EMAIL: EMAIL })),
        with("email", "Eva Musterfrau <eva.musterfrau@privat.example>"),
        with("phone", "333 8765 oder Musterfrau"),
        with("user_id", -8765),
        with("x_studio_producto", "Bitte diskret"),
        with(EMAIL, "x"),
        with("Eva Musterfrau", 1),
        json!([quotation()]),
        json!(EMAIL),
    ]
}

async fn good_and_bad_requests(level: &str) {
    let (odoo, folder) = (odoo().await, TempDir::new().unwrap());
    let url = format!("http://{}", odoo.proxy.address);
    for secret in ["ODOO_API_KEY", "ODOO_PASSWORD"] {
        let mut watched = Watched::start(&folder, &env(&url, level, secret)).await;
        let good = watched.quote(&quotation()).await;
        assert_eq!(good["status"], "completed", "{good}");
        assert_eq!(watched.quote(&with("product_id", 87_651_234)).await["error_code"], "product_not_found");
        assert_eq!(watched.quote(&with("user_id", 8765)).await["error_code"], "salesperson_not_found");
        for body in bodies() {
            assert_eq!(watched.post(&body).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        }
        for (content_type, body, code) in [
            ("application/json", format!("{EMAIL} {{"), 400),
            ("text/plain", quotation().to_string(), 415),
            ("application/json", EMAIL.repeat(40_000), 413),
        ] {
            let request =
                watched.request(Method::POST, SUBMIT).header("content-type", content_type).body(body);
            assert_eq!(watched.send(request, SUBMIT).await.status().as_u16(), code);
        }
        for (path, route, code) in [
            ("/eva.musterfrau@privat.example/333%208765", "unmatched", 404),
            ("/health?email=eva.musterfrau@privat.example", "/health", 200),
            ("/api/quotation/status/eva.musterfrau", "/api/quotation/status/{tracking_id}", 404),
            ("/api/quotation/events/quot_musterfrau", "/api/quotation/events/{tracking_id}", 404),
            ("/docs/musterfrau", "/docs/{*rest}", 404),
        ] {
            let request = watched.request(Method::GET, path).header("x-request-id", EMAIL);
            let request = request.header("user-agent", EMAIL).header("referer", "http://privat.example");
            assert_eq!(watched.send(request, route).await.status().as_u16(), code, "{path}");
        }
        let request = watched.request(Method::from_bytes(b"MUSTERFRAU").unwrap(), "/health");
        assert_eq!(watched.send(request, "/health").await.status(), StatusCode::METHOD_NOT_ALLOWED);
        let bad_key = watched.request(Method::POST, SUBMIT).header("idempotency-key", "Müller Musterfrau");
        assert_eq!(watched.send(bad_key.json(&quotation()), SUBMIT).await.status().as_u16(), 422);
        watched.said_nothing_of(&PERSONAL).await;
    }
}

#[tokio::test]
async fn nothing_of_good_and_bad_requests_is_logged() {
    good_and_bad_requests("info").await;
}

#[tokio::test]
async fn nothing_of_good_and_bad_requests_is_traced() {
    good_and_bad_requests("trace").await;
}

#[tokio::test]
async fn nothing_that_an_odoo_quotes_is_logged() {
    for (level, echo) in ["info", "trace"].into_iter().flat_map(|level| Echo::ALL.map(|echo| (level, echo))) {
        let (url, folder) = (echo.start().await, TempDir::new().unwrap());
        let mut watched = Watched::start(&folder, &env(&url, level, "ODOO_API_KEY")).await;
        let last = watched.quote(&quotation()).await;
        assert_eq!(last["status"], "failed", "{last}");
        watched.said_nothing_of(&PERSONAL).await;
    }
}

#[tokio::test]
async fn nothing_is_logged_when_odoo_is_down_or_refuses_the_login() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let down = format!("http://{closed}/musterfrau");
    let stranger = Odoo::start(Options::default()).await;
    let refuses = format!("http://{}", stranger.proxy.address);
    for (level, url, code) in [
        ("info", &down, "odoo_unreachable"),
        ("trace", &down, "odoo_unreachable"),
        ("info", &refuses, "odoo_access_denied"),
        ("trace", &refuses, "odoo_access_denied"),
    ] {
        let folder = TempDir::new().unwrap();
        let mut watched = Watched::start(&folder, &env(url, level, "ODOO_API_KEY")).await;
        assert_eq!(watched.quote(&quotation()).await["error_code"], code);
        watched.said_nothing_of(&PERSONAL).await;
    }
}

#[tokio::test]
async fn a_corrupt_log_file_is_named_without_its_content() {
    for content in [
        quotation().to_string(),
        json!({ "tracking_id": EMAIL, "status": EMAIL, "input": quotation() }).to_string(),
        format!("{EMAIL}, Musterfrau"),
    ] {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        fs::write(folder.path().join("logs/2026-01-30_quot_abc123def456.log"), &content).unwrap();
        let watched = Watched::start(&folder, &[("LOG_LEVEL", "trace")]).await;
        let line = watched.server.process.line("set aside as .corrupt").await;
        assert!(line.contains("2026-01-30_quot_abc123def456.log"), "{line}");
        watched.said_nothing_of(&PERSONAL).await;
    }
}

#[tokio::test]
async fn a_callers_request_id_is_kept_when_it_is_one() {
    let folder = TempDir::new().unwrap();
    let mut watched = Watched::start(&folder, &[]).await;
    let id = "3f2a9c0d-5e6b-47a1-b8c9-d0e1f2a3b4c5";
    let request = watched.request(Method::GET, "/health").header("x-request-id", id);
    assert_eq!(watched.send(request, "/health").await.headers()["x-request-id"], id);
    for bad in [EMAIL, "5215512345678", "", &"a".repeat(5000)] {
        let request = watched.request(Method::GET, "/health").header("x-request-id", bad);
        assert_ne!(watched.send(request, "/health").await.headers()["x-request-id"], bad);
    }
    watched.said_nothing_of(&PERSONAL).await;
}

#[tokio::test]
async fn who_does_not_read_the_log_holds_up_nobody() {
    const REQUESTS: usize = 2000;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let mut command = binary(folder.path());
    let mut process = command.env("PORT", "0").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    let url = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((_, url)) = line.split_once("listening on ") {
            break url.split(',').next().unwrap().to_owned();
        }
    };
    // More than a pipe holds.
    for _ in 0..REQUESTS {
        let answer = client.get(format!("{url}/health")).send();
        let answer = tokio::time::timeout(Duration::from_secs(20), answer).await.expect("it is answered");
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    let mut logged = 0;
    while logged < REQUESTS {
        logged += usize::from(lines.next_line().await.unwrap().unwrap().contains("route=\"/health\""));
    }
    process.kill().await.unwrap();
}
