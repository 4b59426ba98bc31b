//! Who may call.

use ipnet::IpNet;
use mcp_odoo_core::access::AccessConfig;
use mcp_odoo_core::access::file::network;
use mcp_odoo_core::tenants::{DEFAULT_HOSTS, HeaderConfig, TenantHosts, system_lookup};
use secrecy::SecretString;

use super::{ConfigError, Env};

pub(super) fn access(env: &Env) -> Result<AccessConfig, ConfigError> {
    Ok(AccessConfig {
        read_only: match env.text("MCP_MODE") {
            None | Some("readwrite") => false,
            Some("readonly") => true,
            Some(_) => return Err(ConfigError::takes("MCP_MODE", "readonly or readwrite")),
        },
        api_key: api_key(env)?,
        oauth: super::oauth::oauth(env)?,
        file: env.text("ACCESS_FILE").map(Into::into),
        allow_anonymous: env.parse("ALLOW_ANONYMOUS", "true or false", false)?,
        allowed_ips: networks(env, "ALLOWED_IPS")?,
        trusted_proxies: networks(env, "TRUSTED_PROXIES")?,
    })
}

/// Read also where it is not allowed: a bad value is told either way.
pub(super) fn tenant_headers(env: &Env) -> Result<Option<HeaderConfig>, ConfigError> {
    let hosts = env.text("TENANT_HOSTS").unwrap_or(DEFAULT_HOSTS).parse::<TenantHosts>();
    let hosts = hosts.map_err(|takes| ConfigError::takes("TENANT_HOSTS", takes.to_string()))?;
    match env.text("TENANT_HEADERS") {
        None | Some("deny") => Ok(None),
        Some("allow") => Ok(Some(HeaderConfig { hosts, lookup: system_lookup() })),
        Some(_) => Err(ConfigError::takes("TENANT_HEADERS", "allow or deny")),
    }
}

/// A short key can be guessed.
fn api_key(env: &Env) -> Result<Option<SecretString>, ConfigError> {
    const SHORTEST: usize = 16;
    let Some(key) = env.text("API_KEY") else { return Ok(None) };
    let is_sent_whole = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.len() < SHORTEST || !is_sent_whole {
        let takes = "a key of at least 16 visible ASCII characters, e.g. what `openssl rand -hex 32` prints";
        return Err(ConfigError::takes("API_KEY", takes));
    }
    Ok(Some(key.into()))
}

fn networks(env: &Env, name: &'static str) -> Result<Vec<IpNet>, ConfigError> {
    let takes = "networks or addresses divided by commas, e.g. 10.0.0.0/8,192.168.1.5";
    env.list(name, takes, |item| network(item).ok())
}
