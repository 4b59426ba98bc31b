//! The command line.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::commands::{check, healthcheck, openapi, sandbox, serve};

/// Real quotations in Odoo, made exactly once, for LLMs, web pages and voice agents.
///
/// Configured by environment variables or a `.env` file: see `.env.example`.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve REST on HOST:PORT (the default)
    Serve,
    /// Print the configuration and try what is configured; exit code 0 only if all of it works
    Check,
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
        runtime.block_on(async {
            match self.command.unwrap_or(Command::Serve) {
                Command::Serve => serve::run().await,
                Command::Check => check::run().await,
                Command::Openapi => openapi::run(),
                Command::Healthcheck => healthcheck::run().await,
                Command::Sandbox(arguments) => sandbox::run(arguments).await,
            }
        })
    }
}
