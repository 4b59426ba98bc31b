//! The configuration: read once, from the environment and `.env`, into one struct per subsystem.

mod env;
mod messages;
mod s3;
mod twilio;

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use self::env::Env;
pub use self::messages::MessageConfig;
pub use self::s3::{AwsKeys, AwsRole, S3Config};
pub use self::twilio::{Channel, PhoneConfig, TwilioConfig, TwilioSetup};

use crate::language::Language;
use crate::odoo::{OdooConfig, ProtocolChoice};
use crate::quotation::salespeople::SalesConfig;
use crate::tasks::{RepeatWindows, TaskConfig};

/// A configuration that the process cannot start with, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable has a value that it does not take.
    #[error("{name} takes {takes}")]
    Takes {
        /// The variable.
        name: &'static str,
        /// What it takes.
        takes: String,
    },
    /// A variable is missing that another one makes necessary.
    #[error("{name} is required when {because} is set: {takes}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// The variable that makes it necessary.
        because: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// The `.env` file cannot be used.
    #[error("{0}")]
    File(String),
}

impl ConfigError {
    fn takes(name: &'static str, takes: impl Into<String>) -> Self {
        Self::Takes { name, takes: takes.into() }
    }

    fn file(file: &Path, problem: &dyn Display) -> Self {
        Self::File(format!("{}: {problem}", file.display()))
    }
}

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The Odoo to read from; `None` runs the embedded one.
    pub odoo: Option<OdooConfig>,
    /// The Odoo that everything that writes goes to, when it is another one.
    pub dev_odoo: Option<OdooConfig>,
    /// How either is called, and the embedded one.
    pub calls: CallConfig,
    /// Who gets a quotation.
    pub sales: SalesConfig,
    /// Queue, retries and memory.
    pub tasks: TaskConfig,
    /// The web server.
    pub http: HttpConfig,
    /// The MCP endpoints.
    pub mcp: McpConfig,
    /// The account that messages are sent with.
    pub twilio: TwilioSetup,
    /// The phone numbers of this installation.
    pub phones: PhoneConfig,
    /// How salespeople are told.
    pub messages: MessageConfig,
    /// `LANGUAGE`: of the messages.
    pub language: Language,
    /// Whether that is one of those that `LANGUAGE` names, and not the default for want of any.
    pub language_is_known: bool,
    /// `LOG_DIR`: the folder of the log files, which are also the memory of the process.
    pub log_dir: PathBuf,
    /// `LOG_RETENTION_DAYS`: how long log files stay in `log_dir`, in days; 0 for ever.
    pub log_retention_days: u64,
    /// Where copies of the log files go.
    pub s3: Option<S3Config>,
    /// `LOG_LEVEL`
    pub log_level: LogLevel,
}

/// How Odoo is called, whichever Odoo it is.
#[derive(Clone, Copy, Debug)]
pub struct CallConfig {
    /// `ODOO_PROTOCOL`
    pub protocol: ProtocolChoice,
    /// `ODOO_TIMEOUT_SECONDS`
    pub timeout: Duration,
    /// `ODOO_MAX_CONCURRENCY`
    pub max_concurrency: usize,
}

/// The web server.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// `HOST`
    pub host: IpAddr,
    /// `PORT`; 0 takes any free one.
    pub port: u16,
    /// `CORS_ORIGINS`: the web pages elsewhere that may call.
    pub cors: CorsOrigins,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
    /// `MAX_CONNECTIONS`: open connections, at most; more wait.
    pub max_connections: usize,
    /// How long the head of a request may take, and how long a connection may be idle before it. Longer
    /// than what proxies commonly keep idle ones for, which would otherwise meet one just closed.
    pub header_timeout: Duration,
}

/// The MCP endpoints.
#[derive(Clone, Debug)]
pub struct McpConfig {
    /// `MCP_MAX_SESSIONS`: open sessions, at most, and requests without a session at once.
    pub max_sessions: usize,
    /// `MCP_IDLE_SECONDS`: how long a session is kept of whose client nothing is heard.
    pub idle: Duration,
    /// `ALLOWED_HOSTS`: the names, besides those of this machine, under which clients may call; REST, too,
    /// while it listens on this machine only.
    pub allowed_hosts: AllowedHosts,
    /// `ALLOWED_ORIGINS`: the web pages, besides those of this machine, that may call.
    pub allowed_origins: CorsOrigins,
    /// `MCP_INLINE_SECONDS`: how long `dev_create_quotation` waits before it answers that work goes on.
    pub inline: Duration,
}

/// Under which names clients may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedHosts {
    /// `*`
    Any,
    /// These, in lower case, with a port where only that one is meant.
    These(Vec<String>),
}

/// Which web pages of other origins may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `*`
    Any,
    /// These, e.g. `https://shop.example`; empty for none.
    These(Vec<String>),
}

/// How much the process log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl std::str::FromStr for LogLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Self::Error),
            "warn" | "warning" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err(()),
        }
    }
}

impl Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

