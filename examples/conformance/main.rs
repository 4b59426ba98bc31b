//! The product's transports with the fixtures of MCP's conformance suite behind them.
//!
//! `scripts/conformance` runs it; the argument is a folder for its log files.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod content;
mod handler;
mod rounds;
mod tasks;

use std::net::Ipv4Addr;

use mcp_odoo::app::App;
use mcp_odoo::config::{Config, Env};
use mcp_odoo_core::journal::Target;
use mcp_odoo_core::odoo::{OdooConfig, ProtocolChoice};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let mut config = Config::from_env(&Env::default()).expect("the defaults are valid");
    config.log_dir = std::env::args().nth(1).expect("the folder for log files").into();
    config.audit.folder = config.log_dir.join("audit");
    // Never called: no fixture makes a quotation.
    let odoo = OdooConfig {
        url: "http://127.0.0.1:9".parse().expect("an address"),
        database: String::new(),
        login: String::new(),
        secret: "".into(),
        secret_is_api_key: true,
        protocol: ProtocolChoice::Auto,
        timeout: std::time::Duration::from_secs(1),
        max_concurrency: 1,
    };
    let app = App::with_handler(config, odoo, Target::embedded(), |_| handler::Fixtures::new())
        .expect("the service starts");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    println!("http://{}/mcp", listener.local_addr().expect("an address"));
    app.serve(listener, std::future::pending()).await.expect("the service runs");
}
