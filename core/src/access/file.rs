//! The access file: callers, tenants and models, in TOML.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::Error;
use toml::value::Datetime;

use super::key::KeyHash;
use super::models::Models;
use super::{Caller, Denied, Permissions, TenantEntry};
use crate::limits::Limits;
use crate::store::DEFAULT_TENANT;
use crate::zone;

/// A larger file is a mistake.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Names that callers have who are in no file.
const TAKEN: [&str; 4] = [Caller::LOCAL, Caller::API_KEY, Caller::ELEVENLABS, Caller::TWILIO];

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessFile {
    /// Who may call, by name.
    #[serde(default)]
    pub callers: BTreeMap<String, CallerEntry>,
    /// The Odoos, by name.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantEntry>,
    /// What may be done with which records.
    #[serde(default = "Models::open")]
    pub models: Models,
}

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerEntry {
    /// What their key is known by; `anonymous` has none.
    pub key: Option<KeyHash>,
    /// The key before it was changed,
    pub previous_key: Option<KeyHash>,
    /// and how long it still works.
    pub previous_expires: Option<Expiry>,
    /// What they may do.
    #[serde(default)]
    pub permissions: Permissions,
    /// The one Odoo that they work with.
    pub tenant: Option<String>,
    /// The Odoos that they choose from, by `X-Tenant`.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// Where they may call from; empty for everywhere.
    #[serde(default, deserialize_with = "networks")]
    pub ips: Vec<IpNet>,
    /// From then on their key does not work.
    pub expires: Option<Expiry>,
    /// How much they may ask for: these stand for all limits that everybody has.
    pub limits: Option<Limits>,
    /// Their key does not work any more.
    #[serde(default)]
    pub revoked: bool,
    /// The company that they work for, by its id in Odoo.
    pub company: Option<i64>,
    /// The language that they read Odoo's texts in, `es_MX`.
    pub lang: Option<String>,
    /// The time zone of their days, `America/Mexico_City`.
    #[serde(default, deserialize_with = "zone")]
    pub tz: Option<String>,
}

fn zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    zone::check(&name).map_err(|takes| D::Error::custom(format!("tz takes {takes}")))?;
    Ok(Some(name))
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let items = Vec::<String>::deserialize(deserializer)?;
    items.iter().map(|item| network(item).map_err(D::Error::custom)).collect()
}

/// A network, or an address alone.
///
/// # Errors
/// What it takes, where it is neither.
pub fn network(text: &str) -> Result<IpNet, &'static str> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or("a network or an address is needed, e.g. 10.0.0.0/8 or 192.168.1.5")
}

/// A moment in UTC, or the beginning of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry(pub DateTime<Utc>);

impl Expiry {
    /// Whether it has come.
    pub fn is_past(self, now: DateTime<Utc>) -> bool {
        self.0 <= now
    }
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Datetime::deserialize(deserializer)?.to_string();
        let whole = || DateTime::parse_from_rfc3339(&text).ok().map(|moment| moment.to_utc());
        let local = || text.parse::<NaiveDateTime>().ok().map(|moment| moment.and_utc());
        let day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
        whole()
            .or_else(local)
            .or_else(day)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a day or a moment is needed"))
    }
}

/// Why the access file cannot be used, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ACCESS_FILE {0}")]
pub struct FileError(pub(super) String);

impl AccessFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or says what it must not; the file is named, and the line.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let failed = |why: &dyn std::fmt::Display| FileError(format!("{}: {why}", path.display()));
        let size = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(&"there is no such file; `mcp-odoo keys new` makes it"),
            _ => failed(&error),
        })?;
        if !size.is_file() || size.len() > LARGEST {
            return Err(failed(&"is no file of at most 16 MiB"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        Self::parse(&text).map_err(|why| failed(&why))
    }

    /// The files that have secrets of tenants.
    pub fn secret_files(&self) -> impl Iterator<Item = PathBuf> {
        self.tenants.values().flat_map(TenantEntry::secret_files).cloned()
    }

    /// # Errors
    /// What is wrong, and where.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Self = toml::from_str(text).map_err(|error| {
            // Not the line itself: who has put a secret there does not want it in a log.
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.split('\n').count());
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{line}{}", error.message().lines().next().unwrap_or_default())
        })?;
        let mut owners = HashMap::new();
        for (name, caller) in &file.callers {
            caller.check(name).map_err(|why| format!("[callers.{name}]: {why}"))?;
            for key in caller.key.iter().chain(&caller.previous_key) {
                if let Some(other) = owners.insert(key, name).filter(|other| *other != name) {
                    return Err(format!(
                        "[callers.{name}]: [callers.{other}] has the same key, so nobody could tell them apart: make one with \
                         `mcp-odoo keys new`"
                    ));
                }
            }
            // That of the environment has no table.
            let is_known = |tenant: &&String| *tenant == DEFAULT_TENANT || file.tenants.contains_key(*tenant);
            if let Some(tenant) = caller.tenants().find(|tenant| !is_known(tenant)) {
                return Err(format!("[callers.{name}]: there is no [tenants.{tenant}]"));
            }
        }
        Ok(file)
    }
}

