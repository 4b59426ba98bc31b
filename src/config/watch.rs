//! What is noted of operations, and how many callers may ask for.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use mcp_odoo_core::audit::AuditConfig;
use mcp_odoo_core::limits::{Limits, LimitsConfig};

use super::{ConfigError, Env};

const BELOW: &str = "a whole number of seconds, less than REQUEST_TIMEOUT_SECONDS";

/// The processes of a client share the folder: `stdio` moves what else is below LOG_DIR.
pub(super) fn audit(env: &Env, log_dir: &Path) -> Result<AuditConfig, ConfigError> {
    Ok(AuditConfig {
        folder: log_dir.join("audit"),
        required: env.parse("AUDIT_REQUIRED", "true or false", false)?,
        retention_days: env.number("AUDIT_RETENTION_DAYS", 0..=36_500, 365)?,
    })
}

/// A request that waits for longer than requests may take would only be told that it took too long.
pub(super) fn limits(env: &Env, request_timeout: Duration) -> Result<LimitsConfig, ConfigError> {
    const WAIT: &str = "RATE_LIMIT_MAX_WAIT_SECONDS";
    let max_wait = Duration::from_secs(env.parse(WAIT, BELOW, 0)?);
    if max_wait >= request_timeout {
        return Err(ConfigError::takes(WAIT, BELOW));
    }
    let requests = |name| Ok(NonZeroU32::new(env.number(name, 1..=1_000_000_000, 0)?));
    Ok(LimitsConfig {
        limits: Limits {
            per_minute: requests("REQUESTS_PER_MINUTE")?,
            per_hour: requests("REQUESTS_PER_HOUR")?,
            per_day: requests("REQUESTS_PER_DAY")?,
            ..Limits::default()
        },
        max_wait,
    })
}