/// The names under which one account of Odoo is configured; the first that is set counts.
struct OdooNames {
    url: &'static str,
    database: &'static [&'static str],
    login: &'static [&'static str],
    key: &'static str,
    passwords: &'static [&'static str],
}

const ODOO: OdooNames = OdooNames {
    url: "ODOO_URL",
    database: &["ODOO_DB", "ODOO_DATABASE"],
    login: &["ODOO_LOGIN", "ODOO_USER", "ODOO_USERNAME"],
    key: "ODOO_API_KEY",
    passwords: &["ODOO_PASSWORD", "ODOO_PASS"],
};

const DEV_ODOO: OdooNames = OdooNames {
    url: "DEV_ODOO_URL",
    database: &["DEV_ODOO_DB"],
    login: &["DEV_ODOO_LOGIN"],
    key: "DEV_ODOO_API_KEY",
    passwords: &[],
};

/// Every variable that is read.
#[rustfmt::skip]
pub const VARIABLES: &[&str] = &[
    "ODOO_URL", "ODOO_DB", "ODOO_DATABASE", "ODOO_LOGIN", "ODOO_USER", "ODOO_USERNAME", "ODOO_API_KEY",
    "ODOO_PASSWORD", "ODOO_PASS", "DEV_ODOO_URL", "DEV_ODOO_DB", "DEV_ODOO_LOGIN", "DEV_ODOO_API_KEY",
    "ODOO_PROTOCOL", "ODOO_TIMEOUT_SECONDS", "ODOO_MAX_CONCURRENCY", "SALES_TEAM_IDS", "SALES_STAGE_IDS",
    "QUEUE_CAPACITY", "QUOTATION_WORKERS", "QUOTATION_DEADLINE_SECONDS", "TASK_RETENTION_HOURS",
    "REPEAT_WINDOW_SECONDS",
    "HOST", "PORT", "CORS_ORIGINS", "REQUEST_TIMEOUT_SECONDS", "MAX_CONNECTIONS", "LOG_DIR", "LOG_LEVEL",
    "MCP_MAX_SESSIONS", "MCP_IDLE_SECONDS", "MCP_INLINE_SECONDS", "ALLOWED_HOSTS", "ALLOWED_ORIGINS",
    "S3_LOGS_BUCKET", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN",
    "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL", "LOG_RETENTION_DAYS",
    "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM", "TWILIO_SMS_FROM", "TWILIO_CONTENT_SID",
    "TWILIO_API_BASE", "MESSAGE_CHANNEL", "VENDEDOR_WHATSAPP", "DEFAULT_COUNTRY_CODE", "LANGUAGE",
    "HANDOFF_DEADLINE_SECONDS", "PUBLIC_URL", "ELEVENLABS_WEBHOOK_SECRET",
];

/// Of those, what only matters to who serves over HTTP.
#[rustfmt::skip]
pub const HTTP_VARIABLES: &[&str] = &[
    "HOST", "PORT", "CORS_ORIGINS", "REQUEST_TIMEOUT_SECONDS", "MAX_CONNECTIONS", "MCP_MAX_SESSIONS", "MCP_IDLE_SECONDS",
    "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "PUBLIC_URL", "ELEVENLABS_WEBHOOK_SECRET",
];

/// Of those, what is never printed.
#[rustfmt::skip]
pub const SECRET_VARIABLES: &[&str] = &[
    "ODOO_API_KEY", "ODOO_PASSWORD", "ODOO_PASS", "DEV_ODOO_API_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "TWILIO_AUTH_TOKEN", "ELEVENLABS_WEBHOOK_SECRET",
];

impl Config {
    /// Reads the environment and `.env` in the working folder.
    ///
    /// # Errors
    /// One line that names the variable and says what it takes.
    pub fn load() -> Result<Self, ConfigError> {
        Self::from_env(&Env::read(Path::new(".env"), VARIABLES)?)
    }

