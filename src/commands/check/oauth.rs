//! Whether access tokens can be told good from bad.

use std::io::{self, Write};

use mcp_odoo_core::access::oauth::{OAuthConfig, Verifier};

/// Prints what is configured, and asks the authorization server for its keys.
pub(super) async fn check(config: &OAuthConfig, out: &mut impl Write) -> io::Result<bool> {
    let OAuthConfig { issuer, audience, scope_prefix, tenant_claim, .. } = config;
    let claim = tenant_claim.as_deref().unwrap_or("✗");
    writeln!(
        out,
        "OAUTH_ISSUER={issuer} OAUTH_AUDIENCE={audience} OAUTH_SCOPE_PREFIX={scope_prefix} OAUTH_TENANT_CLAIM={claim}"
    )?;
    let checked = match Verifier::new(config.clone()) {
        Ok(verifier) => verifier.check().await,
        Err(error) => Err(error.to_string()),
    };
    match &checked {
        Ok(count) => writeln!(out, "✓ OAUTH: {count} keys of {issuer}; clients call {}", config.resource())?,
        Err(error) => writeln!(out, "✗ OAUTH: {error}")?,
    }
    Ok(checked.is_ok())
}
