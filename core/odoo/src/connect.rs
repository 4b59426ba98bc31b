//! Finds out what the server speaks and who the account is there.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    Call, OdooConfig, OdooError, Protocol, ProtocolChoice,
    lanes::Lane,
    transport::{Received, Transport},
    wire::{Credentials, Request, http, jsonrpc, xmlrpc},
};

const JSON2_SINCE: u32 = 19;

/// The version of an Odoo server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The major version, 18.
    pub major: u32,
    /// The version as the server writes it, `18.0+e-20241005`.
    pub text: String,
}

impl Version {
    /// Whether every model has [`Odoo::web_read`](crate::Odoo::web_read).
    pub fn has_web_read(&self) -> bool {
        self.major >= 17
    }
}

/// What connecting found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The server's version.
    pub version: Version,
    /// The protocol in use.
    pub protocol: Protocol,
    /// The account's user id.
    pub uid: i64,
}

/// The two protocols that have a `common` service to ask for the version and to log in.
#[derive(Clone, Copy)]
enum Rpc {
    Json,
    Xml,
}

impl Rpc {
    fn protocol(self) -> Protocol {
        match self {
            Self::Json => Protocol::JsonRpc,
            Self::Xml => Protocol::XmlRpc,
        }
    }

    fn common(self, method: &str, args: &[Value]) -> Result<Request, OdooError> {
        match self {
            Self::Json => Ok(jsonrpc::common(method, args)),
            Self::Xml => xmlrpc::common(method, args),
        }
    }
}

pub(crate) async fn connect(config: &OdooConfig, transport: &Transport) -> Result<Connection, OdooError> {
    Connector { config, transport }.connect().await
}

pub(crate) fn credentials(config: &OdooConfig) -> Credentials<'_> {
    Credentials { database: &config.database, secret: config.secret.expose_secret() }
}

struct Connector<'a> {
    config: &'a OdooConfig,
    transport: &'a Transport,
}

impl Connector<'_> {
    async fn connect(&self) -> Result<Connection, OdooError> {
        match self.config.protocol {
            ProtocolChoice::Auto => self.auto().await,
            ProtocolChoice::Json2 => {
                let version = self.first_open().await?.map_or_else(|_| json2_only(), |(_, version)| version);
                self.json2(version).await
            }
            ProtocolChoice::JsonRpc => self.only(Rpc::Json).await,
            ProtocolChoice::XmlRpc => self.only(Rpc::Xml).await,
        }
    }

    async fn auto(&self) -> Result<Connection, OdooError> {
        let has_key = self.config.secret_is_api_key;
        match self.first_open().await? {
            Ok((rpc, version)) if has_key && version.major >= JSON2_SINCE => {
                match self.json2(version.clone()).await {
                    // The key may be a password, or a proxy may keep JSON-2 closed.
                    Err(OdooError::AccessDenied(_) | OdooError::AccessError(_) | OdooError::Unknown(_)) => {
                        self.log_in(rpc, version).await
                    }
                    Err(OdooError::Gateway(status)) if status == 401 || http::is_closing(status) => {
                        self.log_in(rpc, version).await
                    }
                    outcome => outcome,
                }
            }
            Ok((rpc, version)) => self.log_in(rpc, version).await,
            Err(_) if has_key => self.json2(json2_only()).await,
            Err(closed) => Err(closed),
        }
    }

    /// All wait for the connection, so it is never made behind others.
    async fn post(&self, request: Request) -> Result<Received<'_>, OdooError> {
        self.transport.post(request, Lane::First).await
    }

    async fn only(&self, rpc: Rpc) -> Result<Connection, OdooError> {
        let answer = self.post(rpc.common("version", &[])?).await?;
        let version = version(&rpc.protocol().decode(&answer)?)?;
        self.log_in(rpc, version).await
    }

    /// The first of JSON-RPC and XML-RPC that is open, and the version it tells; else what the last one answered.
    async fn first_open(&self) -> Result<Result<(Rpc, Version), OdooError>, OdooError> {
        let mut closed = OdooError::malformed("no answer");
        for rpc in [Rpc::Json, Rpc::Xml] {
            let answer = self.post(rpc.common("version", &[])?).await?;
            if !http::is_closed(&answer) {
                return Ok(Ok((rpc, version(&rpc.protocol().decode(&answer)?)?)));
            }
            closed = http::unexplained(&answer);
        }
        Ok(Err(closed))
    }

    async fn log_in(&self, rpc: Rpc, version: Version) -> Result<Connection, OdooError> {
        let OdooConfig { database, login, secret, .. } = self.config;
        let args = [json!(database), json!(login), json!(secret.expose_secret()), json!({})];
        let answer = self.post(rpc.common("authenticate", &args)?).await?;
        let protocol = rpc.protocol();
        match protocol.decode(&answer)? {
            Value::Bool(false) | Value::Null => {
                Err(OdooError::AccessDenied("wrong login, password or API key".to_owned()))
            }
            uid => Ok(Connection { version, protocol, uid: user_id(&uid)? }),
        }
    }

    async fn json2(&self, version: Version) -> Result<Connection, OdooError> {
        let (protocol, call) = (Protocol::Json2, Call::new("res.users", "context_get"));
        let answer = self.post(protocol.encode(credentials(self.config), 0, &call)?).await?;
        let context = protocol.decode(&answer)?;
        Ok(Connection { version, protocol, uid: user_id(context.get("uid").unwrap_or_default())? })
    }
}

/// A server that has closed both older protocols does not tell its version.
fn json2_only() -> Version {
    Version { major: JSON2_SINCE, text: "19 or later".to_owned() }
}

fn user_id(value: &Value) -> Result<i64, OdooError> {
    value.as_i64().ok_or_else(|| OdooError::malformed("the user id is not a number"))
}

fn version(answer: &Value) -> Result<Version, OdooError> {
    let text = answer.get("server_version").and_then(Value::as_str).unwrap_or_default();
    // Odoo Online says `saas~18.2`.
    let major =
        text.trim_start_matches(|c: char| !c.is_ascii_digit()).split(|c: char| !c.is_ascii_digit()).next();
    match major.and_then(|digits| digits.parse().ok()) {
        Some(major) => Ok(Version { major, text: text.to_owned() }),
        None => Err(OdooError::malformed("not an answer of Odoo: it has no version")),
    }
}
