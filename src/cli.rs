//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::commands::{
    self, access, audit, check, client_config, config, healthcheck, keys, logs, openapi, sandbox, serve,
    stdio,
};

/// Real quotations in Odoo, made exactly once, for LLMs, web pages and voice agents.
///
/// Configured by environment variables, a `.env` file (see `.env.example`) or a JSON file.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// Settings as JSON, below those of the environment; default odoo_mcp/config/config.json, where it is there.
    /// `mcp-odoo config schema` shows what it takes
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve MCP and REST on HOST:PORT (the default, unless connection_type or CONNECTION_TYPE is stdio)
    Serve,
    /// Serve MCP on stdin and stdout, for a client that starts this process
    Stdio,
    /// Print the configuration and try what is configured; exit code 0 only if all of it works
    Check,
    /// Print the configuration of an MCP client that is to use this binary
    ClientConfig {
        /// The client
        client: client_config::Client,
    },
    /// List the log files of quotations, newest first, or show one; the server may run meanwhile
    Logs(logs::Arguments),
    /// List who had what done, newest first; the server may run meanwhile
    Audit(audit::Arguments),
    /// Make, list, change and take back the keys of callers
    Keys(keys::Arguments),
    /// Say what callers may do, and why
    Access(access::Arguments),
    /// Print the JSON Schema of the configuration file
    Config(config::Arguments),
    /// Print the OpenAPI document
    Openapi,
    /// Ask a running server on HOST:PORT for its health; exit code 0 if it answers
    Healthcheck,
    /// Run the embedded Odoo alone: database `sandbox`, logins admin/admin and demo/demo, API key `sandbox`
    Sandbox(sandbox::Arguments),
}

impl Cli {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// What stopped it, for the person at the terminal.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the async runtime")?;
        let file = self.config.as_deref();
        let done = runtime.block_on(async {
            let Some(command) = self.command else { return commands::run_unnamed(file).await };
            match command {
                Command::Serve => serve::run(file).await,
                Command::Stdio => stdio::run(file).await,
                Command::Check => check::run(file).await,
                Command::ClientConfig { client } => client_config::run(file, client),
                Command::Logs(arguments) => logs::run(file, arguments).await,
                Command::Audit(arguments) => audit::run(file, arguments).await,
                Command::Keys(arguments) => keys::run(file, arguments),
                Command::Access(arguments) => access::run(file, arguments),
                Command::Config(arguments) => config::run(arguments),
                Command::Openapi => openapi::run(),
                Command::Healthcheck => healthcheck::run(file).await,
                Command::Sandbox(arguments) => sandbox::run(arguments).await,
            }
        });
        // Whoever reads stdin may do so for ever; all that has to be waited for was waited for.
        runtime.shutdown_background();
        done
    }
}
