//! The process log.

use crate::telemetry::{LogConfig, LogHandler, LogLevel, LogTarget};

use super::{ConfigError, Env};

pub(super) const LEVELS: &str = "error, warn, info, debug or trace";
const HANDLERS: &str = "stderr and file:NAME divided by commas, each with a level where it has its own, \
                        e.g. stderr=warn,file:logs/server.log=debug";

pub(super) fn log(env: &Env) -> Result<LogConfig, ConfigError> {
    let level = env.parse("LOG_LEVEL", LEVELS, LogLevel::Info)?;
    let format = env.text("LOG_FORMAT").map(str::parse).transpose();
    let format = format.map_err(|takes: String| ConfigError::takes("LOG_FORMAT", takes))?;
    let mut handlers = env.list("LOG_HANDLERS", HANDLERS, |item| handler(item, level))?;
    if handlers.is_empty() {
        handlers.push(LogHandler { target: LogTarget::Stderr, level });
    }
    Ok(LogConfig { level, format, handlers })
}

fn handler(item: &str, common: LogLevel) -> Option<LogHandler> {
    let (target, level) = match item.split_once('=') {
        Some((target, level)) => (target.trim(), level.trim().parse().ok()?),
        None => (item, common),
    };
    let target = match target.strip_prefix("file:").map(str::trim) {
        Some("") => return None,
        Some(name) => LogTarget::File(name.into()),
        None if target == "stderr" => LogTarget::Stderr,
        None => return None,
    };
    Some(LogHandler { target, level })
}
