//! The configuration file: JSON with the names that others' servers for Odoo use. It only gives values to the variables, so
//! that each setting is read, checked and explained in one place.

use std::borrow::Cow;
use std::path::Path;

use garde::Validate;
use mcp_odoo_core::input::{self, FieldError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::ConfigError;
use super::log::LEVELS;
use crate::json;
use crate::telemetry::LogLevel;

/// Of a text where a number is needed, bytes that are told.
const MOST_ECHOED: usize = 40;

/// Where it is looked for when none is named.
pub const DEFAULT: &str = "odoo_mcp/config/config.json";

/// The settings of mcp-odoo as a JSON file. A variable of the environment or of .env wins over each of them.
#[derive(Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub struct ConfigFile {
    /// Address of Odoo (ODOO_URL); without it the embedded Odoo is used
    odoo_url: Option<String>,
    /// Name of the database (ODOO_DB)
    database: Option<String>,
    /// Login of the service's user (ODOO_LOGIN)
    username: Option<String>,
    /// An API key or password of that user (ODOO_API_KEY)
    api_key: Option<String>,
    /// A password of that user, instead of api_key (ODOO_PASSWORD)
    password: Option<String>,
    /// auto, json2, jsonrpc or xmlrpc (ODOO_PROTOCOL)
    protocol: Option<String>,
    /// What runs when no command is named: stdio when left out (CONNECTION_TYPE)
    connection_type: Option<Connection>,
    /// The same by another name
    transport_type: Option<Connection>,
    /// What each caller may ask for in a minute (REQUESTS_PER_MINUTE)
    requests_per_minute: Option<Whole<1, 1_000_000_000>>,
    /// How long a call over it waits, less than REQUEST_TIMEOUT_SECONDS (RATE_LIMIT_MAX_WAIT_SECONDS)
    rate_limit_max_wait_seconds: Option<Whole<0, 604_799>>,
    /// Calls to Odoo at once (ODOO_MAX_CONCURRENCY)
    pool_size: Option<Whole<1, 1000>>,
    /// Seconds that one call to Odoo may take (ODOO_TIMEOUT_SECONDS)
    timeout: Option<Whole<1, 604_800>>,
    /// How long a session is kept of whose client nothing is heard (MCP_IDLE_SECONDS)
    session_timeout_minutes: Option<Whole<1, 10_080>>,
    /// The web server
    http: Http,
    /// The process log
    logging: Logging,
    /// What is remembered of models and fields
    cache: Cache,
    /// For MCP clients that read this file, too; left to them
    #[serde(rename = "mcpServers")]
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    _clients: Option<Value>,
}

