//! The subcommands, as a person or a container runs them.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::support::app::Odoo;
use crate::support::http_client;
use crate::support::odoo::search;
use crate::support::process::{Process, Server, binary, borrowed, odoo_env, run};

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn all(output: &Output) -> String {
    stdout(output) + std::str::from_utf8(&output.stderr).unwrap()
}

#[tokio::test]
async fn check_is_content_with_the_embedded_odoo() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(stdout(&output).contains("✓ ODOO: not configured, the embedded one"), "{}", all(&output));
}

#[tokio::test]
async fn check_tries_the_configured_odoo() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let output = run(folder.path(), &["check"], &borrowed(&odoo_env(&odoo))).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let said = stdout(&output);
    assert!(said.contains("✓ ODOO: Odoo 19.0 by JSON-2 as user 2"), "{said}");
    assert!(said.contains("ODOO_API_KEY=✓"), "{said}");
    assert!(said.contains("✓ LOG_DIR can be written"), "{said}");
}

#[tokio::test]
async fn check_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let names = || {
        let mut names = walk(folder.path());
        names.retain(|name| !name.ends_with(".lock"));
        names
    };
    let env = [("LOG_DIR", "var/logs")];
    for case in ["not there yet", "there"] {
        let before = names();
        let output = run(folder.path(), &["check"], &env).await;
        assert!(stdout(&output).contains("✓ LOG_DIR can be written"), "{}", all(&output));
        assert_eq!(names(), before, "{case}");
        std::fs::create_dir_all(folder.path().join("var/logs")).unwrap();
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    for path in ["file", "file/logs"] {
        let output = run(folder.path(), &["check"], &[("LOG_DIR", path)]).await;
        assert_eq!(output.status.code(), Some(1), "{}", all(&output));
        assert!(stdout(&output).contains("✗ cannot make the folder in LOG_DIR file"), "{}", all(&output));
    }
}

/// Everything in a folder and below it.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below =
        |path: PathBuf| if path.is_dir() { [vec![path.clone()], walk(&path)].concat() } else { vec![path] };
    entries.flat_map(below).collect()
}

#[tokio::test]
async fn check_refuses_a_user_who_does_not_see_what_it_gives_to_others() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let good = odoo_env(&odoo);
    let with = async |change: &[(&str, &str)]| {
        run(folder.path(), &["check"], &[&borrowed(&good), change].concat()).await
    };
    let as_user = |login: &'static str| {
        [("ODOO_LOGIN", login), ("ODOO_API_KEY", ""), ("ODOO_PASSWORD", login), ("ODOO_PROTOCOL", "jsonrpc")]
    };
    let advice =
        "no opportunity other than its own: give it the access right \"User: All Documents\" in Sales";
    let output = with(&as_user("demo")).await;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(stdout(&output).contains("✗ ODOO: Odoo 19.0 by JSON-RPC as user "), "{}", all(&output));
    assert!(stdout(&output).contains(advice), "{}", all(&output));

    // Whose Odoo is only read from may see less.
    let dev = [
        ("DEV_ODOO_URL", good[0].1.as_str()),
        ("DEV_ODOO_DB", "sandbox"),
        ("DEV_ODOO_LOGIN", "admin"),
        ("DEV_ODOO_API_KEY", "sandbox"),
    ];
    let output = with(&[&as_user("demo")[..], &dev].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));

    // Where there are no opportunities yet, the right itself decides.
    let leads = search(&odoo.sandbox, "crm.lead", json!([]), &["id"]);
    let ids: Vec<&Value> = leads.iter().map(|lead| &lead["id"]).collect();
    odoo.sandbox.execute("crm.lead", "unlink", vec![json!(ids)], serde_json::Map::new()).unwrap();
    assert_eq!(with(&as_user("demo")).await.status.code(), Some(1));
    assert_eq!(with(&as_user("laura")).await.status.code(), Some(0));
}

#[tokio::test]
async fn check_says_which_odoo_fails_and_never_prints_a_secret() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let nobody = format!("http://{closed}");
    let good = odoo_env(&odoo);
    let cases = [
        ("a wrong key", vec![("ODOO_API_KEY", "geheim-4711")], "✗ ODOO: "),
        ("a wrong password", vec![("ODOO_API_KEY", ""), ("ODOO_PASSWORD", "geheim-4711")], "✗ ODOO: "),
        ("a wrong database", vec![("ODOO_DB", "other"), ("ODOO_PASSWORD", "geheim-4711")], "✗ ODOO: "),
        ("nobody there", vec![("ODOO_URL", &nobody), ("ODOO_API_KEY", "geheim-4711")], "✗ ODOO: "),
        (
            "a bad Odoo to write to",
            vec![
                ("DEV_ODOO_URL", &nobody),
                ("DEV_ODOO_DB", "x"),
                ("DEV_ODOO_LOGIN", "y"),
                ("DEV_ODOO_API_KEY", "geheim-4711"),
            ],
            "✗ DEV_ODOO: ",
        ),
    ];
    for (case, change, says) in cases {
        let env = [borrowed(&good), change].concat();
        let output = run(folder.path(), &["check"], &env).await;
        assert_eq!(output.status.code(), Some(1), "{case}: {}", all(&output));
        assert!(stdout(&output).contains(says), "{case}: {}", all(&output));
        assert!(!all(&output).contains("geheim"), "{case}: {}", all(&output));
    }
}

