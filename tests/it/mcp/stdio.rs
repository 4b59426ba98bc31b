//! The real binary on stdin and stdout.

use std::path::Path;
use std::process::Stdio;

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::client::{Sse, Streamable, initialize, initialized, modern, request, soon};
use crate::support::http_client;
use crate::support::process::{Server, binary, run};

/// The process, spoken to by hand.
pub struct Spoken {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Spoken {
    fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub fn start_with(folder: &Path, env: &[(&str, &str)]) -> Self {
        let mut command = binary(folder);
        command
            .arg("stdio")
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take(), child, output }
    }

    pub async fn write(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    pub async fn ask(&mut self, message: &Value) -> Value {
        self.write(&message.to_string()).await;
        self.answer().await.expect("the output ended")
    }

    async fn answer(&mut self) -> Option<Value> {
        let line = soon(self.output.next_line()).await.unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("stdout carries only messages: {line}")))
    }

    /// Ends the input.
    pub fn close(&mut self) {
        drop(self.input.take());
    }

    /// Waits for the end; gives what it logged.
    pub async fn ended(mut self) -> String {
        assert_eq!(self.answer().await, None);
        drop(self.input.take());
        let output = soon(self.child.wait_with_output()).await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    }
}

#[tokio::test]
async fn the_official_client_starts_it() {
    let folder = TempDir::new().unwrap();
    let mut command = binary(folder.path());
    command.arg("stdio").stdin(Stdio::piped());
    let (transport, _) = TokioChildProcess::builder(command).stderr(Stdio::null()).spawn().unwrap();
    let client = ().serve(transport).await.unwrap();
    soon(client.list_all_tools()).await.unwrap();
    soon(client.cancel()).await.unwrap();
}

#[tokio::test]
async fn every_version_is_negotiated() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let folder = TempDir::new().unwrap();
        let mut stdio = Spoken::start(folder.path());
        assert_eq!(stdio.ask(&initialize(version)).await["result"]["protocolVersion"], version);
        stdio.write(&initialized().to_string()).await;
        assert!(stdio.ask(&request(2, "tools/list", &json!({}))).await["result"]["tools"].is_array());
        drop(stdio.input.take());
        stdio.ended().await;
    }
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start(folder.path());
    let discovered = stdio.ask(&modern(request(1, "server/discover", &json!({})))).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{discovered}");
    assert!(stdio.ask(&modern(request(2, "tools/list", &json!({})))).await["result"]["tools"].is_array());
    drop(stdio.input.take());
    stdio.ended().await;
}

/// A script that pipes its questions in and closes still gets its answers.
#[tokio::test]
async fn the_end_of_input_ends_it_after_the_answers() {
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start(folder.path());
    stdio.write(&initialize("2025-11-25").to_string()).await;
    stdio.write(&initialized().to_string()).await;
    stdio.write(&request(2, "tools/list", &json!({})).to_string()).await;
    drop(stdio.input.take());
    assert_eq!(stdio.answer().await.unwrap()["id"], 1);
    assert_eq!(stdio.answer().await.unwrap()["id"], 2);
    let said = stdio.ended().await;
    assert!(said.contains("embedded Odoo"), "the log is on stderr: {said}");
}

