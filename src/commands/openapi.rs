//! Prints the OpenAPI document.

use std::io::Write;
use std::process::ExitCode;

use crate::rest::docs;

/// Prints it to stdout.
///
/// # Errors
/// When stdout is closed.
pub fn run() -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{}", docs::openapi().to_pretty_json()?)?;
    Ok(ExitCode::SUCCESS)
}
