//! Says why a caller may have something done, or may not.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use chrono::Utc;
use clap::{Args, Subcommand};
use mcp_odoo_core::access::file::AccessFile;
use mcp_odoo_core::access::models::{Models, Verb};
use mcp_odoo_core::access::{Caller, Denied, Permission, Permissions};
use mcp_odoo_core::erp::listed;
use mcp_odoo_tools::operation::{Does, Spec};
use mcp_odoo_tools::{opens, specs};

use crate::config::Config;

/// Questions about who may do what.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say why a caller may have an operation done, or may not; exit code 0 only if they may
    Explain {
        /// The caller: a name in ACCESS_FILE, api-key, local or anonymous
        caller: String,
        /// The operation, e.g. list_sales
        operation: String,
        /// The model, where the operation takes one; e.g. res.partner for search_records
        model: Option<String>,
    },
}

/// One line for each thing that is asked for.
struct Reasons<'a, W> {
    out: &'a mut W,
    may: bool,
}

impl<W: Write> Reasons<'_, W> {
    fn say(&mut self, is_met: bool, line: &str) -> io::Result<()> {
        self.may &= is_met;
        writeln!(self.out, "{} {line}", if is_met { "✓" } else { "✗" })
    }
}

/// The reasons on stdout.
///
/// # Errors
/// When the configuration is bad, there is no such operation, or stdout is closed.
pub fn run(
    file: Option<&Path>,
    Arguments { what: What::Explain { caller, operation, model } }: Arguments,
) -> anyhow::Result<ExitCode> {
    let config = Config::load(file)?.access;
    let spec = specs().into_iter().find(|spec| spec.name == operation).with_context(|| {
        let names: Vec<_> = specs().iter().map(|spec| spec.name).collect();
        format!("there is no operation {operation}: there are {}", names.join(", "))
    })?;
    let file = config.file.as_deref().map(AccessFile::read).transpose()?;
    let mut out = io::stdout().lock();
    let mut reasons = Reasons { out: &mut out, may: true };
    let permissions = match caller.as_str() {
        Caller::LOCAL => Some((Permissions::ALL, "local is whoever starts `mcp-odoo stdio`")),
        Caller::API_KEY if config.api_key.is_some() => Some((Permissions::ALL, "api-key is who has API_KEY")),
        Caller::ELEVENLABS => Some((
            [Permission::Handoffs].into_iter().collect(),
            "elevenlabs is who signs with ELEVENLABS_WEBHOOK_SECRET",
        )),
        Caller::ANONYMOUS if !config.asks_for_keys() => {
            Some((Permissions::ALL, "nobody is asked for a key: neither API_KEY nor ACCESS_FILE is set"))
        }
        _ => None,
    };
    let permissions = match permissions {
        Some((permissions, why)) => {
            reasons.say(true, why)?;
            permissions
        }
        None => from_file(&caller, file.as_ref(), &mut reasons)?,
    };
    let needs = spec.needs;
    let has = permissions.has(needs);
    reasons.say(has, &format!("{operation} needs the permission {needs}; {caller} has {permissions}"))?;
    mode(spec, config.read_only, &mut reasons)?;
    let models = file.map_or_else(Models::open, |file| file.models);
    on_records(spec, model.as_deref(), &models, &mut reasons)?;
    let may = reasons.may;
    writeln!(out, "{}", if may { "allowed" } else { "refused" })?;
    Ok(ExitCode::from(u8::from(!may)))
}

