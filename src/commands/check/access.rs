//! Who may call, in plain words.

use std::io::{self, Write};

use chrono::Utc;
use mcp_odoo_core::access::Denied;
use mcp_odoo_core::access::file::{AccessFile, CallerEntry, Expiry};
use mcp_odoo_core::access::models::Models;
use mcp_odoo_core::limits::Limits;

use crate::config::Config;

/// Whether the service would start and let in whom it should.
pub fn check(config: &Config, out: &mut impl Write) -> io::Result<bool> {
    let access = &config.access;
    let mode = if access.read_only { "readonly" } else { "readwrite" };
    writeln!(out, "MCP_MODE={mode} ALLOW_ANONYMOUS={}", access.allow_anonymous)?;
    for (name, networks) in
        [("ALLOWED_IPS", &access.allowed_ips), ("TRUSTED_PROXIES", &access.trusted_proxies)]
    {
        let networks: Vec<_> = networks.iter().map(ToString::to_string).collect();
        writeln!(out, "{name}={}", networks.join(","))?;
    }
    match &config.tenant_headers {
        Some(headers) => writeln!(out, "TENANT_HEADERS=allow TENANT_HOSTS={}", headers.hosts)?,
        None => writeln!(out, "TENANT_HEADERS=deny")?,
    }
    if access.api_key.is_some() {
        writeln!(out, "✓ API_KEY: who has it may do everything")?;
    }
    let Some(path) = &access.file else {
        return open(config, out);
    };
    let file = match AccessFile::read(path) {
        Ok(file) => file,
        Err(error) => {
            writeln!(out, "✗ {error}")?;
            return Ok(false);
        }
    };
    writeln!(out, "✓ ACCESS_FILE {}: {} callers", path.display(), file.callers.len())?;
    for (name, caller) in &file.callers {
        writeln!(out, "  {name}: {}", in_words(caller))?;
    }
    let rules = file.models.in_words();
    if rules.is_empty() {
        writeln!(out, "  records: none, since [models] names none")?;
    }
    for line in rules {
        writeln!(out, "  records: {line}")?;
    }
    Ok(true)
}

/// The rules for records; none of a file that cannot be used, of which that is said.
pub(super) fn rules(config: &Config) -> Models {
    let file = config.access.file.as_deref().map(AccessFile::read);
    file.and_then(Result::ok).map_or_else(Models::open, |file| file.models)
}

/// Without keys.
fn open(config: &Config, out: &mut impl Write) -> io::Result<bool> {
    if config.access.asks_for_keys() {
        return Ok(true);
    }
    let (good, line) = match (config.is_open_to_others(), config.access.allow_anonymous) {
        (false, _) => {
            (true, "✓ whoever is on this machine may do everything: neither API_KEY nor ACCESS_FILE is set")
        }
        (true, true) => (true, "✓ whoever reaches HOST may do everything (ALLOW_ANONYMOUS=true)"),
        (true, false) => {
            (false, "✗ HOST is not of this machine: set API_KEY or ACCESS_FILE, or ALLOW_ANONYMOUS=true")
        }
    };
    writeln!(out, "{line}")?;
    Ok(good)
}

fn in_words(caller: &CallerEntry) -> String {
    let tenants: Vec<_> = caller.tenants().map(String::as_str).collect();
    let networks: Vec<_> = caller.ips.iter().map(ToString::to_string).collect();
    let mut words = vec![format!("may {}", caller.permissions)];
    if !tenants.is_empty() {
        words.push(format!("for {}", tenants.join(" or ")));
    }
    if !networks.is_empty() {
        words.push(format!("from {}", networks.join(", ")));
    }
    match (caller.works(Utc::now()), caller.expires) {
        (Err(Denied::Revoked), _) => words.push("but was revoked".to_owned()),
        (Err(_), _) => words.push("but has expired".to_owned()),
        (Ok(()), Some(Expiry(moment))) => words.push(format!("until {}", moment.format("%F %R UTC"))),
        (Ok(()), None) => {}
    }
    if let Some(Expiry(until)) = caller.previous_expires.filter(|until| !until.is_past(Utc::now())) {
        words.push(format!("also with the key before until {}", until.format("%F %R UTC")));
    }
    words.extend(caller.limits.map(limits_in_words));
    words.extend(workplace(caller.company, caller.lang.as_deref(), caller.tz.as_deref()));
    words.join(", ")
}

/// Where calls are made for.
pub(super) fn workplace(
    company: Option<i64>,
    lang: Option<&str>,
    zone: Option<&str>,
) -> impl Iterator<Item = String> {
    let company = company.map(|company| format!("for company {company}"));
    let lang = lang.map(|lang| format!("in {lang}"));
    let zone = zone.map(|zone| format!("at the time of {zone}"));
    [company, lang, zone].into_iter().flatten()
}

fn limits_in_words(limits: Limits) -> String {
    let words: Vec<_> =
        limits.all().map(|(what, window, most)| format!("{most} {what} per {window}")).collect();
    if words.is_empty() { "without limits".to_owned() } else { format!("at most {}", words.join(" and ")) }
}
