//! Runs the embedded Odoo alone.

use std::io::Write;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use mcp_odoo_sandbox::{Language, Options, Sandbox, Version};
use tokio::net::TcpListener;

use super::stop_signal::stop_signal;

/// How the embedded Odoo runs.
#[derive(Args)]
pub struct Arguments {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8069)]
    port: u16,
    /// The Odoo version it behaves as
    #[arg(long = "odoo", value_enum, default_value = "19")]
    version: OdooVersion,
    /// Milliseconds that every call takes
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// The language of its users and of its database server's words
    #[arg(long, value_enum, default_value = "en_US")]
    language: OdooLanguage,
    /// Have the module for stock: products know their quantity on hand
    #[arg(long)]
    stock: bool,
    /// Have no wkhtmltopdf: reports come as HTML, never as PDF
    #[arg(long)]
    no_wkhtmltopdf: bool,
    /// So many contacts more, worked out as they are read
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    records: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum OdooLanguage {
    #[value(name = "en_US")]
    English,
    #[value(name = "es_ES")]
    Spanish,
}

#[derive(Clone, Copy, ValueEnum)]
enum OdooVersion {
    #[value(name = "16")]
    V16,
    #[value(name = "18")]
    V18,
    #[value(name = "19")]
    V19,
}

/// Serves until asked to stop.
///
/// # Errors
/// When the port is taken or serving fails.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let version = match arguments.version {
        OdooVersion::V16 => Version::V16,
        OdooVersion::V18 => Version::V18,
        OdooVersion::V19 => Version::V19,
    };
    let language = match arguments.language {
        OdooLanguage::English => Language::English,
        OdooLanguage::Spanish => Language::Spanish,
    };
    let latency = Duration::from_millis(arguments.latency_ms);
    let options = Options {
        version,
        language,
        stock: arguments.stock,
        no_wkhtmltopdf: arguments.no_wkhtmltopdf,
        records: arguments.records,
        latency,
        ..Options::default()
    };
    let stop = stop_signal()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port))
        .await
        .with_context(|| format!("cannot listen on port {}: choose another with --port", arguments.port))?;
    writeln!(
        std::io::stdout(),
        "embedded Odoo on http://{}: database sandbox, logins admin/admin and demo/demo, API key sandbox",
        listener.local_addr()?
    )?;
    Sandbox::new(options).serve(listener, stop).await?;
    Ok(ExitCode::SUCCESS)
}
