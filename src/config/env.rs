//! Reads variables: the process environment first, then a `.env` file, then the configuration file; empty means not set.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use mcp_odoo_core::odoo::http::address;
use url::Url;

use super::{ConfigError, file, odoo};

/// The variables as they were given.
#[derive(Clone, Default)]
pub struct Env {
    values: BTreeMap<String, String>,
    /// Those that the configuration file gave, with its name.
    from_file: Option<(PathBuf, BTreeSet<&'static str>)>,
}

impl Env {
    /// The process environment, and below it the file, where there is one.
    ///
    /// # Errors
    /// When the file cannot be read or sets a variable that is not in `known`, or a value is no text.
    pub fn read(file: &Path, known: &[&'static str]) -> Result<Self, ConfigError> {
        let mut values = BTreeMap::new();
        if file.exists() {
            let text = std::fs::read_to_string(file).map_err(|error| ConfigError::file(file, &error))?;
            for line in dotenvy::from_read_iter(text.as_bytes()) {
                // The error would quote the line, which may hold a secret.
                let (name, value) = line.map_err(|_| {
                    ConfigError::file(file, &format!("line {} is not NAME=value", unreadable_line(&text)))
                })?;
                if !known.contains(&name.as_str()) {
                    return Err(ConfigError::file(
                        file,
                        &format!("{name} is not a variable of mcp-odoo; see .env.example"),
                    ));
                }
                values.insert(name, value);
            }
        }
        for name in known {
            if let Some(value) = std::env::var_os(name) {
                let value = value.into_string().map_err(|_| ConfigError::takes(name, "UTF-8 text"))?;
                if !value.trim().is_empty() {
                    values.insert((*name).to_owned(), value);
                }
            }
        }
        Ok(values.into_iter().collect())
    }

    /// The same with the configuration file below it: the one that is named, or the one that is looked for.
    ///
    /// # Errors
    /// When it cannot be read, or one of the others cannot.
    pub fn read_with(
        env_file: &Path,
        known: &[&'static str],
        config_file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let mut env = Self::read(env_file, known)?;
        let mut given = BTreeSet::new();
        let below = file::read(config_file)?;
        // By whatever name of the same thing.
        let unset: Vec<_> = below
            .into_iter()
            .filter(|(name, _)| odoo::names_of(name).iter().all(|name| env.text(name).is_none()))
            .collect();
        for (name, value) in unset {
            env.values.insert(name.to_owned(), value);
            given.insert(name);
        }
        let path = config_file.unwrap_or(Path::new(file::DEFAULT));
        env.from_file = Some((path.to_owned(), given));
        Ok(env)
    }

    /// Says what is wrong in the words of the configuration file, where that gave the value.
    pub(super) fn explain(&self, error: ConfigError) -> ConfigError {
        let Some((path, given)) = &self.from_file else { return error };
        let key = |name: &str| {
            let key = file::KEYS.iter().find(|(known, _)| *known == name).map(|(_, key)| *key);
            key.filter(|_| given.contains(name))
        };
        match &error {
            ConfigError::Takes { name, takes } => match key(name) {
                Some(key) => ConfigError::file(path, &format!("{key} (as {name}) takes {takes}")),
                None => error,
            },
            ConfigError::Missing { name, because, takes } => match key(because) {
                Some(because) => {
                    let known = file::KEYS.iter().find(|(known, _)| known == name);
                    let missing = known.map_or(*name, |(_, key)| *key);
                    ConfigError::file(path, &format!("{missing} is required when {because} is set: {takes}"))
                }
                None => error,
            },
            ConfigError::File(_) => error,
        }
    }

    /// The variables that are set, by name, with their texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.keys().filter_map(|name| Some((name.as_str(), self.text(name)?)))
    }

    /// The variable's text, trimmed.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first of these that is set, with its name.
    pub(super) fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.text(name)?)))
    }

    /// The variable, read as a `T`, or the default.
    pub(super) fn parse<T>(
        &self,
        name: &'static str,
        takes: &'static str,
        default: T,
    ) -> Result<T, ConfigError>
    where
        T: FromStr,
    {
        match self.text(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| ConfigError::takes(name, takes)),
        }
    }

    /// A whole number in a range.
    pub(super) fn number<T>(
        &self,
        name: &'static str,
        range: RangeInclusive<T>,
        default: T,
    ) -> Result<T, ConfigError>
    where
        T: FromStr + PartialOrd + Display,
    {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            ConfigError::takes(name, format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// The address of a web server.
    pub(super) fn address(
        &self,
        name: &'static str,
        takes: &'static str,
    ) -> Result<Option<Url>, ConfigError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        address(text).map(Some).ok_or_else(|| ConfigError::takes(name, takes))
    }

    /// A number of seconds, at least one and at most a week.
    pub(super) fn seconds(&self, name: &'static str, default: u64) -> Result<Duration, ConfigError> {
        self.number(name, 1..=7 * 24 * 3600, default).map(Duration::from_secs)
    }

    /// A list divided by commas, each item as it is read; empty only where the variable is not set.
    pub(super) fn list<T>(
        &self,
        name: &'static str,
        takes: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(text) = self.text(name) else { return Ok(Vec::new()) };
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let items = items.map(read).collect::<Option<Vec<T>>>();
        items.filter(|items| !items.is_empty()).ok_or_else(|| ConfigError::takes(name, takes))
    }

    /// A list of ids in Odoo.
    pub(super) fn ids(&self, name: &'static str) -> Result<Vec<i64>, ConfigError> {
        let id = |item: &str| item.parse().ok().filter(|id| *id > 0);
        self.list(name, "ids in Odoo divided by commas, e.g. 1,5", id)
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self { values: values.into_iter().collect(), from_file: None }
    }
}

/// The first line after the longest beginning of the file that can be read.
fn unreadable_line(text: &str) -> usize {
    let can_be_read = |count: &usize| {
        let beginning: String = text.split_inclusive('\n').take(*count).collect();
        dotenvy::from_read_iter(beginning.as_bytes()).all(|line| line.is_ok())
    };
    1 + (0..text.lines().count()).rev().find(can_be_read).unwrap_or_default()
}
