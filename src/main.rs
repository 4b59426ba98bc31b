//! The `mcp-odoo` command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mcp_odoo::cli::Cli;
use mimalloc::MiMalloc;

/// What a request allocates is mostly freed by another thread. The system's allocator makes both wait for one
/// another then (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        // Nobody is left to tell when stderr is gone, too.
        let _ = writeln!(std::io::stderr(), "mcp-odoo: {error:#}");
        ExitCode::FAILURE
    })
}
