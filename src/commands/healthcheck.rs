//! Asks a running server for its health, as containers do.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::config::Config;

/// A server that is up answers far sooner.
const LIMIT: Duration = Duration::from_secs(5);

/// Success if the server on HOST:PORT answers 200.
///
/// # Errors
/// When the configuration is bad or stdout is closed.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let http = Config::load(file)?.http;
    let address = SocketAddr::new(reachable(http.host), http.port);
    let problem = match tokio::time::timeout(LIMIT, ask(address)).await {
        Ok(Ok(status)) if status.starts_with("HTTP/1.1 200") => None,
        Ok(Ok(status)) => Some(status),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", LIMIT.as_secs())),
    };
    match &problem {
        None => writeln!(std::io::stdout(), "ok")?,
        Some(problem) => writeln!(std::io::stdout(), "http://{address}/health: {problem}")?,
    }
    Ok(ExitCode::from(u8::from(problem.is_some())))
}

/// A server that listens everywhere is asked on loopback.
pub(super) fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

/// The status line. A whole HTTP client would need TLS and certificates for this one request.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}
