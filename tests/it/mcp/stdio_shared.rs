//! Two windows of one client: two processes with the same variables.

use std::path::Path;
use std::process::Stdio;

use mcp_odoo_sandbox::Options;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStderr, Command};

use super::client::soon;
use crate::support::app::{Odoo, REQUEST_LINES, request};
use crate::support::http_client;
use crate::support::odoo::{Made, search};
use crate::support::process::{Server, binary, odoo_env};
use crate::support::proxy::Fault;

const EMAIL: &str = "eva@windows.example";

pub struct Window {
    pub client: RunningService<RoleClient, ()>,
    log: Lines<BufReader<ChildStderr>>,
    id: u32,
}

impl Window {
    pub async fn open(folder: &Path, odoo: &Odoo, more: &[(&str, &str)]) -> Self {
        let mut command = binary(folder);
        command.arg("stdio").envs(odoo_env(odoo)).envs(more.iter().copied()).stdin(Stdio::piped());
        let (transport, stderr) = TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn().unwrap();
        let (id, log) = (transport.id().unwrap(), BufReader::new(stderr.unwrap()).lines());
        Self { client: soon(().serve(transport)).await.unwrap(), log, id }
    }

    pub async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let arguments = arguments.as_object().unwrap().clone();
        let call = CallToolRequestParams::new(tool).with_arguments(arguments);
        let result = soon(self.client.call_tool(call)).await.unwrap();
        result.structured_content.clone().unwrap_or_else(|| panic!("{result:?}"))
    }

    /// The first line of its log with this text.
    async fn line(&mut self, text: &str) -> String {
        loop {
            let line = soon(self.log.next_line()).await.unwrap().expect("the log ended");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub async fn kill(self) {
        let killed = Command::new("kill").args(["-KILL", &self.id.to_string()]).status().await;
        assert!(killed.unwrap().success());
        soon(self.client.waiting()).await.unwrap();
    }
}

/// The quotations in this folder, by their status.
fn logged(folder: &Path) -> Vec<Value> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|end| end == "log"));
    logs.map(|log| serde_json::from_slice::<Value>(&std::fs::read(log).unwrap()).unwrap()["status"].clone())
        .collect()
}

fn body(odoo: &Odoo, key: &str) -> Value {
    let laura = search(&odoo.sandbox, "res.users", json!([["login", "=", "laura"]]), &["id"]);
    let mut body = request(EMAIL);
    // Who makes one quotation twice at once may otherwise choose two salespeople for it.
    body["user_id"] = laura[0]["id"].clone();
    body["idempotency_key"] = json!(key);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_takes_a_folder_of_its_own_and_one_key_makes_one_quotation() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let first = Window::open(folder.path(), &odoo, &[]).await;
    let mut second = Window::open(folder.path(), &odoo, &[]).await;
    let mut third = Window::open(folder.path(), &odoo, &[]).await;
    second.line("LOG_DIR logs is in use by another mcp-odoo process: trying logs/stdio-2").await;
    third.line("trying logs/stdio-3").await;
    let body = body(&odoo, "one key");
    let (one, other) = tokio::join!(
        first.call("dev_create_quotation", body.clone()),
        second.call("dev_create_quotation", body.clone()),
    );
    assert_eq!((&one["status"], &other["status"]), (&json!("completed"), &json!("completed")));
    // Each folder has a secret of its own, and both find the same records.
    assert_ne!(one["tracking_id"], other["tracking_id"]);
    assert_eq!(one["output"]["sale_order_id"], other["output"]["sale_order_id"]);
    Made::by_email(&odoo.sandbox, EMAIL).assert_exactly_once(&REQUEST_LINES, "two windows");
    let logs = folder.path().join("logs");
    assert_eq!(logged(&logs), ["completed"]);
    assert_eq!(logged(&logs.join("stdio-2")), ["completed"]);
    assert!(logged(&logs.join("stdio-3")).is_empty());

    // Later: the third has never heard of it.
    let again = third.call("dev_create_quotation", body).await;
    assert_eq!(again["output"]["sale_order_id"], one["output"]["sale_order_id"]);
    Made::by_email(&odoo.sandbox, EMAIL).assert_exactly_once(&REQUEST_LINES, "three windows");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_one_takes_the_lowest_free_folder_and_finishes_what_is_there() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let _first = Window::open(folder.path(), &odoo, &[]).await;
    let second = Window::open(folder.path(), &odoo, &[("MCP_INLINE_SECONDS", "1")]).await;
    odoo.proxy.plan(|_, _| Some(Fault::Refuse));
    let begun = second.call("dev_create_quotation", body(&odoo, "cut")).await;
    assert_eq!(begun["status"], "processing", "{begun}");
    second.kill().await;
    odoo.proxy.plan(|_, _| None);
    let mut next = Window::open(folder.path(), &odoo, &[]).await;
    next.line("trying logs/stdio-2").await;
    next.line("taking up unfinished quotations").await;
    next.line("quotation completed").await;
    let status = json!({ "tracking_id": begun["tracking_id"] });
    assert_eq!(next.call("dev_get_quotation_status", status).await["status"], "completed");
    Made::by_email(&odoo.sandbox, EMAIL).assert_exactly_once(&REQUEST_LINES, "taken up");
}

