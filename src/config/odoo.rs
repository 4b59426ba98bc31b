//! The accounts at Odoo, and how both are called.

use std::time::Duration;

use mcp_odoo_core::odoo::{OdooConfig, ProtocolChoice};
use secrecy::SecretString;

use super::{ConfigError, Env};

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

/// All names of the same thing: whichever is set, it is set.
pub(super) fn names_of<'a>(name: &'a &'static str) -> Vec<&'a str> {
    let secrets = [&[ODOO.key], ODOO.passwords].concat();
    let groups = [ODOO.database, ODOO.login, &secrets];
    groups.into_iter().find(|names| names.contains(name)).map_or_else(|| vec![*name], <[_]>::to_vec)
}

pub(super) fn calls(env: &Env) -> Result<CallConfig, ConfigError> {
    Ok(CallConfig {
        protocol: env.parse("ODOO_PROTOCOL", "auto, json2, jsonrpc or xmlrpc", ProtocolChoice::Auto)?,
        timeout: env.seconds("ODOO_TIMEOUT_SECONDS", 30)?,
        max_concurrency: env.number("ODOO_MAX_CONCURRENCY", 1..=1000, 8)?,
    })
}

/// The one to read from and, where it is another one, the one that everything that writes goes to.
pub(super) fn accounts(
    env: &Env,
    calls: CallConfig,
) -> Result<(Option<OdooConfig>, Option<OdooConfig>), ConfigError> {
    let (odoo, dev_odoo) = (odoo(env, &ODOO, calls)?, odoo(env, &DEV_ODOO, calls)?);
    if dev_odoo.is_some() && odoo.is_none() {
        let takes = "the Odoo to read from";
        return Err(ConfigError::Missing { name: ODOO.url, because: DEV_ODOO.url, takes });
    }
    Ok((odoo, dev_odoo))
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
