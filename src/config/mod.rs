//! The configuration: read once, from the environment, `.env` and a JSON file, into the settings that each part owns. No part knows of
//! this module, only what puts the parts together.

mod access;
mod env;
mod file;
mod log;
mod messages;
mod oauth;
mod odoo;
mod s3;
mod twilio;
mod watch;
mod web;

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_odoo_archive::S3Config;
use mcp_odoo_core::access::AccessConfig;
use mcp_odoo_core::audit::AuditConfig;
use mcp_odoo_core::language::Language;
use mcp_odoo_core::limits::LimitsConfig;
use mcp_odoo_core::messages::MessageConfig;
use mcp_odoo_core::odoo::OdooConfig;
use mcp_odoo_core::quotation::salespeople::SalesConfig;
use mcp_odoo_core::records::MetadataConfig;
use mcp_odoo_core::tasks::{RepeatWindows, TaskConfig};
use mcp_odoo_core::tenants::{Common, HeaderConfig};
use mcp_odoo_core::twilio::TwilioSetup;
use mcp_odoo_core::watching::WatchConfig;
use mcp_odoo_tools::Toolsets;

pub use self::env::Env;
pub use self::file::ConfigFile;
pub use self::odoo::CallConfig;
pub use crate::mcp::McpConfig;
pub use crate::middleware::hosts::{Allowed, AllowedHosts, CorsOrigins};
pub use crate::server::HttpConfig;
pub use crate::telemetry::{LineFormat, LogConfig, LogHandler, LogLevel, LogTarget};

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
    /// `TOOLSETS`: the tools that are listed.
    pub toolsets: Toolsets,
    /// `TENANT_HEADERS`, `TENANT_HOSTS`: whether callers may bring their own Odoo, and which.
    pub tenant_headers: Option<HeaderConfig>,
    /// After how long without work a tenant leaves memory.
    pub tenant_idle: Duration,
    /// Who may call, and what.
    pub access: AccessConfig,
    /// How much callers may ask for.
    pub limits: LimitsConfig,
    /// Where it is noted who has what done.
    pub audit: AuditConfig,
    /// Under which names the service may be called, and from which web pages MCP may be.
    pub allowed: Allowed,
    /// The account that messages are sent with.
    pub twilio: TwilioSetup,
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
    /// The process log.
    pub log: LogConfig,
    /// How long what Odoo says of itself is remembered.
    pub metadata: MetadataConfig,
    /// How what callers watch is looked at.
    pub watching: WatchConfig,
    /// `CONNECTION_TYPE`: what runs when no command is named.
    pub connection: Connection,
}

/// How MCP is served when no command says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Over stdin and stdout.
    Stdio,
    /// Over HTTP, in all its forms.
    Http,
}

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
    "HANDOFF_DEADLINE_SECONDS", "PUBLIC_URL", "ELEVENLABS_WEBHOOK_SECRET", "MCP_MODE", "API_KEY", "ACCESS_FILE",
    "ALLOW_ANONYMOUS", "ALLOWED_IPS", "TRUSTED_PROXIES", "TENANT_HEADERS", "TENANT_HOSTS", "REQUESTS_PER_MINUTE",
    "REQUESTS_PER_HOUR", "REQUESTS_PER_DAY", "RATE_LIMIT_MAX_WAIT_SECONDS", "AUDIT_REQUIRED", "AUDIT_RETENTION_DAYS",
    "OAUTH_ISSUER", "OAUTH_AUDIENCE", "OAUTH_SCOPE_PREFIX", "OAUTH_TENANT_CLAIM", "TOOLSETS", "LOG_FORMAT",
    "LOG_HANDLERS", "CACHE_TTL_SECONDS", "CACHE_MAX_SIZE", "CONNECTION_TYPE",
];

/// Of those, what only matters to who serves over HTTP.
#[rustfmt::skip]
pub const HTTP_VARIABLES: &[&str] = &[
    "HOST", "PORT", "CORS_ORIGINS", "REQUEST_TIMEOUT_SECONDS", "MAX_CONNECTIONS", "MCP_MAX_SESSIONS", "MCP_IDLE_SECONDS",
    "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "PUBLIC_URL", "ELEVENLABS_WEBHOOK_SECRET", "API_KEY", 
    "ALLOW_ANONYMOUS", "ALLOWED_IPS", "TRUSTED_PROXIES", "TENANT_HEADERS", "TENANT_HOSTS",
    "OAUTH_ISSUER", "OAUTH_AUDIENCE", "OAUTH_SCOPE_PREFIX", "OAUTH_TENANT_CLAIM", "CONNECTION_TYPE",
];