/// Whether a caller or a tenant may be called so: `^[a-z0-9][a-z0-9_-]{0,63}$`.
pub(crate) fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(good)
}

impl CallerEntry {
    /// # Errors
    /// What of it makes no sense.
    fn check(&self, name: &str) -> Result<(), &'static str> {
        if !is_name(name) {
            return Err("a name has 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or a digit");
        }
        if TAKEN.contains(&name) {
            return Err("this name is taken by the service itself");
        }
        if self.previous_key.is_some() && self.previous_expires.is_none() {
            return Err("previous_key takes previous_expires beside it, or it would work for ever");
        }
        if self.company.is_some_and(|company| company <= 0) {
            return Err("company takes the id of a company in Odoo");
        }
        match (name == Caller::ANONYMOUS, self.key, self.previous_key) {
            (true, Some(_), _) | (true, _, Some(_)) => Err("who has a key is not anonymous"),
            (false, None, _) => Err("key is missing: make one with `mcp-odoo keys new`"),
            _ if self.tenant.is_some() && !self.tenants.is_empty() => Err("set tenant or tenants, not both"),
            _ => Ok(()),
        }
    }

    /// Whether their key works now.
    ///
    /// # Errors
    /// Why it does not.
    pub fn works(&self, now: DateTime<Utc>) -> Result<(), Denied> {
        match self.expires {
            _ if self.revoked => Err(Denied::Revoked),
            Some(expires) if expires.is_past(now) => Err(Denied::Expired),
            _ => Ok(()),
        }
    }

    /// The tenants that they may choose from; none for the one that the environment configures.
    pub fn tenants(&self) -> impl Iterator<Item = &String> {
        self.tenant.iter().chain(&self.tenants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_in_one_line_without_what_may_be_secret() {
        let hash = KeyHash::of("key");
        for (text, says) in [
            ("[callers.web]\nkey = 'geheim-4711'", "line 2: a key is given by its hash"),
            ("[callers.web]\npermissions = ['read']", "[callers.web]: key is missing"),
            ("[callers.web]\nkey = 5", "line 2: "),
            (
                "[callers.web]\ntz = 'Europe/Madird'",
                "tz takes a time zone that there is, such as Europe/Madrid",
            ),
            ("[callers.web\nkey = 5", "line 1: "),
            ("[callers.'Web Page']\nkey = 5", "line 2: "),
            ("[caller.web]", "line 1: unknown field `caller`"),
            (&format!("[callers.Web]\nkey = '{hash}'"), "[callers.Web]: a name has 1 to 64 of a-z"),
            (&format!("[callers.local]\nkey = '{hash}'"), "[callers.local]: this name is taken"),
            (&format!("[callers.anonymous]\nkey = '{hash}'"), "[callers.anonymous]: who has a key"),
            (
                &format!("[callers.web]\nkey = '{hash}'\npermissions = ['all']"),
                "line 3: unknown variant `all`",
            ),
            (
                &format!("[callers.web]\nkey = '{hash}'\nexpires = 10:00:00"),
                "line 3: a day or a moment is needed",
            ),
            (&format!("[callers.web]\nkey = '{hash}'\ntenant = 'a'\ntenants = ['b']"), "tenant or tenants"),
            (
                &format!("[callers.a]\nkey = '{hash}'\n[callers.b]\nkey = '{hash}'"),
                "[callers.b]: [callers.a] has the same key",
            ),
            (
                &format!("[callers.web]\nkey = '{hash}'\nprevious_key = '{}'", KeyHash::of("old")),
                "[callers.web]: previous_key takes previous_expires",
            ),
            (
                &format!("[callers.anonymous]\nprevious_key = '{hash}'\nprevious_expires = 2027-01-01"),
                "[callers.anonymous]: who has a key is not anonymous",
            ),
            (&format!("[callers.web]\nkey = '{hash}'\ncompany = 0"), "[callers.web]: company takes the id"),
            (
                &format!("[callers.web]\nkey = '{hash}'\nips = ['10.0.0.256']"),
                "line 3: a network or an address",
            ),
        ] {
            let said = AccessFile::parse(text).err().unwrap();
            assert!(said.contains(says) && !said.contains('\n') && !said.contains("4711"), "{text}: {said}");
        }
    }

    #[test]
    fn ends_are_days_or_moments() {
        let hash = KeyHash::of("key");
        for (written, meant) in [
            ("2027-01-01", "2027-01-01T00:00:00Z"),
            ("2027-01-01T08:30:00", "2027-01-01T08:30:00Z"),
            ("2027-01-01T08:30:00-06:00", "2027-01-01T14:30:00Z"),
        ] {
            let text = format!("[callers.web]\nkey = '{hash}'\nexpires = {written}");
            let Expiry(expires) = AccessFile::parse(&text).unwrap().callers["web"].expires.unwrap();
            assert_eq!(expires, meant.parse::<DateTime<Utc>>().unwrap(), "{written}");
        }
    }
}