#[tokio::test]
async fn signals_end_it_while_the_input_is_open() {
    for signal in ["-TERM", "-INT"] {
        let folder = TempDir::new().unwrap();
        let mut stdio = Spoken::start(folder.path());
        stdio.ask(&initialize("2025-11-25")).await;
        let id = stdio.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let status = soon(stdio.child.wait()).await.unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn what_is_no_message_does_not_end_it() {
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start(folder.path());
    stdio.ask(&initialize("2025-11-25")).await;
    stdio.write("{ this is no JSON").await;
    stdio.write("").await;
    // Nor is a notification that is none answered.
    stdio
        .write(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": 7 }).to_string())
        .await;
    let batch = stdio.ask(&json!([request(2, "ping", &json!({}))])).await;
    assert_eq!(batch["error"]["code"], -32600, "{batch}");
    assert_eq!(stdio.ask(&request(3, "ping", &json!({}))).await["id"], 3);
    let strange = stdio.ask(&json!({ "jsonrpc": "2.0", "id": 7 })).await;
    assert_eq!(strange["error"]["code"], -32600, "{strange}");
    let unknown = stdio.ask(&request(4, "tools/call", &json!({ "name": "no_such_tool" }))).await;
    assert!(unknown["error"]["code"].is_i64(), "{unknown}");
    drop(stdio.input.take());
    stdio.ended().await;
}

/// As over HTTP; the line after it is a message again.
#[tokio::test]
async fn what_is_too_long_or_says_a_thing_twice_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start(folder.path());
    stdio.ask(&initialize("2025-11-25")).await;
    stdio.write(&initialized().to_string()).await;
    let ping = |length: usize| {
        let bare = request(2, "ping", &json!({ "x": "" })).to_string();
        request(2, "ping", &json!({ "x": "x".repeat(length - bare.len()) })).to_string()
    };
    let most = 4 * 1024 * 1024;
    stdio.write(&ping(most)).await;
    assert_eq!(stdio.answer().await.unwrap()["id"], 2, "as long as may be");
    for length in [most + 1, 3 * most] {
        stdio.write(&ping(length)).await;
        let refused = stdio.answer().await.unwrap();
        assert_eq!((&refused["error"]["code"], &refused["id"]), (&json!(-32600), &Value::Null));
        assert_eq!(refused["error"]["message"], "a message may have at most 4 MiB");
        assert_eq!(stdio.ask(&request(3, "ping", &json!({}))).await["id"], 3);
    }
    let arguments = r#"{"q":"uno","q":"dos"}"#;
    let twice = format!(
        r#"{{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{{"name":"find_products","arguments":{arguments}}}}}"#
    );
    // Also where the input ends at once.
    stdio.write(&twice).await;
    drop(stdio.input.take());
    let refused = stdio.answer().await.unwrap();
    assert_eq!((&refused["id"], &refused["error"]["code"]), (&json!(4), &json!(-32602)), "{refused}");
    let said = refused["error"]["message"].as_str().unwrap();
    assert_eq!(said, "params.arguments.q is given twice in one object: give it once");
    stdio.ended().await;
}

#[tokio::test]
async fn a_language_that_is_none_is_told_here_too() {
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start_with(folder.path(), &[("LANGUAGE", "klingon")]);
    drop(stdio.input.take());
    let said = stdio.ended().await;
    assert!(said.contains("LANGUAGE names neither es nor en"), "{said}");
}

#[tokio::test]
async fn a_bad_setting_is_told_on_stderr() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["stdio"], &[("MCP_MAX_SESSIONS", "none")]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end(), "mcp-odoo: MCP_MAX_SESSIONS takes a whole number from 1 to 100000");
}

/// Messages hold what people said; the log does not.
#[tokio::test]
async fn messages_stay_out_of_the_log() {
    let secret = "eva@privat.example";
    let mut hello = initialize("2025-11-25");
    hello["params"]["clientInfo"]["name"] = secret.into();
    let arguments = json!({ "name": secret, "arguments": { "email": secret } });
    let messages = [
        initialized(),
        request(2, "tools/call", &arguments),
        request(3, secret, &arguments),
        json!({ "jsonrpc": "2.0", "id": secret, "error": { "code": 1, "message": secret } }),
        json!({ "jsonrpc": "2.0", "method": secret, "params": { "text": secret } }),
        json!([secret]),
    ];
    let folder = TempDir::new().unwrap();
    let mut stdio = Spoken::start_with(folder.path(), &[("LOG_LEVEL", "trace")]);
    stdio.ask(&hello).await;
    for message in &messages {
        stdio.write(&message.to_string()).await;
    }
    assert_eq!(stdio.ask(&request(9, "ping", &json!({}))).await["jsonrpc"], "2.0");
    drop(stdio.input.take());
    while stdio.answer().await.is_some() {}
    let said = stdio.ended().await;
    assert!(said.contains("embedded Odoo") && !said.contains("privat"), "{said}");

    let folder = TempDir::new().unwrap();
    let (server, client) = (Server::start(folder.path(), &[("LOG_LEVEL", "trace")]).await, http_client());
    let sse = Sse::open(&client, &server.url).await;
    for message in [&hello].into_iter().chain(&messages) {
        let posts = [sse.post(), Streamable::bare(&client, &server.url)];
        for post in posts {
            post.header("x-test", secret).json(message).send().await.unwrap();
        }
    }
    for header in ["host", "origin", "mcp-session-id"] {
        client.get(format!("{}/mcp", server.url)).header(header, "eva.privat.example").send().await.unwrap();
    }
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("/mcp/messages") && !said.contains("privat"), "{said}");
}