#[tokio::test]
async fn check_is_content_beside_a_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let output = run(folder.path(), &["check"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(stdout(&output).contains("in use by another mcp-odoo process"), "{}", all(&output));
    server.process.kill().await;
}

#[tokio::test]
async fn openapi_prints_the_document_that_is_served() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["openapi"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(printed["paths"]["/api/quotation/async"]["post"].is_object(), "{printed}");
    let server = Server::start(folder.path(), &[]).await;
    let served = http_client().get(format!("{}/openapi.json", server.url)).send().await.unwrap();
    assert_eq!(printed, served.json::<Value>().await.unwrap());
    server.process.kill().await;
}

#[tokio::test]
async fn healthcheck_asks_the_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[("HOST", "0.0.0.0"), ("ALLOW_ANONYMOUS", "true")]).await;
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let env = [("HOST", "0.0.0.0"), ("PORT", port.as_str())];
    let output = run(folder.path(), &["healthcheck"], &env).await;
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "ok\n"));
    server.process.kill().await;
    let output = run(folder.path(), &["healthcheck"], &env).await;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(stdout(&output).contains("/health: "), "{}", all(&output));
}

#[tokio::test]
async fn the_sandbox_runs_alone() {
    let folder = TempDir::new().unwrap();
    for (version, says) in [("18", "18.0"), ("19", "19.0")] {
        let mut command = binary(folder.path());
        let language = ["--language", "es_ES", "--stock"];
        command.args(["sandbox", "--port", "0", "--odoo", version]).args(language).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let url = line.split("embedded Odoo on ").nth(1).unwrap().split(": ").next().unwrap().to_owned();
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "call",
            "params": { "service": "common", "method": "version", "args": [] } });
        let answer = http_client().post(format!("{url}/jsonrpc")).json(&call).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert!(answer["result"]["server_version"].as_str().unwrap().starts_with(says), "{answer}");
        let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "call",
            "params": { "service": "common", "method": "authenticate", "args": ["none", "a", "b", {}] } });
        let answer = http_client().post(format!("{url}/jsonrpc")).json(&call).send().await.unwrap();
        assert!(answer.text().await.unwrap().contains("no existe la base de datos"));
        child.kill().await.unwrap();
    }
}

#[tokio::test]
async fn client_config_prints_json_that_clients_take() {
    let folder = TempDir::new().unwrap();
    let env = [
        ("ODOO_URL", "https://odoo.example"),
        ("ODOO_DB", "shop"),
        ("ODOO_LOGIN", "bot"),
        ("ODOO_API_KEY", "geheim-4711"),
        ("PORT", "8123"),
    ];
    for (client, servers) in [("claude", "mcpServers"), ("vscode", "servers"), ("cursor", "mcpServers")] {
        let output = run(folder.path(), &["client-config", client], &env).await;
        assert_eq!(output.status.code(), Some(0), "{}", all(&output));
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let server = &printed[servers]["odoo"];
        assert_eq!(
            (&server["command"], &server["args"]),
            (&json!(env!("CARGO_BIN_EXE_mcp-odoo")), &json!(["stdio"]))
        );
        assert_eq!(server["env"]["ODOO_URL"], "https://odoo.example");
        let logs = server["env"]["LOG_DIR"].as_str().unwrap();
        assert!(logs.starts_with('/') && logs.ends_with(&format!("/logs-{client}")), "{logs}");
        assert!(all(&output).contains("http://127.0.0.1:8123/mcp"), "{}", all(&output));
        assert!(!all(&output).contains("geheim"), "{}", all(&output));
    }
    let output = run(folder.path(), &["client-config", "chatgpt"], &env).await;
    assert!(stdout(&output).contains("ALLOWED_HOSTS"), "{}", all(&output));
    let output = run(folder.path(), &["client-config", "emacs"], &env).await;
    assert_eq!(output.status.code(), Some(2), "{}", all(&output));
}

