//! What the client must be told.

use std::{fmt, str::FromStr, time::Duration};

use secrecy::SecretString;
use url::Url;

/// One Odoo server, the account to use there, and how to talk to it.
#[derive(Clone)]
pub struct OdooConfig {
    /// The server's address, with a path if Odoo lives under one.
    pub url: Url,
    /// The database's name.
    pub database: String,
    /// The login of the account.
    pub login: String,
    /// Its password or API key.
    pub secret: SecretString,
    /// Whether the secret was given as an API key. It may be a password all the same.
    pub secret_is_api_key: bool,
    /// The protocol to use, or `Auto`.
    pub protocol: ProtocolChoice,
    /// How long one request may take, from opening the connection to the last byte of the answer.
    pub timeout: Duration,
    /// How many requests may be under way at once (at least one).
    pub max_concurrency: usize,
}

impl fmt::Debug for OdooConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OdooConfig")
            .field("host", &self.url.host_str())
            .field("database", &self.database)
            .field("login", &self.login)
            .field("secret", &"***")
            .field("secret_is_api_key", &self.secret_is_api_key)
            .field("protocol", &self.protocol)
            .field("timeout", &self.timeout)
            .field("max_concurrency", &self.max_concurrency)
            .finish()
    }
}

/// Which protocol to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolChoice {
    /// Ask the server's version and take the best one that is open.
    #[default]
    Auto,
    /// JSON-2 (Odoo 19 and later, API keys only).
    Json2,
    /// JSON-RPC.
    JsonRpc,
    /// XML-RPC.
    XmlRpc,
}

impl FromStr for ProtocolChoice {
    type Err = OdooConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "json2" => Ok(Self::Json2),
            "jsonrpc" => Ok(Self::JsonRpc),
            "xmlrpc" => Ok(Self::XmlRpc),
            _ => Err(OdooConfigError::Protocol),
        }
    }
}

impl fmt::Display for ProtocolChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Json2 => "json2",
            Self::JsonRpc => "jsonrpc",
            Self::XmlRpc => "xmlrpc",
        })
    }
}

/// Why a client cannot be built from a configuration.
#[derive(Debug, thiserror::Error)]
pub enum OdooConfigError {
    /// Not one of the protocols' names.
    #[error("takes auto, json2, jsonrpc or xmlrpc")]
    Protocol,
    /// Not an address of a web server.
    #[error(
        "the address of Odoo must be http:// or https:// with a host and without a user name or password"
    )]
    Url,
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built: {0}")]
    Http(String),
}
