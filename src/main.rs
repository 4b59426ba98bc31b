//! The `mcp-odoo` command.

use std::io::{self, Write};
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
        if is_closed_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        // Nobody is left to tell when stderr is gone, too.
        let _ = writeln!(io::stderr(), "mcp-odoo: {error:#}");
        ExitCode::FAILURE
    })
}

/// Who reads the output has seen enough, e.g. `mcp-odoo logs | head -1`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let of = |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().map(io::Error::kind);
    error.chain().any(|cause| of(cause) == Some(io::ErrorKind::BrokenPipe))
}