/// Of those, what is never printed.
#[rustfmt::skip]
pub const SECRET_VARIABLES: &[&str] = &[
    "ODOO_API_KEY", "ODOO_PASSWORD", "ODOO_PASS", "DEV_ODOO_API_KEY", "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "TWILIO_AUTH_TOKEN", "ELEVENLABS_WEBHOOK_SECRET", "API_KEY",
];

impl Config {
    /// Reads the environment, `.env` in the working folder, and the configuration file, where there is one.
    ///
    /// # Errors
    /// One line that names the variable or the key and says what it takes.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_env(&Self::variables(file)?)
    }

    /// The variables that [`Self::load`] reads.
    ///
    /// # Errors
    /// When `.env` or the configuration file cannot be read.
    pub fn variables(file: Option<&Path>) -> Result<Env, ConfigError> {
        Env::read_with(Path::new(".env"), VARIABLES, file)
    }

    /// Reads these variables.
    ///
    /// # Errors
    /// One line that names the variable and says what it takes.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Self::read(env).map_err(|error| env.explain(error))
    }

    fn read(env: &Env) -> Result<Self, ConfigError> {
        let calls = odoo::calls(env)?;
        let (odoo, dev_odoo) = odoo::accounts(env, calls)?;
        let tasks = TaskConfig::default();
        let messages = messages::messages(env)?;
        let language = language(env)?;
        let http = web::http(env)?;
        let log_dir: PathBuf = env.text("LOG_DIR").unwrap_or("logs").into();
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
            limits: watch::limits(env, http.request_timeout)?,
            http,
            mcp: web::mcp(env)?,
            toolsets: env.parse("TOOLSETS", Toolsets::TAKES, Toolsets::default())?,
            tenant_headers: access::tenant_headers(env)?,
            tenant_idle: Duration::from_secs(600),
            access: access::access(env)?,
            allowed: web::allowed(env, messages.public_url.as_ref())?,
            twilio: twilio::twilio(env)?,
            messages,
            language: language.unwrap_or_default(),
            language_is_known: language.is_some() || env.text("LANGUAGE").is_none(),
            audit: watch::audit(env, &log_dir)?,
            log_dir,
            log_retention_days: env.number("LOG_RETENTION_DAYS", 0..=36_500, 0)?,
            s3: s3::s3(env)?,
            log: log::log(env)?,
            metadata: MetadataConfig {
                ttl: Duration::from_secs(env.number("CACHE_TTL_SECONDS", 0..=86_400, 300)?),
                max_size: env.number("CACHE_MAX_SIZE", 1..=100_000, 1000)?,
            },
            watching: WatchConfig::default(),
            connection: match env.text("CONNECTION_TYPE") {
                Some("stdio") => Connection::Stdio,
                None | Some("http" | "streamable_http") => Connection::Http,
                Some(_) => {
                    return Err(ConfigError::takes("CONNECTION_TYPE", "stdio, http or streamable_http"));
                }
            },
        })
    }

    /// What all tenants have in common.
    pub fn common(&self) -> Common {
        let CallConfig { protocol, timeout, max_concurrency } = self.calls;
        Common {
            protocol,
            timeout,
            max_concurrency,
            tasks: self.tasks.clone(),
            inline: self.mcp.inline,
            twilio: self.twilio.clone(),
            messages: self.messages.clone(),
            language: self.language,
            metadata: self.metadata,
            watching: self.watching,
        }
    }

    /// Whether nobody is asked who they are though others than those on this machine may call.
    pub fn is_open_to_others(&self) -> bool {
        !self.http.host.to_canonical().is_loopback() && !self.access.asks_for_keys()
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

/// The system sets this variable, too, for all programs: a language that this one does not have is no mistake.
fn language(env: &Env) -> Result<Option<Language>, ConfigError> {
    let list = env.text("LANGUAGE").unwrap_or_default();
    let is_locale = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.@".contains(c));
    if list.split(':').all(is_locale) {
        return Ok(Language::from_locales(list));
    }
    Err(ConfigError::takes("LANGUAGE", "es, en, or a list of locales, e.g. en_US:en"))
}
