//! Prints what an MCP client must be told to use this binary.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::healthcheck::reachable;
use crate::config::{Config, Env, HTTP_VARIABLES, SECRET_VARIABLES};

/// A program that speaks MCP.
#[derive(Clone, Copy, ValueEnum)]
pub enum Client {
    /// Claude Desktop and Claude Code
    Claude,
    /// VS Code with GitHub Copilot
    Vscode,
    /// Cursor
    Cursor,
    /// ChatGPT, which only takes a public address
    Chatgpt,
}

impl Client {
    fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Vscode => "vscode",
            Self::Cursor => "cursor",
            Self::Chatgpt => "chatgpt",
        }
    }

    /// What the client puts the user's key in for.
    fn key(self) -> &'static str {
        match self {
            Self::Claude => "${ODOO_MCP_KEY}",
            Self::Vscode => "${input:odoo-key}",
            Self::Cursor => "${env:ODOO_MCP_KEY}",
            Self::Chatgpt => "",
        }
    }

    /// Where the client keeps its configuration.
    fn file(self) -> &'static str {
        match self {
            Self::Claude => {
                "claude_desktop_config.json (Claude Desktop: Settings, Developer, Edit Config) or .mcp.json (Claude Code)"
            }
            Self::Vscode => ".vscode/mcp.json",
            Self::Cursor => ".cursor/mcp.json or ~/.cursor/mcp.json",
            Self::Chatgpt => "nothing",
        }
    }

    /// The file's content with this server in it.
    fn document(self, server: Value) -> Value {
        let servers = if matches!(self, Self::Vscode) { "servers" } else { "mcpServers" };
        let asks = matches!(self, Self::Vscode) && server.get("headers").is_some();
        let mut document = json!({ servers: { "odoo": server } });
        if let (true, Some(document)) = (asks, document.as_object_mut()) {
            let key = json!({ "type": "promptString", "id": "odoo-key", "description": "Key for Odoo", "password": true });
            document.insert("inputs".to_owned(), json!([key]));
        }
        document
    }
}

/// JSON for the client's file on stdout; on stderr where it goes, and how to connect to a running server instead.
///
/// # Errors
/// When the configuration is bad, the binary cannot be located or stdout is closed.
pub fn run(file: Option<&Path>, client: Client) -> anyhow::Result<ExitCode> {
    let variables = Config::variables(file)?;
    let config = Config::from_env(&variables)?;
    let url = match &config.messages.public_url {
        Some(url) => format!("{}/mcp", url.as_str().trim_end_matches('/')),
        None => format!("http://{}:{}/mcp", host(&config), config.http.port),
    };
    if matches!(client, Client::Chatgpt) {
        writeln!(std::io::stdout(), "{}", chatgpt(&url, config.access.oauth.is_some()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let binary = std::env::current_exe().context("cannot locate this binary")?;
    let (env, secrets) = environment(&variables, &config, client)?;
    let started = json!({ "type": "stdio", "command": binary, "args": ["stdio"], "env": env });
    let mut running = json!({ "type": "http", "url": url });
    // Where there is a log-in, clients find it by themselves; some ignore a header then.
    let logs_in = config.access.oauth.is_some();
    if let (true, Some(server)) = (config.access.asks_for_keys() && !logs_in, running.as_object_mut()) {
        let key = format!("Bearer {}", client.key());
        server.insert("headers".to_owned(), json!({ "Authorization": key }));
    }
    let pretty = |server| serde_json::to_string_pretty(&client.document(server));
    let mut notes = std::io::stderr().lock();
    writeln!(notes, "Put this into {}; the client starts mcp-odoo itself.", client.file())?;
    if !secrets.is_empty() {
        writeln!(notes, "No secret is printed: write yours where it says {}.", secrets.join(", "))?;
    }
    writeln!(std::io::stdout(), "{}", pretty(started)?)?;
    let how = if logs_in { "; the client asks you to log in (OAuth)" } else { "" };
    writeln!(notes, "\nOr, where `mcp-odoo serve` is running{how}:\n{}", pretty(running)?)?;
    Ok(ExitCode::SUCCESS)
}

fn host(config: &Config) -> String {
    match reachable(config.http.host) {
        std::net::IpAddr::V6(host) => format!("[{host}]"),
        host => host.to_string(),
    }
}

/// What is set here, since the client starts the binary in a folder of its own, and the places where
/// secrets belong. The log folder is one that neither a server nor another client uses.
fn environment(
    variables: &Env,
    config: &Config,
    client: Client,
) -> anyhow::Result<(Map<String, Value>, Vec<String>)> {
    // Without a bucket those of AWS are there for others.
    let has_bucket = variables.iter().any(|(name, _)| name == "S3_LOGS_BUCKET");
    // Clients keep what comes on stderr; a file would be looked for in their folder.
    let is_for_it = |name: &str| {
        !HTTP_VARIABLES.contains(&name) && name != "LOG_HANDLERS" && (has_bucket || !name.starts_with("AWS_"))
    };
    let (mut env, mut secrets) = (Map::new(), Vec::new());
    for (name, value) in variables.iter().filter(|(name, _)| is_for_it(name)) {
        let value = if SECRET_VARIABLES.contains(&name) {
            secrets.push(format!("<{name}>"));
            format!("<{name}>")
        } else {
            value.to_owned()
        };
        env.insert(name.to_owned(), value.into());
    }
    if let Some(file) = &config.access.file {
        let file = std::path::absolute(file).context("cannot locate ACCESS_FILE")?;
        env.insert("ACCESS_FILE".to_owned(), json!(file));
    }
    let logs = std::path::absolute(&config.log_dir).context("cannot locate LOG_DIR")?;
    let mut logs = logs.into_os_string();
    logs.push(format!("-{}", client.name()));
    env.insert("LOG_DIR".to_owned(), json!(PathBuf::from(logs)));
    Ok((env, secrets))
}

fn chatgpt(url: &str, logs_in: bool) -> String {
    let authentication = match logs_in {
        true => "authentication OAuth",
        false => "no authentication: it takes no key, so set OAUTH_ISSUER, or let in nobody else",
    };
    format!(
        "ChatGPT connects from the internet, so it needs a public https address that leads to {url}\n\
         1. Make one, e.g. with a reverse proxy or a tunnel: https://odoo.example.com/mcp\n\
         2. Put its host name into ALLOWED_HOSTS and start `mcp-odoo serve`.\n\
         3. In ChatGPT: Settings, Apps & Connectors, Advanced settings: turn Developer mode on.\n\
         4. Settings, Apps & Connectors, Create: name Odoo, URL https://odoo.example.com/mcp, {authentication}.\n\
         5. In a chat choose the connector; search and fetch also serve deep research."
    )
}