#[tokio::test]
async fn client_config_carries_what_the_process_needs_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let carried = [
        ("ODOO_URL", "https://odoo.example"),
        ("ODOO_DATABASE", "shop"),
        ("ODOO_USERNAME", "bot"),
        ("DEV_ODOO_URL", "https://dev.example"),
        ("DEV_ODOO_DB", "dev"),
        ("DEV_ODOO_LOGIN", "bot"),
        ("ODOO_PROTOCOL", "jsonrpc"),
        ("ODOO_TIMEOUT_SECONDS", "7"),
        ("SALES_TEAM_IDS", "1, 5"),
        ("SALES_STAGE_IDS", "2"),
        ("MCP_INLINE_SECONDS", "9"),
        ("QUOTATION_DEADLINE_SECONDS", "60"),
        ("LOG_LEVEL", "debug"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("VENDEDOR_WHATSAPP", "+525512345678"),
    ];
    let secrets =
        ["ODOO_PASSWORD", "DEV_ODOO_API_KEY", "TWILIO_AUTH_TOKEN"].map(|name| (name, "geheim-4711"));
    let others = [
        ("HOST", "0.0.0.0"),
        ("PORT", "8123"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_ORIGINS", "*"),
        ("CORS_ORIGINS", "*"),
        ("REQUEST_TIMEOUT_SECONDS", "9"),
        ("MAX_CONNECTIONS", "9"),
        ("MCP_MAX_SESSIONS", "9"),
        ("MCP_IDLE_SECONDS", "9"),
        ("AWS_REGION", "eu-west-1"),
        ("SALES_NOT_KNOWN", "1"),
    ];
    let env = [&carried[..], &secrets, &others].concat();
    let output = run(folder.path(), &["client-config", "claude"], &env).await;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(!all(&output).contains("geheim"), "{}", all(&output));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut printed = printed["mcpServers"]["odoo"]["env"].as_object().unwrap().clone();
    assert!(printed.remove("LOG_DIR").is_some());
    for (name, value) in carried {
        assert_eq!(printed.remove(name), Some(json!(value)), "{name}");
    }
    for (name, _) in secrets {
        let place = format!("<{name}>");
        assert_eq!(printed.remove(name), Some(json!(place)), "{name}");
        assert!(all(&output).contains(&format!(" {place}")), "{}", all(&output));
    }
    assert!(printed.is_empty(), "{printed:?}");

    let keys = [("AWS_ACCESS_KEY_ID", "geheim-0815"), ("AWS_SECRET_ACCESS_KEY", "geheim-4711")];
    let bucket = [&env[..], &[("S3_LOGS_BUCKET", "logs")], &keys].concat();
    let output = run(folder.path(), &["client-config", "claude"], &bucket).await;
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let env = &printed["mcpServers"]["odoo"]["env"];
    assert_eq!((&env["S3_LOGS_BUCKET"], &env["AWS_REGION"]), (&json!("logs"), &json!("eu-west-1")));
    assert_eq!(env["AWS_SECRET_ACCESS_KEY"], "<AWS_SECRET_ACCESS_KEY>");
}

#[tokio::test]
async fn help_lists_the_subcommands() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["--help"], &[]).await;
    assert_eq!(output.status.code(), Some(0));
    for subcommand in
        ["serve", "stdio", "check", "client-config", "logs", "openapi", "healthcheck", "sandbox"]
    {
        let line = format!("\n  {subcommand} ");
        assert!(stdout(&output).contains(&line), "{subcommand}: {}", all(&output));
    }
    let output = run(folder.path(), &["no-such-thing"], &[]).await;
    assert_eq!(output.status.code(), Some(2), "{}", all(&output));
}

#[tokio::test]
async fn a_second_process_on_the_same_log_folder_says_so() {
    let folder = TempDir::new().unwrap();
    let first = Server::start(folder.path(), &[]).await;
    let output = run(folder.path(), &["serve"], &[("PORT", "0")]).await;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains("LOG_DIR logs is in use by another mcp-odoo process"), "{}", all(&output));
    assert!(!all(&output).contains("listening on"), "{}", all(&output));
    first.process.kill().await;
    // What ends a process frees the folder, whatever it was.
    let next = Server::start(folder.path(), &[]).await;
    next.process.kill().await;
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = binary(folder.path());
    command.env("PORT", &port);
    let (status, said) = Process::spawn(command).ended().await;
    assert_eq!(status.code(), Some(1), "{said}");
    let expected = format!("mcp-odoo: cannot listen on 127.0.0.1:{port}: set HOST and PORT: ");
    assert!(said.contains(&expected), "{said}");
}

#[tokio::test]
async fn a_log_folder_that_cannot_be_made_is_named() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let output = run(folder.path(), &[], &[("PORT", "0"), ("LOG_DIR", "file/logs")]).await;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let said = all(&output);
    assert!(said.contains("mcp-odoo: cannot make the folder in LOG_DIR file/logs: "), "{said}");
    assert_eq!(said.matches("os error").count(), 1, "the cause is told once: {said}");
}
