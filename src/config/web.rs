//! The web server, the MCP endpoints, and who may call them.

use std::net::IpAddr;
use std::time::Duration;

use url::Url;

use super::{ConfigError, Env};
use crate::mcp::McpConfig;
use crate::middleware::hosts::{Allowed, AllowedHosts, CorsOrigins};
use crate::server::HttpConfig;

pub(super) fn http(env: &Env) -> Result<HttpConfig, ConfigError> {
    Ok(HttpConfig {
        host: env.parse("HOST", "an IP address, e.g. 127.0.0.1 or 0.0.0.0", IpAddr::from([127, 0, 0, 1]))?,
        port: env.parse("PORT", "a port number, 0 to 65535", 8000)?,
        cors: origins(env, "CORS_ORIGINS")?,
        request_timeout: env.seconds("REQUEST_TIMEOUT_SECONDS", 30)?,
        max_connections: env.number("MAX_CONNECTIONS", 1..=1_000_000, 10_000)?,
        header_timeout: Duration::from_secs(75),
    })
}

pub(super) fn mcp(env: &Env) -> Result<McpConfig, ConfigError> {
    Ok(McpConfig {
        max_sessions: env.number("MCP_MAX_SESSIONS", 1..=100_000, 1000)?,
        idle: env.seconds("MCP_IDLE_SECONDS", 300)?,
        inline: env.seconds("MCP_INLINE_SECONDS", 25)?,
    })
}

pub(super) fn allowed(env: &Env, public_url: Option<&Url>) -> Result<Allowed, ConfigError> {
    Ok(Allowed { hosts: allowed_hosts(env, public_url)?, origins: origins(env, "ALLOWED_ORIGINS")? })
}

fn origins(env: &Env, name: &'static str) -> Result<CorsOrigins, ConfigError> {
    if env.text(name) == Some("*") {
        return Ok(CorsOrigins::Any);
    }
    let origin = |item: &str| {
        let url = Url::parse(item).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let origin = url.origin().ascii_serialization();
        // With a path or a name a page would never match it.
        (url.as_str() == format!("{origin}/")).then_some(origin)
    };
    env.list(name, "* or origins divided by commas, e.g. https://shop.example", origin)
        .map(CorsOrigins::These)
}

fn allowed_hosts(env: &Env, public_url: Option<&Url>) -> Result<AllowedHosts, ConfigError> {
    const NAME: &str = "ALLOWED_HOSTS";
    if env.text(NAME) == Some("*") {
        return Ok(AllowedHosts::Any);
    }
    let host = |item: &str| {
        let is_plain = !item.contains(['/', '@', '?', '#', '*', ' ']);
        let is_host = is_plain && Url::parse(&format!("http://{item}")).is_ok_and(|url| url.has_host());
        is_host.then(|| item.to_ascii_lowercase())
    };
    let takes = "* or host names divided by commas, e.g. mcp.company.example";
    let mut hosts = env.list(NAME, takes, host)?;
    // Who calls there calls this service.
    hosts.extend(public_url.and_then(Url::host_str).map(str::to_owned));
    Ok(AllowedHosts::These(hosts))
}
