//! Whether the Odoos of the access file can be worked with.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use mcp_odoo_core::access::TenantEntry;
use mcp_odoo_core::access::file::AccessFile;
use mcp_odoo_core::access::models::Models;
use mcp_odoo_core::odoo::{Odoo, http};
use mcp_odoo_core::tenants::{Names, Setup};

use super::{access, account, traces};
use crate::config::Config;

/// Tried at once.
const AT_ONCE: usize = 8;
/// How long one may take: an Odoo may answer each of several calls late.
const LIMIT: Duration = Duration::from_secs(60);

/// Tries each, and says what it finds; whether all are well.
pub(super) async fn check(config: &Config, out: &mut impl Write) -> io::Result<bool> {
    // What is wrong with the file was said.
    let Some(Ok(file)) = config.access.file.as_deref().map(AccessFile::read) else { return Ok(true) };
    let client = match http::builder(config.calls.timeout).build() {
        Ok(client) => client,
        Err(error) => return writeln!(out, "✗ no HTTP client can be built: {error}").map(|()| false),
    };
    let names = Names::new(Arc::new(config.common()), client, |name| std::env::var(name).ok());
    let tried = file.tenants.iter().map(|(id, entry)| tried(&names, id, entry, &file.models));
    let mut tried = stream::iter(tried).buffered(AT_ONCE);
    let mut good = true;
    while let Some(tried) = tried.next().await {
        good &= tried.is_ok();
        match tried {
            Ok(found) => writeln!(out, "✓ {found}")?,
            Err(problem) => writeln!(out, "✗ {problem}")?,
        }
    }
    Ok(good)
}

async fn tried(names: &Names, id: &str, entry: &TenantEntry, rules: &Models) -> Result<String, String> {
    let setups = names.read(&BTreeMap::from([(id.to_owned(), entry.clone())]));
    let setups = setups.map_err(|error| error.to_string())?;
    let Some(setup) = setups.values().next() else { return Ok(String::new()) };
    let at = format!("tenant {id}, {} at {}", setup.odoo.database, setup.odoo.url);
    let TenantEntry { company, lang, tz, .. } = entry;
    let works = access::workplace(*company, lang.as_deref(), tz.as_deref());
    let name = [at].into_iter().chain(works).collect::<Vec<_>>().join(", ");
    let odoo = odoo(setup).map_err(|error| format!("{name}: {error}"))?;
    match tokio::time::timeout(LIMIT, account::check(&odoo, &setup.sales, true)).await {
        Ok(Ok(found)) => Ok(format!("{name}: {found}{}", traces::lines(&odoo, rules).await)),
        Ok(Err(error)) => Err(format!("{name}: {error}")),
        Err(_) => Err(format!("{name}: it did not answer within {} seconds", LIMIT.as_secs())),
    }
}

fn odoo(setup: &Setup) -> anyhow::Result<Odoo> {
    let odoo = match &setup.client {
        Some(client) => Odoo::over(setup.odoo.clone(), client.clone())?,
        None => Odoo::new(setup.odoo.clone())?,
    };
    Ok(odoo.in_context(setup.context.clone()))
}
