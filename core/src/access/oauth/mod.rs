//! Callers who come with an access token: an OAuth 2.1 resource server. Who hands the tokens out is somebody else's
//! authorization server; what is known of it is its address, and its keys are asked for there.

mod algorithm;
mod claims;
mod discovery;
mod keyring;
mod keys;
mod token;
mod verified;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::keyring::{Keyring, Look};
use self::token::Token;
use self::verified::Verified;
use super::Permissions;

pub use self::claims::Subject;

/// Whose tokens are taken, and for what.
#[derive(Clone, Debug)]
pub struct OAuthConfig {
    /// `OAUTH_ISSUER`: the authorization server, exactly as it writes itself.
    pub issuer: String,
    /// `OAUTH_AUDIENCE`: this service, as tokens must name it.
    pub audience: String,
    /// The address of this service, below which its endpoints are: without a slash at the end.
    pub base: String,
    /// `OAUTH_SCOPE_PREFIX`: stands before the names of permissions in scopes.
    pub scope_prefix: String,
    /// `OAUTH_TENANT_CLAIM`: the claim that names the tenant.
    pub tenant_claim: Option<String>,
    /// How long things take and last.
    pub times: Times,
}

impl OAuthConfig {
    /// This service as clients call it, and as metadata names it.
    pub fn resource(&self) -> String {
        format!("{}/mcp", self.base)
    }

    /// What to ask the authorization server for to have these permissions, divided by blanks.
    pub fn scopes(&self, permissions: Permissions) -> String {
        let scopes: Vec<_> = permissions.iter().map(|it| format!("{}{it}", self.scope_prefix)).collect();
        scopes.join(" ")
    }
}

/// How long things take and last.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How far the clocks may be apart.
    pub leeway: Duration,
    /// How old keys may be before they are asked for again.
    pub max_age: Duration,
    /// How long keys are used while the authorization server cannot be reached.
    pub keep: Duration,
    /// The least time between two times of asking, however many tokens name keys that are not known.
    pub interval: Duration,
    /// How long asking may take in all.
    pub timeout: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            leeway: Duration::from_secs(30),
            max_age: Duration::from_secs(600),
            keep: Duration::from_secs(24 * 3600),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Why a token is not taken. Nothing of the token is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no JWT in compact form, or one that is never read.
    #[error("the access token is not one that this service reads: {0}")]
    Malformed(&'static str),
    /// It is signed in a way that is not taken.
    #[error("the access token is signed by an algorithm that is not taken: use one of {names}", names = algorithm::NAMES)]
    Algorithm,
    /// The authorization server has no such key.
    #[error("the access token is signed by a key that the authorization server does not publish")]
    UnknownKey,
    /// The signature does not belong to it.
    #[error("the signature of the access token is wrong")]
    Signature,
    /// It is from somebody else.
    #[error("the access token is not from the authorization server that this service trusts")]
    Issuer,
    /// It is for somebody else.
    #[error("the access token is not for this service: ask for one with the resource {0}")]
    Audience(String),
    /// It was good.
    #[error("the access token has expired: get a new one")]
    Expired,
    /// It will be good.
    #[error("the access token is not valid yet: compare the clocks")]
    NotYet,
    /// It does not say for whom.
    #[error(
        "the access token has no claim {0} (OAUTH_TENANT_CLAIM): have the authorization server add the tenant"
    )]
    NoTenant(String),
    /// Nobody can tell: the keys of the authorization server are not known.
    #[error("the keys of the authorization server are not known now: repeat later")]
    Unavailable(Duration),
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for OAUTH_ISSUER cannot be built: {0}")]
pub struct OAuthSetupError(String);

/// Tells whose a token is. A cheap handle.
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    config: OAuthConfig,
    keyring: Keyring,
    verified: Verified,
}

impl Verifier {
    /// Asks for nothing yet.
    ///
    /// # Errors
    /// When the HTTP client cannot be built, e.g. without certificates on this machine.
    pub fn new(config: OAuthConfig) -> Result<Self, OAuthSetupError> {
        let keyring = Keyring::new(&config)?;
        Ok(Self(Arc::new(Shared { config, keyring, verified: Verified::default() })))
    }

    /// What it was made with.
    pub fn config(&self) -> &OAuthConfig {
        &self.0.config
    }

    /// Whose token this is, if it was found good before.
    pub fn known(&self, token: &str) -> Option<Arc<Subject>> {
        let Shared { keyring, verified, .. } = &*self.0;
        token::check_length(token).ok()?;
        verified.get(&verified::hash(token), &keyring.known()?, SystemTime::now())
    }

    /// Asks for the keys; tells how many there are.
    ///
    /// # Errors
    /// Why there are none.
    pub async fn check(&self) -> Result<usize, String> {
        self.0.keyring.fetch().await.map(|keys| keys.count())
    }

    /// Whose token this is. It is neither kept nor logged, only its hash and what it says.
    ///
    /// # Errors
    /// Why it is not taken.
    pub async fn verify(&self, token: &str) -> Result<Arc<Subject>, TokenError> {
        let Shared { config, keyring, verified } = &*self.0;
        // Before anything is hashed or parsed.
        token::check_length(token)?;
        if let Some(subject) = self.known(token) {
            return Ok(subject);
        }
        let hash = verified::hash(token);
        let token = Token::parse(token)?;
        let keys = match keyring.look(&token).await {
            Look::Known(keys) => keys,
            Look::Unknown => return Err(TokenError::UnknownKey),
            Look::Unavailable(wait) => return Err(TokenError::Unavailable(wait)),
        };
        let key = keys.find(&token).ok_or(TokenError::UnknownKey)?;
        if !key.has_signed(&token) {
            return Err(TokenError::Signature);
        }
        let now = SystemTime::now();
        let subject = Arc::new(claims::read(&token, config, now)?);
        verified.keep(hash, &keys, &subject, now);
        Ok(subject)
    }
}