/// Who holds LOG_DIR takes in what the window has left, wherever it was killed, and answers for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_window_left_is_taken_in() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let window = Window::open(folder.path(), &odoo, &[("MCP_INLINE_SECONDS", "1")]).await;
    let mut done = request("done@windows.example");
    done["idempotency_key"] = json!("done");
    let done = window.call("dev_create_quotation", done).await;
    assert_eq!(done["status"], "completed");
    let mut lost = false;
    odoo.proxy.plan(move |_, name| {
        let first = !lost && name == "crm.lead.load";
        lost |= first;
        if first { Some(Fault::CutAfter) } else { lost.then_some(Fault::Refuse) }
    });
    let cut = window.call("dev_create_quotation", body(&odoo, "cut")).await;
    assert_eq!(cut["status"], "processing", "{cut}");
    server.process.kill().await;
    window.kill().await;
    let logs = folder.path().join("logs");
    assert_eq!(logged(&logs.join("stdio-2")).len(), 2);
    // Held by another process, they are not touched.
    let held = std::fs::File::open(logs.join("stdio-2/.lock")).unwrap();
    held.lock().unwrap();
    odoo.proxy.plan(|_, _| None);
    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    let other = format!("{}/api/quotation/async", server.url);
    http_client().post(other).json(&request("other@windows.example")).send().await.unwrap();
    server.process.line("quotation completed").await;
    assert_eq!(logged(&logs.join("stdio-2")).len(), 2);
    server.process.kill().await;
    drop(held);

    let server = Server::start_with(folder.path(), &odoo, &[]).await;
    server.process.line("log files of a window that is gone taken in").await;
    server.process.line("quotation completed").await;
    assert!(logged(&logs.join("stdio-2")).is_empty());
    let client = http_client();
    for told in [&done, &cut] {
        let id = told["tracking_id"].as_str().unwrap();
        let status = client.get(format!("{}/api/quotation/status/{id}", server.url)).send().await.unwrap();
        assert_eq!(status.json::<Value>().await.unwrap()["status"], "completed", "{id}");
    }
    // Its keys are known here, too.
    let post = client.post(format!("{}/api/quotation/async", server.url)).header("Idempotency-Key", "done");
    let again = post.json(&request("done@windows.example")).send().await.unwrap();
    assert_eq!(again.json::<Value>().await.unwrap()["tracking_id"], done["tracking_id"]);
    for email in ["done@windows.example", EMAIL] {
        Made::by_email(&odoo.sandbox, email).assert_exactly_once(&REQUEST_LINES, email);
    }
    server.process.kill().await;
}
