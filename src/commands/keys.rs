//! Makes keys, shows whose there are, takes them back and changes them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::{NaiveDate, TimeDelta, Utc};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use mcp_odoo_core::access::edit::{self, EditError, NewCaller};
use mcp_odoo_core::access::file::{AccessFile, CallerEntry, Expiry, network};
use mcp_odoo_core::access::key::{KeyHash, new_key};
use mcp_odoo_core::access::{Caller, Denied, Permission};
use mcp_odoo_core::audit::search::{Use, uses};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::table;
use crate::config::Config;

/// What to do with keys. They are kept, by their hashes, in ACCESS_FILE.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make a key for a new caller, and print it once
    New(New),
    /// List callers
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Take a caller's keys back
    Revoke {
        /// The caller
        name: String,
    },
    /// Give a caller a new key; the one before works for a while
    Rotate {
        /// The caller
        name: String,
        /// Hours for which the key before still works
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(..=24 * 366))]
        overlap: u32,
    },
}

#[derive(Args)]
struct New {
    /// Names the caller in the access file and in the audit: a-z, 0-9, _ and -
    name: String,
    /// What they may do: quotations, handoffs, read, write, delete, call, admin
    #[arg(long, value_delimiter = ',', required = true)]
    permissions: Vec<Permission>,
    /// The Odoo they work with, by its name in the access file; several to choose from by X-Tenant
    #[arg(long, value_delimiter = ',')]
    tenant: Vec<String>,
    /// Networks or addresses they may call from, e.g. 10.0.0.0/8
    #[arg(long, value_delimiter = ',', value_parser = network)]
    ips: Vec<IpNet>,
    /// The first UTC day on which the key does not work any more, e.g. 2027-01-01
    #[arg(long)]
    expires: Option<NaiveDate>,
}

/// Keys on stdout; what there is to say about them on stderr.
///
/// # Errors
/// When the configuration is bad, the access file cannot be used, or stdout is closed.
pub fn run(file: Option<&Path>, Arguments { what }: Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?;
    let Some(path) = config.access.file else {
        bail!(
            "set ACCESS_FILE to the file that says who may call, e.g. ACCESS_FILE=access.toml; it is made if it is not there"
        );
    };
    match what {
        What::New(New { name, permissions, tenant, ips, expires }) => {
            let new = NewCaller { name, permissions, tenants: tenant, ips, expires };
            with_new_key(&path, &new.name, |file, key| edit::add(file, &new, key))
        }
        What::Rotate { name, overlap } => {
            let until = Utc::now() + TimeDelta::hours(overlap.into());
            with_new_key(&path, &name, |file, key| edit::rotate(file, &name, key, until))
        }
        What::Revoke { name } => {
            change(&path, |file| edit::revoke(file, &name))?;
            writeln!(io::stderr(), "{name} may not call any more: a running service knows within a second")?;
            Ok(ExitCode::SUCCESS)
        }
        What::List { json } => list(&path, &config.audit.folder, json),
    }
}

fn with_new_key(
    path: &Path,
    name: &str,
    edit: impl FnOnce(&str, KeyHash) -> Result<String, EditError>,
) -> anyhow::Result<ExitCode> {
    let key = new_key();
    let key = key.expose_secret();
    change(path, |file| edit(file, KeyHash::of(key)))?;
    writeln!(io::stderr(), "The key of {name}. It is shown this once; the file has only its hash:")?;
    writeln!(io::stdout(), "{key}")?;
    Ok(ExitCode::SUCCESS)
}

/// Whoever changes the file meanwhile by this command waits: the later of two would undo what the first has done.
fn change(path: &Path, edit: impl FnOnce(&str) -> Result<String, EditError>) -> anyhow::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The file itself is replaced. Not every system has locks for folders, and a folder that is not there is told of below.
    let _lock = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
    write(folder, &path, &edit(&read(&path)?)?)
        .with_context(|| format!("cannot write ACCESS_FILE {}", path.display()))
}

/// A file that is not there yet is empty.
fn read(path: &Path) -> anyhow::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.with_context(|| format!("cannot read ACCESS_FILE {}", path.display())),
    }
}

/// Whole or not at all: the service may read it just now. Who could read it before can read it after.
fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn list(path: &Path, audit: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let file = AccessFile::read(path)?;
    let uses = uses(audit).context("cannot read LOG_DIR/audit")?;
    let mut out = io::stdout().lock();
    let rows = file.callers.iter().map(|(name, caller)| row(name, caller, uses.get(name)));
    if json {
        let named = |row: [String; 8]| -> Map<String, Value> {
            HEADING.map(str::to_lowercase).into_iter().zip(row.map(Value::from)).collect()
        };
        let rows: Vec<_> = rows.map(named).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows)?)?;
    } else {
        table::write(HEADING, rows, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The last two as far back as the audit is kept.
const HEADING: [&str; 8] =
    ["NAME", "STATE", "PERMISSIONS", "TENANTS", "FROM", "EXPIRES", "LAST_USE", "CALLS"];

fn row(name: &str, caller: &CallerEntry, uses: Option<&Use>) -> [String; 8] {
    let joined = |items: Vec<String>| items.join(", ");
    [
        name.to_owned(),
        state(name, caller),
        caller.permissions.to_string(),
        joined(caller.tenants().cloned().collect()),
        joined(caller.ips.iter().map(ToString::to_string).collect()),
        caller.expires.map(|Expiry(moment)| moment.to_rfc3339()).unwrap_or_default(),
        uses.map(|uses| uses.last.clone()).unwrap_or_default(),
        uses.map_or(0, |uses| uses.count).to_string(),
    ]
    .map(|cell| table::plain(&cell))
}

fn state(name: &str, caller: &CallerEntry) -> String {
    let now = Utc::now();
    match caller.works(now) {
        Err(Denied::Revoked) => return "revoked".to_owned(),
        Err(_) => return "expired".to_owned(),
        Ok(()) => {}
    }
    match caller.previous_expires {
        _ if name == Caller::ANONYMOUS => "without a key".to_owned(),
        Some(until) if !until.is_past(now) => {
            format!("works; the key before until {}", until.0.format("%F %R"))
        }
        _ => "works".to_owned(),
    }
}