/// What the rules for models say, of the model of the operation and of the one that a request would name.
fn on_records<W: Write>(
    spec: &Spec,
    named: Option<&str>,
    models: &Models,
    reasons: &mut Reasons<'_, W>,
) -> anyhow::Result<()> {
    let Some(verb) = spec.verb() else { return Ok(()) };
    const LINES: &str = "sale.order.line";
    // This one adds a record to one of any model.
    let named_verb = if spec.name == "schedule_activity" { Verb::Update } else { verb };
    let opens = |model, verb| opens(models, model, verb).map_err(|refusal| refusal.sentence);
    let mut asked = Vec::new();
    if let Some(model) = spec.model {
        asked.push((model, verb, opens(model, verb)));
        if let Some(named) = named.filter(|named| *named != model)
            && named_verb == verb
        {
            bail!("{} is about {model}, not {named}: leave the model out", spec.name);
        }
    }
    match named.filter(|named| Some(*named) != spec.model) {
        Some(model) => {
            let allowed = models.allow(model, named_verb).map_err(|closed| closed.to_string());
            asked.push((model, named_verb, allowed));
        }
        None if spec.model.is_none() => writeln!(
            reasons.out,
            "- the rules for models hold for each: name one, e.g. mcp-odoo access explain CALLER {} res.partner",
            spec.name
        )?,
        None => {}
    }
    if spec.name == "update_sale_lines" {
        asked.push((LINES, verb, opens(LINES, verb)));
    }
    if ["update_sale_lines", "dev_update_sale"].contains(&spec.name) {
        for (verb, what) in [(Verb::Update, "changes a line"), (Verb::Delete, "removes one")] {
            let ends =
                opens(LINES, verb).map_or_else(|why| format!("refused: {why}"), |()| "allowed".to_owned());
            writeln!(reasons.out, "- a call that {what} is {ends}")?;
        }
    }
    if let Some(model) = spec.model.filter(|model| models.hides() && listed(model).is_some()) {
        writeln!(
            reasons.out,
            "- a field of {model} that mirrors a hidden one closes it, too: Odoo tells when it is called"
        )?;
    }
    for (model, verb, allowed) in asked {
        match allowed {
            Ok(()) => reasons.say(true, &format!("{verb} {model} is allowed by the rules for models"))?,
            Err(why) => reasons.say(false, &why)?,
        }
        let hidden: Vec<_> = models.hidden(model).into_iter().flatten().map(String::as_str).collect();
        if !hidden.is_empty() {
            writeln!(reasons.out, "- {model} is without {}", hidden.join(", "))?;
        }
    }
    Ok(())
}

fn from_file<W: Write>(
    caller: &str,
    file: Option<&AccessFile>,
    reasons: &mut Reasons<'_, W>,
) -> anyhow::Result<Permissions> {
    let Some(entry) = file.and_then(|file| file.callers.get(caller)) else {
        if caller.starts_with("oauth:") {
            bail!("{caller} logs in by OAuth: the scopes of its token say what it may");
        }
        bail!("there is no caller {caller}: `mcp-odoo keys list` shows who there is");
    };
    let works = entry.works(Utc::now());
    let how = match works {
        Err(Denied::Revoked) => "was revoked",
        Err(_) => "has expired",
        Ok(()) => "works",
    };
    reasons.say(works.is_ok(), &format!("{caller} is in ACCESS_FILE; its key {how}"))?;
    if !entry.ips.is_empty() {
        let networks: Vec<_> = entry.ips.iter().map(ToString::to_string).collect();
        reasons.say(true, &format!("from {} only", networks.join(", ")))?;
    }
    let tenants: Vec<_> = entry.tenants().map(String::as_str).collect();
    if !tenants.is_empty() {
        reasons.say(true, &format!("for {} only", tenants.join(" or ")))?;
    }
    Ok(entry.permissions)
}

fn mode<W: Write>(spec: &Spec, read_only: bool, reasons: &mut Reasons<'_, W>) -> io::Result<()> {
    match (read_only, spec.does) {
        (false, _) => Ok(()),
        (true, Does::Read) => reasons.say(true, "MCP_MODE=readonly lets it be: it changes nothing"),
        (true, _) => reasons.say(false, "MCP_MODE=readonly: nothing is changed and no message is sent"),
    }
}