/// What runs when no command is named.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Connection {
    /// MCP on stdin and stdout
    Stdio,
    /// The HTTP server, in all its forms
    Http,
    /// The same
    StreamableHttp,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Http {
    /// IP address to listen on (HOST)
    host: Option<String>,
    /// Port to listen on (PORT)
    port: Option<Whole<0, 65_535>>,
    /// Answers are streams to clients that accept text/event-stream, and whole to others, whatever is said here; false beside
    /// connection_type streamable_http is refused
    streamable: Option<bool>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Logging {
    /// DEBUG, INFO, WARNING, ERROR or CRITICAL, of handlers that say none (LOG_LEVEL)
    level: Option<String>,
    /// Python's form, of %(asctime)s %(levelname)s %(name)s %(message)s %(process)d (LOG_FORMAT)
    format: Option<String>,
    /// Where lines go: stderr when left out (LOG_HANDLERS)
    handlers: Vec<Handler>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Handler {
    /// StreamHandler: stderr; FileHandler: a file
    r#type: HandlerType,
    /// The file, of a FileHandler
    filename: Option<String>,
    /// What it writes, whatever logging.level says
    level: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
enum HandlerType {
    StreamHandler,
    FileHandler,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Cache {
    /// false: nothing is remembered, as with a ttl of 0
    enabled: Option<bool>,
    /// Seconds (CACHE_TTL_SECONDS)
    ttl: Option<Whole<0, 86_400>>,
    /// Models (CACHE_MAX_SIZE)
    max_size: Option<Whole<1, 100_000>>,
}

/// A whole number within the bounds that its variable has, too.
#[derive(Clone, Copy, Debug)]
struct Whole<const MIN: u64, const MAX: u64>(u64);

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
        let number = text.strip_suffix(".0").unwrap_or(&text).parse().ok();
        number.filter(|number| (MIN..=MAX).contains(number)).map(Self).ok_or_else(|| {
            let given = match &value {
                Value::Array(_) => "a list".to_owned(),
                Value::Object(_) => "an object".to_owned(),
                Value::String(text) if text.len() > MOST_ECHOED => "a text".to_owned(),
                given => given.to_string(),
            };
            D::Error::custom(format!("must be a whole number from {MIN} to {MAX}, not {given}"))
        })
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// The key that gives a variable its value.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("ODOO_URL", "odoo_url"),
    ("ODOO_DB", "database"),
    ("ODOO_LOGIN", "username"),
    ("ODOO_API_KEY", "api_key"),
    ("ODOO_PASSWORD", "password"),
    ("ODOO_PROTOCOL", "protocol"),
    ("CONNECTION_TYPE", "connection_type"),
    ("REQUESTS_PER_MINUTE", "requests_per_minute"),
    ("RATE_LIMIT_MAX_WAIT_SECONDS", "rate_limit_max_wait_seconds"),
    ("ODOO_MAX_CONCURRENCY", "pool_size"),
    ("ODOO_TIMEOUT_SECONDS", "timeout"),
    ("MCP_IDLE_SECONDS", "session_timeout_minutes"),
    ("HOST", "http.host"),
    ("PORT", "http.port"),
    ("LOG_LEVEL", "logging.level"),
    ("LOG_FORMAT", "logging.format"),
    ("LOG_HANDLERS", "logging.handlers"),
    ("CACHE_TTL_SECONDS", "cache.ttl"),
    ("CACHE_MAX_SIZE", "cache.max_size"),
];

/// What the file sets, as the variables it sets; nothing of one that is not there, unless it was named.
///
/// # Errors
/// Everything that is wrong with the file, in one line.
pub(super) fn read(named: Option<&Path>) -> Result<Vec<(&'static str, String)>, ConfigError> {
    let file = named.unwrap_or(Path::new(DEFAULT));
    if named.is_none() && !file.exists() {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(file).map_err(|error| ConfigError::file(file, &error))?;
    parse(&bytes).map_err(|problem| ConfigError::file(file, &problem))
}

fn parse(bytes: &[u8]) -> Result<Vec<(&'static str, String)>, String> {
    if let Some(path) = json::twice(bytes) {
        return Err(format!("{path} {}", json::TWICE));
    }
    let json: Value = serde_json::from_slice(bytes)
        .map_err(|error| format!("is not JSON: line {}, column {}", error.line(), error.column()))?;
    let file: ConfigFile = input::parse(json).map_err(|errors| told(&errors))?;
    file.variables()
}

/// In one line: the keys that there are not by their names only, everything else with what it must be.
fn told(errors: &[FieldError]) -> String {
    let is_unknown = |error: &&FieldError| error.message.starts_with("unknown field");
    let unknown: Vec<_> = errors.iter().filter(is_unknown).map(|error| error.path.as_str()).collect();
    let others = errors.iter().filter(|error| !is_unknown(error));
    let mut said: Vec<_> = others
        .map(|FieldError { path, message }| match path.as_str() {
            "" => message.clone(),
            path => format!("{path}: {message}"),
        })
        .collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        said.push(format!("unknown: {unknown}; `mcp-odoo config schema` shows what there is"));
    }
    said.join("; ")
}

impl ConfigFile {
    fn variables(&self) -> Result<Vec<(&'static str, String)>, String> {
        let Self { http, logging, cache, .. } = self;
        let ttl = if cache.enabled == Some(false) { Some("0".to_owned()) } else { text(cache.ttl) };
        let minutes = self.session_timeout_minutes.map(|Whole(minutes)| (minutes * 60).to_string());
        let handlers: Vec<_> =
            logging.handlers.iter().enumerate().map(handler).collect::<Result<_, String>>()?;
        let values = [
            ("ODOO_URL", self.odoo_url.clone()),
            ("ODOO_DB", self.database.clone()),
            ("ODOO_LOGIN", self.username.clone()),
            ("ODOO_API_KEY", self.api_key.clone()),
            ("ODOO_PASSWORD", self.password.clone()),
            ("ODOO_PROTOCOL", self.protocol.clone()),
            ("CONNECTION_TYPE", Some(self.connection()?)),
            ("REQUESTS_PER_MINUTE", text(self.requests_per_minute)),
            ("RATE_LIMIT_MAX_WAIT_SECONDS", text(self.rate_limit_max_wait_seconds)),
            ("ODOO_MAX_CONCURRENCY", text(self.pool_size)),
            ("ODOO_TIMEOUT_SECONDS", text(self.timeout)),
            ("MCP_IDLE_SECONDS", minutes),
            ("HOST", http.host.clone()),
            ("PORT", text(http.port)),
            ("LOG_LEVEL", logging.level.clone()),
            ("LOG_FORMAT", logging.format.clone()),
            ("LOG_HANDLERS", Some(handlers.join(","))),
            ("CACHE_TTL_SECONDS", ttl),
            ("CACHE_MAX_SIZE", text(cache.max_size)),
        ];
        Ok(values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }

    fn connection(&self) -> Result<String, String> {
        let connection = match (self.connection_type, self.transport_type) {
            (Some(one), Some(other)) if one != other => {
                return Err("connection_type and transport_type say different things: give one".to_owned());
            }
            (one, other) => one.or(other).unwrap_or(Connection::Stdio),
        };
        if connection == Connection::StreamableHttp && self.http.streamable == Some(false) {
            return Err("http.streamable is false, but connection_type is streamable_http: \
                        set it to true, or connection_type to http"
                .to_owned());
        }
        Ok(json!(connection).as_str().unwrap_or_default().to_owned())
    }
}

fn text<const MIN: u64, const MAX: u64>(number: Option<Whole<MIN, MAX>>) -> Option<String> {
    number.map(|Whole(number)| number.to_string())
}

/// As `LOG_HANDLERS` takes it.
fn handler((index, handler): (usize, &Handler)) -> Result<String, String> {
    let at = format!("logging.handlers[{index}]");
    let level = match handler.level.as_deref() {
        Some(level) if level.trim().parse::<LogLevel>().is_err() => {
            return Err(format!("{at}.level takes {LEVELS}"));
        }
        level => level.map(|level| format!("={level}")).unwrap_or_default(),
    };
    match (handler.r#type, &handler.filename) {
        (HandlerType::StreamHandler, None) => Ok(format!("stderr{level}")),
        (HandlerType::StreamHandler, Some(_)) => {
            Err(format!("{at}.filename is of a FileHandler: a StreamHandler writes to stderr"))
        }
        (HandlerType::FileHandler, Some(name)) if !name.is_empty() && !name.contains([',', '=']) => {
            Ok(format!("file:{name}{level}"))
        }
        (HandlerType::FileHandler, _) => {
            Err(format!("{at}.filename must be the name of a file, without commas and equals signs"))
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use super::{ConfigFile, KEYS};
    use crate::config::{Config, Env};

    /// What the file says of a number is what its variable takes.
    #[test]
    fn numbers_have_the_bounds_of_their_variables() {
        let schema = schema_for!(ConfigFile).to_value();
        let resolved = |path: &str| {
            let mut at = &schema;
            for key in path.split('.') {
                at = &at["properties"][key];
                if let Some(definition) = at["$ref"].as_str() {
                    at = schema.pointer(definition.trim_start_matches('#')).unwrap();
                }
            }
            at
        };
        let takes = |variable: &str, value: u64| {
            let given = [(variable, value.to_string()), ("REQUEST_TIMEOUT_SECONDS", "604800".to_owned())];
            let env: Env = given.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
            Config::from_env(&env).is_ok()
        };
        let mut seen = 0;
        for (variable, key) in KEYS {
            let unit = if key.ends_with("minutes") { 60 } else { 1 };
            let bound = |name: &str| resolved(key)[name].as_u64().map(|bound| bound * unit);
            let (Some(least), Some(most)) = (bound("minimum"), bound("maximum")) else { continue };
            seen += 1;
            assert!(takes(variable, least) && takes(variable, most), "{variable} from {least} to {most}");
            assert!(!takes(variable, most + 1), "{variable}: {most}");
            assert!(least == 0 || !takes(variable, least - unit), "{variable}: {least}");
        }
        assert_eq!(seen, 8);
    }
}
