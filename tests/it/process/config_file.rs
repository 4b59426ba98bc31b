//! The configuration file: what it sets, what it may not, and what runs by it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::support::app::Odoo;
use crate::support::process::{Process, binary, odoo_env, run};

/// As the documents of another server for Odoo have it, word for word but for the ports and the address.
fn example(url: &str, connection: &str) -> Value {
    json!({
        "mcpServers": { "other": { "command": "/usr/bin/python3", "args": ["--config", "config.json"] } },
        "odoo_url": url, "database": "sandbox", "username": "admin", "api_key": "admin",
        "protocol": "xmlrpc", "connection_type": connection, "requests_per_minute": 120,
        "rate_limit_max_wait_seconds": 5, "pool_size": 5, "timeout": 30, "session_timeout_minutes": 60,
        "http": { "host": "127.0.0.1", "port": 0, "streamable": connection != "stdio" },
        "logging": {
            "level": "INFO", "format": "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
            "handlers": [
                { "type": "StreamHandler", "level": "INFO" },
                { "type": "FileHandler", "filename": "logs/server.log", "level": "DEBUG" },
            ],
        },
        "cache": { "enabled": true, "ttl": 300, "max_size": 1000 },
    })
}

fn write(folder: &Path, name: &str, config: &Value) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, config.to_string()).unwrap();
}

