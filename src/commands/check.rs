//! Prints the configuration and tries what is configured.

mod access;
mod account;
mod oauth;
mod s3;
mod tenants;
mod traces;
mod twilio;

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;

use mcp_odoo_core::journal::{Journal, JournalError};
use mcp_odoo_core::odoo::Odoo;

use crate::config::{AllowedHosts, Config, CorsOrigins};

const LINKS: &str = "make hard links, which S3_LOGS_BUCKET needs,";

/// Success only if all that is configured works.
///
/// # Errors
/// When the configuration is bad or stdout is closed.
pub async fn run(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let mut out = std::io::stdout().lock();
    describe(&config, &mut out)?;
    twilio::describe(&config, &mut out)?;
    let mut good = access::check(&config, &mut out)?;
    if let Some(oauth) = &config.access.oauth {
        good &= oauth::check(oauth, &mut out).await?;
    }
    good &= log_folder(&config, &mut out)?;
    let rules = access::rules(&config);
    let reader = config.odoo.as_ref().map(|odoo| ("ODOO", odoo, config.dev_odoo.is_none()));
    let writer = config.dev_odoo.as_ref().map(|odoo| ("DEV_ODOO", odoo, true));
    for (name, odoo, writes) in reader.into_iter().chain(writer) {
        let found = async {
            let odoo = Odoo::new(odoo.clone())?;
            let found = account::check(&odoo, &config.sales, writes).await?;
            anyhow::Ok(found + &traces::lines(&odoo, &rules).await)
        };
        match found.await {
            Ok(found) => writeln!(out, "✓ {name}: {found}")?,
            Err(error) => {
                good = false;
                writeln!(out, "✗ {name}: {error}")?;
            }
        }
    }
    if config.odoo.is_none() {
        writeln!(out, "✓ ODOO: not configured, the embedded one will be used")?;
    }
    good &= tenants::check(&config, &mut out).await?;
    good &= twilio::check(&config.twilio, &mut out).await?;
    match &config.s3 {
        Some(s3) => good &= s3::check(s3, &mut out).await?,
        None => writeln!(out, "✓ S3: not configured, log files stay in LOG_DIR")?,
    }
    Ok(ExitCode::from(u8::from(!good)))
}

fn describe(config: &Config, out: &mut impl Write) -> io::Result<()> {
    for (prefix, odoo) in [("ODOO", &config.odoo), ("DEV_ODOO", &config.dev_odoo)] {
        let Some(odoo) = odoo else { continue };
        writeln!(out, "{prefix}_URL={}", odoo.url)?;
        writeln!(out, "{prefix}_DB={}", odoo.database)?;
        writeln!(out, "{prefix}_LOGIN={}", odoo.login)?;
        writeln!(out, "{prefix}_API_KEY=✓")?;
    }
    let calls = config.calls;
    writeln!(
        out,
        "ODOO_PROTOCOL={} ODOO_TIMEOUT_SECONDS={} ODOO_MAX_CONCURRENCY={}",
        calls.protocol,
        calls.timeout.as_secs(),
        calls.max_concurrency
    )?;
    writeln!(
        out,
        "HOST={} PORT={} CORS_ORIGINS={} REQUEST_TIMEOUT_SECONDS={} MAX_CONNECTIONS={}",
        config.http.host,
        config.http.port,
        origins(&config.http.cors),
        config.http.request_timeout.as_secs(),
        config.http.max_connections
    )?;
    let (mcp, allowed) = (&config.mcp, &config.allowed);
    let hosts = match &allowed.hosts {
        AllowedHosts::Any => "*".to_owned(),
        AllowedHosts::These(hosts) => hosts.join(","),
    };
    writeln!(out, "ALLOWED_HOSTS={hosts} ALLOWED_ORIGINS={}", origins(&allowed.origins))?;
    writeln!(
        out,
        "MCP_MAX_SESSIONS={} MCP_IDLE_SECONDS={} MCP_INLINE_SECONDS={}",
        mcp.max_sessions,
        mcp.idle.as_secs(),
        mcp.inline.as_secs()
    )?;
    writeln!(out, "TOOLSETS={}", config.toolsets.names().collect::<Vec<_>>().join(","))?;
    let days = config.log_retention_days;
    let handlers: Vec<_> = config.log.handlers.iter().map(ToString::to_string).collect();
    writeln!(
        out,
        "LOG_DIR={} LOG_LEVEL={} LOG_HANDLERS={} LOG_RETENTION_DAYS={days}",
        config.log_dir.display(),
        config.log.level,
        handlers.join(",")
    )?;
    let cache = &config.metadata;
    writeln!(out, "CACHE_TTL_SECONDS={} CACHE_MAX_SIZE={}", cache.ttl.as_secs(), cache.max_size)?;
    let (audit, limits) = (&config.audit, &config.limits);
    writeln!(out, "AUDIT_REQUIRED={} AUDIT_RETENTION_DAYS={}", audit.required, audit.retention_days)?;
    let number = |limit: Option<NonZeroU32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    writeln!(
        out,
        "REQUESTS_PER_MINUTE={} REQUESTS_PER_HOUR={} REQUESTS_PER_DAY={} RATE_LIMIT_MAX_WAIT_SECONDS={}",
        number(limits.limits.per_minute),
        number(limits.limits.per_hour),
        number(limits.limits.per_day),
        limits.max_wait.as_secs()
    )?;
    writeln!(out, "SALES_TEAM_IDS={:?} SALES_STAGE_IDS={:?}", config.sales.team_ids, config.sales.stage_ids)?;
    let tasks = &config.tasks;
    writeln!(
        out,
        "QUEUE_CAPACITY={} QUOTATION_WORKERS={} QUOTATION_DEADLINE_SECONDS={} TASK_RETENTION_HOURS={}",
        tasks.queue_capacity,
        tasks.workers,
        tasks.deadline.as_secs(),
        tasks.retention.as_secs() / 3600
    )
}

fn origins(origins: &CorsOrigins) -> String {
    match origins {
        CorsOrigins::Any => "*".to_owned(),
        CorsOrigins::These(origins) => origins.join(","),
    }
}

/// A server that runs holds the folder: that is well, too.
fn log_folder(config: &Config, out: &mut impl Write) -> io::Result<bool> {
    let (mark, said) = match try_log_folder(&config.log_dir, config.s3.is_some()) {
        Ok(()) => ("✓", "LOG_DIR can be written".to_owned()),
        Err(problem @ JournalError::InUse(_)) => ("-", problem.to_string()),
        Err(problem) => ("✗", problem.to_string()),
    };
    writeln!(out, "{mark} {said}")?;
    Ok(mark != "✗")
}

/// Writes, and leaves nothing behind: a folder that is not there yet is only tried for.
fn try_log_folder(folder: &Path, links: bool) -> Result<(), JournalError> {
    let failed = |action| move |said| JournalError::Io { action, folder: folder.to_owned(), said };
    if !folder.exists() {
        let whole = std::path::absolute(folder).map_err(failed("make the folder"))?;
        let there = whole.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(&whole);
        let made = tempfile::tempdir_in(there).map_err(failed("make the folder"))?;
        return try_links(made.path(), links).map_err(failed(LINKS));
    }
    try_links(folder, links).map_err(failed(LINKS))?;
    Journal::try_folder(folder)?;
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(b"mcp-odoo check\n")?;
        file.as_file().sync_all()
    };
    write().map_err(failed("write a file"))
}

/// What is in S3 is known by them.
fn try_links(folder: &Path, needed: bool) -> io::Result<()> {
    if needed { mcp_odoo_archive::check_hard_links(folder) } else { Ok(()) }
}
