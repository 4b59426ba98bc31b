//! What a token says once its signature is known to be good.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::token::Token;
use super::{OAuthConfig, TokenError};
use crate::access::{Caller, Permission};
use crate::key::digest;

/// Whoever a token was given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who they are: the same for each of their tokens, and nothing can be read from the id. They may do what the scopes
    /// say.
    pub caller: Arc<Caller>,
    /// The program that they use.
    pub client: Option<String>,
    /// The tenants that they may work for; empty without `OAUTH_TENANT_CLAIM`.
    pub tenants: Vec<String>,
    /// From then on the token is no good.
    pub expires: SystemTime,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Names,
    /// A number of seconds, perhaps with a fraction.
    exp: f64,
    nbf: Option<f64>,
    client_id: Option<String>,
    azp: Option<String>,
    scope: Option<Names>,
    scp: Option<Names>,
    /// The key that whoever calls would have to show.
    cnf: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

/// Reads it, if it is for this service and now.
pub(super) fn read(token: &Token<'_>, config: &OAuthConfig, now: SystemTime) -> Result<Subject, TokenError> {
    const INCOMPLETE: TokenError =
        TokenError::Malformed("iss, sub, aud or exp is missing or of a wrong type");
    let claims: Claims = serde_json::from_slice(&token.payload).map_err(|_| INCOMPLETE)?;
    if claims.iss != config.issuer {
        return Err(TokenError::Issuer);
    }
    if !claims.aud.has(&config.audience) {
        return Err(TokenError::Audience(config.resource()));
    }
    let leeway = config.times.leeway;
    let expires = time(claims.exp).and_then(|time| time.checked_add(leeway)).ok_or(INCOMPLETE)?;
    if expires <= now {
        return Err(TokenError::Expired);
    }
    if let Some(nbf) = claims.nbf
        && time(nbf).is_none_or(|nbf| nbf > now + leeway)
    {
        return Err(TokenError::NotYet);
    }
    if claims.cnf.is_some() {
        return Err(TokenError::Malformed(
            "it is bound to a key (cnf), and this service takes bearer tokens",
        ));
    }
    if claims.sub.is_empty() {
        return Err(INCOMPLETE);
    }
    let tenants = match &config.tenant_claim {
        None => Vec::new(),
        Some(claim) => tenants(&token.payload, claim).ok_or_else(|| TokenError::NoTenant(claim.clone()))?,
    };
    let scopes = [(claims.scope, config.scope_prefix.as_str()), (claims.scp, relative(&config.scope_prefix))];
    let permissions = scopes.into_iter().flat_map(|(scopes, prefix)| permissions(scopes, prefix)).collect();
    let mut caller = Caller::known(&format!("oauth:{}", digest(&[&claims.iss, &claims.sub])), permissions);
    caller.token_expires = Some(expires);
    Ok(Subject { caller: caller.into(), client: claims.client_id.or(claims.azp), tenants, expires })
}

/// Entra writes scopes without the resource that they are asked for with: of `api://1234/read` it writes `read`.
fn relative(prefix: &str) -> &str {
    prefix.rsplit_once('/').map_or(prefix, |(_, behind)| behind)
}

/// What the scopes of this service permit; there may be any others.
fn permissions(scopes: Option<Names>, prefix: &str) -> Vec<Permission> {
    let scopes = match scopes {
        Some(Names::One(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Names::Many(scopes)) => scopes,
        None => Vec::new(),
    };
    scopes.iter().filter_map(|scope| scope.strip_prefix(prefix)?.parse().ok()).collect()
}

fn tenants(payload: &[u8], claim: &str) -> Option<Vec<String>> {
    let mut claims: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let tenants = match serde_json::from_value(claims.remove(claim)?).ok()? {
        Names::One(tenant) => vec![tenant],
        Names::Many(tenants) => tenants,
    };
    (!tenants.is_empty() && tenants.iter().all(|tenant| !tenant.is_empty())).then_some(tenants)
}

/// `None` where no clock goes.
fn time(seconds: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

impl Names {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}
