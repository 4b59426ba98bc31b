//! What the configuration file takes.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::ConfigFile;

/// What to print.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The JSON Schema of the file, for editors and for people
    Schema,
}

/// Prints it to stdout.
///
/// # Errors
/// When stdout is closed.
pub fn run(Arguments { what: What::Schema }: Arguments) -> anyhow::Result<ExitCode> {
    let schema = schemars::schema_for!(ConfigFile);
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(ExitCode::SUCCESS)
}
