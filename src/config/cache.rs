//! What is remembered of Odoo's models and fields.

use std::time::Duration;

use super::{ConfigError, Env};

/// How long and how much.
#[derive(Clone, Copy, Debug)]
pub struct CacheConfig {
    /// `CACHE_TTL_SECONDS`; 0 remembers nothing.
    pub ttl: Duration,
    /// `CACHE_MAX_SIZE`: models, at most.
    pub max_size: usize,
}

pub(super) fn cache(env: &Env) -> Result<CacheConfig, ConfigError> {
    Ok(CacheConfig {
        ttl: Duration::from_secs(env.number("CACHE_TTL_SECONDS", 0..=7 * 24 * 3600, 300)?),
        max_size: env.number("CACHE_MAX_SIZE", 1..=1_000_000, 1000)?,
    })
}
