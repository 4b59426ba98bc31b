//! Who may call at all, as the operator sets it.

use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;

use super::oauth::OAuthConfig;

/// Who may call.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// `MCP_MODE`: nothing is changed, whoever asks.
    pub read_only: bool,
    /// `API_KEY`: one key with every permission.
    pub api_key: Option<SecretString>,
    /// `ACCESS_FILE`: callers, tenants and models.
    pub file: Option<PathBuf>,
    /// `OAUTH_ISSUER`: whose access tokens are taken, and for what.
    pub oauth: Option<OAuthConfig>,
    /// `ALLOW_ANONYMOUS`: whoever reaches this service may use it, also beyond this machine.
    pub allow_anonymous: bool,
    /// `ALLOWED_IPS`: the networks that may call; empty for all.
    pub allowed_ips: Vec<IpNet>,
    /// `TRUSTED_PROXIES`: whose word counts for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
}

impl AccessConfig {
    /// Whether callers must say who they are.
    pub fn asks_for_keys(&self) -> bool {
        self.api_key.is_some() || self.file.is_some() || self.oauth.is_some()
    }
}
