//! Whose access tokens are taken.

use mcp_odoo_core::access::oauth::{OAuthConfig, Times};
use mcp_odoo_core::odoo::http::is_loopback;
use url::Url;

use super::{ConfigError, Env};

const ISSUER: &str = "OAUTH_ISSUER";
const ISSUER_TAKES: &str = "the address of an authorization server as it writes it in its metadata, https or on this \
                            machine, e.g. https://login.company.example/realms/sales";

/// `None` without `OAUTH_ISSUER`, which all else belongs to.
pub(super) fn oauth(env: &Env) -> Result<Option<OAuthConfig>, ConfigError> {
    let Some(issuer) = env.text(ISSUER) else {
        let others = ["OAUTH_AUDIENCE", "OAUTH_SCOPE_PREFIX", "OAUTH_TENANT_CLAIM"];
        let set = others.into_iter().find(|name| env.text(name).is_some());
        let missing = |because| ConfigError::Missing { name: ISSUER, because, takes: ISSUER_TAKES };
        return set.map(missing).map_or(Ok(None), Err);
    };
    let url = env.address(ISSUER, ISSUER_TAKES)?;
    if !url.is_some_and(|url| url.scheme() == "https" || is_loopback(&url)) {
        return Err(ConfigError::takes(ISSUER, ISSUER_TAKES));
    }
    let audience =
        word(env, "OAUTH_AUDIENCE", "what tokens name this service by, e.g. https://quotes.company.com/mcp")?;
    let takes = "an address, e.g. https://quotes.company.com";
    let base = match (env.address("PUBLIC_URL", takes)?, &audience) {
        (Some(url), _) => Some(url.as_str().trim_end_matches('/').to_owned()),
        (None, Some(audience)) => address_of_service(audience),
        (None, None) => None,
    };
    let base = base.ok_or(ConfigError::Missing {
        name: "PUBLIC_URL",
        because: ISSUER,
        takes: "this service as clients call it, e.g. https://quotes.company.com; OAUTH_AUDIENCE is enough where it is \
                that address with /mcp behind it",
    })?;
    Ok(Some(OAuthConfig {
        issuer: issuer.to_owned(),
        audience: audience.unwrap_or_else(|| format!("{base}/mcp")),
        base,
        scope_prefix: word(
            env,
            "OAUTH_SCOPE_PREFIX",
            "what stands before read, write and so on, e.g. odoo:",
        )?
        .unwrap_or_else(|| "odoo:".to_owned()),
        tenant_claim: word(env, "OAUTH_TENANT_CLAIM", "the name of a claim, e.g. tenant")?,
        times: Times::default(),
    }))
}

/// Where the audience is the address of the endpoint.
fn address_of_service(audience: &str) -> Option<String> {
    let url = Url::parse(audience).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(|url| url.has_host())?;
    audience.strip_suffix("/mcp").map(str::to_owned)
}

/// It goes into headers, between quotation marks and blanks.
fn word(env: &Env, name: &'static str, takes: &'static str) -> Result<Option<String>, ConfigError> {
    let Some(text) = env.text(name) else { return Ok(None) };
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    if text.len() <= 255 && text.bytes().all(is_plain) {
        Ok(Some(text.to_owned()))
    } else {
        Err(ConfigError::takes(name, takes))
    }
}