/// What the start says to this file: one line, without the secret in it.
async fn refusal(config: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("config.json"), config).unwrap();
    let output = run(folder.path(), &["--config", "config.json"], &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{config}: {said}");
    assert_eq!(said.lines().count(), 1, "{config}: {said}");
    assert!(!said.contains("geheim"), "{config}: {said}");
    said.trim_end().strip_prefix("mcp-odoo: config.json: ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn the_server_runs_by_the_file_and_logs_as_it_says() {
    let odoo = Odoo::start(Options::default()).await;
    let folder = TempDir::new().unwrap();
    write(folder.path(), "my.json", &example(&odoo_env(&odoo)[0].1, "streamable_http"));
    let mut command = binary(folder.path());
    command.args(["--config", "my.json"]);
    let process = Process::spawn(command);
    let line = process.line("listening on http://").await;
    assert!(line.contains(" - mcp_odoo.commands.serve - INFO - listening on http://127.0.0.1:"), "{line}");
    process.terminate().await;
    let (status, said) = process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    let log = fs::read_to_string(folder.path().join("logs/server.log")).unwrap();
    assert!(log.contains(" - INFO - listening on http://127.0.0.1:"), "{log}");
    let time = &log[..23];
    assert!(chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S,%3f").is_ok(), "{time}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("logs/server.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// Found where others keep it, stdio when nothing else is said.
#[tokio::test]
async fn stdio_is_served_when_the_file_says_nothing_else() {
    let odoo = Odoo::start(Options::default()).await;
    for said in [Some("stdio"), None] {
        let folder = TempDir::new().unwrap();
        let mut config = example(&odoo_env(&odoo)[0].1, "stdio");
        if said.is_none() {
            config.as_object_mut().unwrap().remove("connection_type");
        }
        write(folder.path(), "odoo_mcp/config/config.json", &config);
        let mut command = binary(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let client = json!({ "name": "test", "version": "1" });
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client } });
        input.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["result"]["serverInfo"]["name"], "mcp-odoo");
        drop(input);
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn the_environment_wins_by_whatever_name() {
    let odoo = Odoo::start(Options::default()).await;
    let env = odoo_env(&odoo);
    let folder = TempDir::new().unwrap();
    let mut config = example("http://127.0.0.1:9", "streamable_http");
    config["database"] = json!("another");
    config["username"] = json!("nobody");
    config["cache"]["enabled"] = json!(false);
    write(folder.path(), "config.json", &config);
    fs::write(folder.path().join(".env"), "ODOO_USER=admin\nODOO_MAX_CONCURRENCY=3\n").unwrap();
    let given = [("ODOO_URL", env[0].1.as_str()), ("ODOO_DATABASE", "sandbox"), ("ODOO_PASS", "admin")];
    let output = run(folder.path(), &["check", "--config", "config.json"], &given).await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("ODOO_DB=sandbox\nODOO_LOGIN=admin"), "{said}");
    assert!(said.contains("ODOO_PROTOCOL=xmlrpc ODOO_TIMEOUT_SECONDS=30 ODOO_MAX_CONCURRENCY=3"), "{said}");
    assert!(said.contains("MCP_IDLE_SECONDS=3600"), "{said}");
    assert!(said.contains("REQUESTS_PER_MINUTE=120 "), "{said}");
    assert!(said.contains("RATE_LIMIT_MAX_WAIT_SECONDS=5"), "{said}");
    assert!(said.contains("CACHE_TTL_SECONDS=0 CACHE_MAX_SIZE=1000"), "{said}");
    assert!(said.contains("TOOLSETS=quotation,records,sales-work"), "{said}");
    assert!(said.contains("LOG_HANDLERS=stderr=info,file:logs/server.log=debug"), "{said}");
    assert!(said.contains("HOST=127.0.0.1 PORT=0"), "{said}");
}

#[tokio::test]
async fn what_is_not_known_is_named_all_at_once() {
    let said = refusal(
        r#"{"odoo_ur": "x", "http": {"hots": "y"}, "logging": {"handlers": [{"type": "StreamHandler", "stream": 1}]},
            "timeout": "soon", "api_key": ["geheim-4711"]}"#,
    )
    .await;
    assert_eq!(
        said,
        "timeout: must be a whole number from 1 to 604800, not \"soon\"; api_key: expected a string, not a list; \
         unknown: odoo_ur, http.hots, logging.handlers[0].stream; `mcp-odoo config schema` shows what there is"
    );
}

#[tokio::test]
async fn a_bad_value_is_told_in_the_words_of_the_file() {
    let address = "an address, e.g. https://company.odoo.com";
    let cases = [
        (r#"{"odoo_url": "geheim"}"#, format!("odoo_url (as ODOO_URL) takes {address}")),
        (
            r#"{"odoo_url": "http://127.0.0.1:9"}"#,
            "database is required when odoo_url is set: the database's name".to_owned(),
        ),
        (r#"{"username": "x"}"#, format!("odoo_url is required when username is set: {address}")),
        (
            r#"{"session_timeout_minutes": 0}"#,
            "session_timeout_minutes: must be a whole number from 1 to 10080, not 0".to_owned(),
        ),
        (
            r#"{"session_timeout_minutes": 9223372036854775807}"#,
            "session_timeout_minutes: must be a whole number from 1 to 10080, not 9223372036854775807".to_owned(),
        ),
        (
            r#"{"cache": {"max_size": 0}}"#,
            "cache.max_size: must be a whole number from 1 to 100000, not 0".to_owned(),
        ),
        (r#"{"http": {"port": 99999}}"#, "http.port: must be a whole number from 0 to 65535, not 99999".to_owned()),
        (r#"{"http": {"port": "http"}}"#, "http.port: must be a whole number from 0 to 65535, not \"http\"".to_owned()),
        (r#"{"http": {"port": [80]}}"#, "http.port: must be a whole number from 0 to 65535, not a list".to_owned()),
        (r#"{"timeout": -5}"#, "timeout: must be a whole number from 1 to 604800, not -5".to_owned()),
        (r#"{"timeout": 1.5}"#, "timeout: must be a whole number from 1 to 604800, not 1.5".to_owned()),
        (
            r#"{"pool_size": 0, "cache": {"ttl": true}}"#,
            "pool_size: must be a whole number from 1 to 1000, not 0; \
             cache.ttl: must be a whole number from 0 to 86400, not true"
                .to_owned(),
        ),
        (
            r#"{"requests_per_minute": "many"}"#,
            "requests_per_minute: must be a whole number from 1 to 1000000000, not \"many\"".to_owned(),
        ),
        (
            r#"{"rate_limit_max_wait_seconds": 30}"#,
            "rate_limit_max_wait_seconds (as RATE_LIMIT_MAX_WAIT_SECONDS) takes a whole number of seconds, less than \
             REQUEST_TIMEOUT_SECONDS"
                .to_owned(),
        ),
        (
            r#"{"protocol": "rest"}"#,
            "protocol (as ODOO_PROTOCOL) takes auto, json2, jsonrpc or xmlrpc".to_owned(),
        ),
        (r#"{"http": {"streamable": "yes"}}"#, "http.streamable: expected true or false, not a text".to_owned()),
        (r#"{"http": 80}"#, "http: expected an object, not a number".to_owned()),
        (
            r#"{"logging": {"level": "LOUD"}}"#,
            "logging.level (as LOG_LEVEL) takes error, warn, info, debug or trace".to_owned(),
        ),
        (
            r#"{"logging": {"handlers": [{"type": "StreamHandler", "level": "LOUD"}]}}"#,
            "logging.handlers[0].level takes error, warn, info, debug or trace".to_owned(),
        ),
        (
            r#"{"logging": {"format": "%(lineno)d %(message)s"}}"#,
            "logging.format (as LOG_FORMAT) takes text with %(asctime)s, %(levelname)s, %(name)s, %(message)s and \
             %(process)d; %(lineno) is not known here"
                .to_owned(),
        ),
        (
            r#"{"logging": {"handlers": [{"type": "FileHandler"}]}}"#,
            "logging.handlers[0].filename must be the name of a file, without commas and equals signs".to_owned(),
        ),
        (
            r#"{"logging": {"handlers": [{"type": "StreamHandler", "filename": "x"}]}}"#,
            "logging.handlers[0].filename is of a FileHandler: a StreamHandler writes to stderr".to_owned(),
        ),
        (
            r#"{"logging": {"handlers": [{"type": "SMTPHandler"}]}}"#,
            "logging.handlers[0].type: expected one of StreamHandler, FileHandler, not \"SMTPHandler\"".to_owned(),
        ),
        (
            r#"{"connection_type": "sse"}"#,
            "connection_type: expected one of stdio, http, streamable_http, not \"sse\"".to_owned(),
        ),
        (
            r#"{"connection_type": "streamable_http", "http": {"streamable": false}}"#,
            "http.streamable is false, but connection_type is streamable_http: set it to true, or connection_type to http"
                .to_owned(),
        ),
        (
            r#"{"connection_type": "http", "transport_type": "stdio"}"#,
            "connection_type and transport_type say different things: give one".to_owned(),
        ),
        (r#"{"timeout": 1, "timeout": 2}"#, "timeout is given twice in one object: give it once".to_owned()),
        ("{\n  \"timeout\": 1, // seconds\n}", "is not JSON: line 2, column 17".to_owned()),
        ("[]", "expected an object, not a list".to_owned()),
    ];
    for (config, says) in cases {
        assert_eq!(refusal(config).await, says, "{config}");
    }
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["check", "--config", "none.json"], &[]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("mcp-odoo: none.json: ") && said.lines().count() == 1, "{said}");
}

#[tokio::test]
async fn the_schema_has_every_key() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["config", "schema"], &[]).await;
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    let resolved = |value: &Value| match value["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')).unwrap().clone(),
        None => value.clone(),
    };
    let named = example("", "stdio");
    for (name, value) in named.as_object().unwrap() {
        let property = &schema["properties"][name];
        assert!(!property.is_null(), "{name}");
        let is_section = value.is_object() && name != "mcpServers";
        for inner in value.as_object().into_iter().filter(|_| is_section).flatten() {
            assert!(!resolved(property)["properties"][inner.0].is_null(), "{name}.{}", inner.0);
        }
    }
}