    /// Reads these variables.
    ///
    /// # Errors
    /// One line that names the variable and says what it takes.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let calls = CallConfig {
            protocol: env.parse("ODOO_PROTOCOL", "auto, json2, jsonrpc or xmlrpc", ProtocolChoice::Auto)?,
            timeout: env.seconds("ODOO_TIMEOUT_SECONDS", 30)?,
            max_concurrency: env.number("ODOO_MAX_CONCURRENCY", 1..=1000, 8)?,
        };
        let odoo = odoo(env, &ODOO, calls)?;
        let dev_odoo = odoo_for_writing(env, odoo.is_some(), calls)?;
        let tasks = TaskConfig::default();
        let messages = messages::messages(env)?;
        let language = language(env)?;
        Ok(Self {
            odoo,
            dev_odoo,
            calls,
            sales: SalesConfig {
                team_ids: env.ids("SALES_TEAM_IDS")?,
                stage_ids: env.ids("SALES_STAGE_IDS")?,
            },
            tasks: TaskConfig {
                queue_capacity: env.number("QUEUE_CAPACITY", 1..=1_000_000, tasks.queue_capacity)?,
                workers: env.number("QUOTATION_WORKERS", 1..=10_000, calls.max_concurrency)?,
                retention: Duration::from_secs(
                    3600 * env.number("TASK_RETENTION_HOURS", 0..=10 * 365 * 24, 24)?,
                ),
                deadline: env.seconds("QUOTATION_DEADLINE_SECONDS", 900)?,
                repeat_windows: repeat_windows(env)?,
                ..tasks
            },
            http: HttpConfig {
                host: env.parse(
                    "HOST",
                    "an IP address, e.g. 127.0.0.1 or 0.0.0.0",
                    IpAddr::from([127, 0, 0, 1]),
                )?,
                port: env.parse("PORT", "a port number, 0 to 65535", 8000)?,
                cors: origins(env, "CORS_ORIGINS")?,
                request_timeout: env.seconds("REQUEST_TIMEOUT_SECONDS", 30)?,
                max_connections: env.number("MAX_CONNECTIONS", 1..=1_000_000, 10_000)?,
                header_timeout: Duration::from_secs(75),
            },
            mcp: McpConfig {
                max_sessions: env.number("MCP_MAX_SESSIONS", 1..=100_000, 1000)?,
                idle: env.seconds("MCP_IDLE_SECONDS", 300)?,
                allowed_hosts: allowed_hosts(env, messages.public_url.as_ref())?,
                allowed_origins: origins(env, "ALLOWED_ORIGINS")?,
                inline: env.seconds("MCP_INLINE_SECONDS", 25)?,
            },
            twilio: twilio::twilio(env)?,
            phones: twilio::phones(env)?,
            messages,
            language: language.unwrap_or_default(),
            language_is_known: language.is_some() || env.text("LANGUAGE").is_none(),
            log_dir: env.text("LOG_DIR").unwrap_or("logs").into(),
            log_retention_days: env.number("LOG_RETENTION_DAYS", 0..=36_500, 0)?,
            s3: S3Config::from_env(env)?,
            log_level: env.parse("LOG_LEVEL", "error, warn, info, debug or trace", LogLevel::Info)?,
        })
    }

    /// The Odoo that quotations are made in, unless it is the embedded one.
    pub fn writing_odoo(&self) -> Option<&OdooConfig> {
        self.dev_odoo.as_ref().or(self.odoo.as_ref())
    }
}

/// One setting for all ways, each of which has its own default.
fn repeat_windows(env: &Env) -> Result<RepeatWindows, ConfigError> {
    const NAME: &str = "REPEAT_WINDOW_SECONDS";
    Ok(match env.text(NAME) {
        None => RepeatWindows::default(),
        Some(_) => {
            let window = Duration::from_secs(env.number(NAME, 0..=86_400, 0)?);
            RepeatWindows { rest: window, mcp: window }
        }
    })
}

fn odoo(env: &Env, names: &OdooNames, calls: CallConfig) -> Result<Option<OdooConfig>, ConfigError> {
    const ADDRESS: &str = "an address, e.g. https://company.odoo.com";
    let secrets = [&[names.key], names.passwords].concat();
    let Some(url) = env.address(names.url, ADDRESS)? else {
        // An account without an address is meant for a real Odoo, not for the embedded one.
        let account = [names.database, names.login, &secrets].concat();
        return match env.first(&account) {
            Some((because, _)) => Err(ConfigError::Missing { name: names.url, because, takes: ADDRESS }),
            None => Ok(None),
        };
    };
    let missing = |name, takes| ConfigError::Missing { name, because: names.url, takes };
    let first = |names: &[&'static str]| names.first().copied().unwrap_or_default();
    let database =
        env.first(names.database).ok_or_else(|| missing(first(names.database), "the database's name"))?;
    let login = env
        .first(names.login)
        .ok_or_else(|| missing(first(names.login), "the login of the service's user"))?;
    let secret =
        env.first(&secrets).ok_or_else(|| missing(names.key, "an API key or password of that user"))?;
    Ok(Some(OdooConfig {
        url,
        database: database.1.to_owned(),
        login: login.1.to_owned(),
        secret: SecretString::from(secret.1),
        secret_is_api_key: secret.0 == names.key,
        protocol: calls.protocol,
        timeout: calls.timeout,
        max_concurrency: calls.max_concurrency,
    }))
}

fn odoo_for_writing(env: &Env, has_odoo: bool, calls: CallConfig) -> Result<Option<OdooConfig>, ConfigError> {
    let dev_odoo = odoo(env, &DEV_ODOO, calls)?;
    if dev_odoo.is_some() && !has_odoo {
        let takes = "the Odoo to read from";
        return Err(ConfigError::Missing { name: ODOO.url, because: DEV_ODOO.url, takes });
    }
    Ok(dev_odoo)
}

/// The system sets this variable, too, for all programs: a language that this one does not have is no mistake.
fn language(env: &Env) -> Result<Option<Language>, ConfigError> {
    let list = env.text("LANGUAGE").unwrap_or_default();
    let is_locale = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.@".contains(c));
    if list.split(':').all(is_locale) {
        return Ok(Language::from_locales(list));
    }
    Err(ConfigError::takes("LANGUAGE", "es, en, or a list of locales, e.g. en_US:en"))
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
