//! The one way to every operation: what holds for all of them is here and nowhere else.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use mcp_odoo_core::access::models::{Models, Verb};
use mcp_odoo_core::access::{Caller, Door, Permission};
use mcp_odoo_core::call::{Call, unless};
use mcp_odoo_core::erp::{self, LineUpdate};
use mcp_odoo_core::records::Context;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tenants::Tenant;

use crate::audit::{self, Entry};
use crate::operation::{Does, Operation, Spec};

/// Has an operation done for a caller, if it may be done: whatever the transport, whatever becomes of it. A line of the audit
/// says so.
///
/// # Errors
/// What the operation refuses; that it may not be done, or not so often; that nobody waits for it any more; that it has a
/// defect.
pub async fn dispatch<O: Operation>(call: Call, request: O::Request) -> Result<O::Answer, Refusal> {
    let (entry, answer) = begin::<O>(call, request).await?;
    entry.end(O::outcome(&answer));
    Ok(answer)
}

/// The same of what goes on after it is answered: its line is written when it ends.
///
/// # Errors
/// See [`dispatch`].
pub(crate) async fn begin<O: Operation>(
    call: Call,
    request: O::Request,
) -> Result<(Entry, O::Answer), Refusal> {
    let mut entry = Entry::new(&O::SPEC, &call);
    entry.is_about(O::model(&request));
    entry.touches(O::named(&request));
    match perform::<O>(call, request).await {
        Ok(answer) => {
            entry.touches(O::told(&answer));
            if let Some(done) = O::done(&answer) {
                entry.touches_only(done);
            }
            Ok((entry, answer))
        }
        Err(refusal) => {
            entry.refuse(&refusal);
            Err(refusal)
        }
    }
}

/// The same without a line: of a part of what has one already.
///
/// # Errors
/// See [`dispatch`].
pub(crate) async fn perform<O: Operation>(call: Call, request: O::Request) -> Result<O::Answer, Refusal> {
    permit(&O::SPEC, &call.caller, call.door, &call.tenant)?;
    let (tenant, caller, stop) = (call.tenant.clone(), call.caller.clone(), call.stop.clone());
    let progress = call.progress.clone();
    if O::COUNTS {
        let who = tenant.counts(&call.caller);
        let admitted = tenant.limiter.admit(&who, call.caller.limits, O::SPEC.kind());
        unless(stop.clone(), admitted).await.ok_or_else(Refusal::cancelled)??;
    }
    // Without an answer the caller would wait for ever.
    // Some of them are large: whoever waits for one has only its address.
    let run = async {
        if let Some((model, _)) = O::SPEC.on_records() {
            mirrors_nothing(&call, model).await?;
        }
        O::run(call, request).await
    };
    let run = AssertUnwindSafe(run.boxed()).catch_unwind();
    let run = async {
        if O::SPEC.does != Does::Read && tenant.audit.forbids_writing() {
            return Err(Refusal::not_audited());
        }
        progress.begin();
        run.await.unwrap_or_else(|_| Err(Refusal::defect()))
    };
    match O::SPEC.does {
        // Nobody reads the answer of a call that was cancelled.
        Does::Read => {
            let run = async {
                // Who asks for what is in memory is in nobody's way.
                let _turn = match O::SPEC.needs {
                    Permission::Read if O::GOES_ON => Some(tenant.turns.to_read_on(&caller).await),
                    Permission::Read => {
                        Some(tenant.turns.to_read(&caller).await.ok_or_else(Refusal::too_many_reads)?)
                    }
                    _ => None,
                };
                run.await
            };
            unless(stop, run).await.unwrap_or_else(|| Err(Refusal::cancelled()))
        }
        Does::Add | Does::Overwrite | Does::Act => match unless(stop, tenant.turns.to_write(&caller)).await {
            // What is being written is seen through.
            Some(_place) => run.await,
            None => Err(Refusal::cancelled()),
        },
        Does::Queue | Does::Tell => run.await,
    }
}

/// Whether the rules let lines of orders be changed so.
///
/// # Errors
/// Why not.
pub(crate) fn opens_lines(models: &Models, lines: &[LineUpdate]) -> Result<(), Refusal> {
    const LINES: &str = "sale.order.line";
    let verbs = [
        (Verb::Update, lines.iter().any(|line| !line.remove)),
        (Verb::Delete, lines.iter().any(|line| line.remove)),
    ];
    verbs.into_iter().filter(|(_, is_asked)| *is_asked).try_for_each(|(verb, _)| opens(models, LINES, verb))
}

/// Whether the rules let this be done by a tool of its own for records of this model, which shows the fields it shows.
///
/// # Errors
/// Why not.
pub fn opens(models: &Models, model: &str, verb: Verb) -> Result<(), Refusal> {
    models.allow(model, verb).map_err(|closed| Refusal::closed(&closed))?;
    match models.hidden(model).into_iter().flatten().find(|field| erp::shows(model, field)) {
        Some(field) => Err(Refusal::hidden(model, field)),
        None => Ok(()),
    }
}

/// The same of fields that mirror hidden ones: which those are Odoo tells.
///
/// # Errors
/// Why not.
pub(crate) async fn mirrors_nothing(call: &Call, model: &str) -> Result<(), Refusal> {
    let rules = call.tenant.access.models();
    if !rules.hides() || erp::listed(model).is_none() {
        return Ok(());
    }
    let view = call.tenant.reader.records().view(rules, &Context::default()).await?;
    match view.mirror_of_hidden(model, |field| erp::shows(model, field)).await? {
        Some(field) => Err(Refusal::hidden(model, &field)),
        None => Ok(()),
    }
}

/// Whether whoever asks may have it done, before what they send is looked at. Who may not is noted.
///
/// # Errors
/// Why not.
pub fn admit(spec: &'static Spec, call: &Call) -> Result<(), Refusal> {
    permit(spec, &call.caller, call.door, &call.tenant)
        .inspect_err(|refusal| audit::refused(spec, call, &refusal.code))
}

/// Whether this caller may have it done.
///
/// # Errors
/// Why not.
pub fn permit(spec: &Spec, caller: &Caller, door: Door, tenant: &Tenant) -> Result<(), Refusal> {
    if !caller.permissions.has(spec.needs) {
        return Err(Refusal::lacks(spec.needs));
    }
    if tenant.access.config().read_only && spec.does != Does::Read {
        let sentence = "this service is set up to change nothing (MCP_MODE=readonly)";
        return Err(Refusal::new(Kind::Forbidden(None), "read_only", sentence));
    }
    if let Some((model, verb)) = spec.on_records() {
        opens(&tenant.access.models(), model, verb)?;
    }
    // Over REST it is signed, over stdio it is the owner's, and who logs in is permitted by name.
    if spec.does == Does::Tell
        && door == Door::Mcp
        && tenant.webhook_secret.is_some()
        && caller.is_anonymous()
    {
        let sentence = "this service takes requests for messages over HTTP only when they are signed \
                        (ELEVENLABS_WEBHOOK_SECRET): have the agent's webhook call POST /api/elevenlabs/handoff";
        return Err(Refusal::new(Kind::Invalid, "signature_required", sentence));
    }
    Ok(())
}
