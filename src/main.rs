//! The `mcp-odoo` command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mcp_odoo::cli::Cli;
use mimalloc::MiMalloc;

/// Most of what is allocated for a request is freed by another thread, on which the system's waits (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        // Nobody is left to tell when stderr is gone, too.
        let _ = writeln!(std::io::stderr(), "mcp-odoo: {error:#}");
        ExitCode::FAILURE
    })
}
