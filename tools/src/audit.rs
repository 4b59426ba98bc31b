//! A line of the audit for each operation that is asked for, whatever becomes of it.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use mcp_odoo_core::access::{Caller, Door};
use mcp_odoo_core::audit::{Id, Line, MOST_IDS};
use mcp_odoo_core::call::Call;
use mcp_odoo_core::records::is_model_name;
use mcp_odoo_core::refusal::{Kind, Refusal};
use mcp_odoo_core::tenants::Tenant;
use tokio::time::Instant;
use uuid::Uuid;

use crate::operation::Spec;

/// What became of what nobody waited for to its end. What was accepted by then goes on.
const CANCELLED: &str = "cancelled";

/// An operation that is being done. Its line is written once, at the latest when this is dropped.
pub(crate) struct Entry {
    spec: &'static Spec,
    caller: Arc<Caller>,
    tenant: Arc<Tenant>,
    door: Door,
    address: Option<IpAddr>,
    request_id: Option<Uuid>,
    began: Instant,
    model: Option<Cow<'static, str>>,
    ids: Vec<Id>,
    not_done: usize,
    is_written: bool,
    /// Before anybody tried to do it.
    is_refused: bool,
}

/// It was not done, for a reason that was found before anybody tried.
pub fn refused(spec: &'static Spec, call: &Call, code: &str) {
    let mut entry = Entry::new(spec, call);
    entry.is_refused = true;
    entry.end(code);
}

impl Entry {
    pub fn new(spec: &'static Spec, call: &Call) -> Self {
        let Call { door, address, request_id, .. } = *call;
        let (caller, tenant) = (Arc::clone(&call.caller), Arc::clone(&call.tenant));
        let (began, ids, is_written) = (Instant::now(), Vec::new(), false);
        let (is_refused, not_done, model) = (false, 0, spec.model.map(Cow::Borrowed));
        Self {
            spec,
            caller,
            tenant,
            door,
            address,
            request_id,
            began,
            model,
            ids,
            not_done,
            is_written,
            is_refused,
        }
    }

    /// It is about this model; a text that can be none is not kept.
    pub fn is_about(&mut self, model: Option<&str>) {
        if let Some(model) = model.filter(|model| is_model_name(model)) {
            self.model = Some(model.to_owned().into());
        }
    }

    /// It touches these, too.
    pub fn touches(&mut self, ids: impl IntoIterator<Item = Id>) {
        for id in ids {
            if self.ids.len() < MOST_IDS && !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
    }

    /// Of those that it was to touch, it was these alone.
    pub fn touches_only(&mut self, ids: Vec<Id>) {
        self.not_done = self.ids.len().saturating_sub(ids.len());
        self.ids = ids;
    }

    /// It has ended so.
    pub fn end(mut self, outcome: &str) {
        self.write(outcome);
    }

    /// It was refused, perhaps after something was done.
    pub fn refuse(mut self, refusal: &Refusal) {
        // What a stranger may not have is nothing that they did.
        let is_theirs = matches!(refusal.kind, Kind::Invalid | Kind::Forbidden(_) | Kind::TooMany(_));
        self.is_refused = is_theirs && self.caller.is_anonymous();
        self.write(&refusal.code);
    }

    fn write(&mut self, outcome: &str) {
        self.is_written = true;
        let mut text = Uuid::encode_buffer();
        let request_id = self.request_id.map(|id| &*id.hyphenated().encode_lower(&mut text));
        let line = Line {
            caller: self.caller.id().into(),
            tenant: self.tenant.id.as_str().into(),
            ip: self.address,
            transport: self.door.name().into(),
            operation: self.spec.name.into(),
            model: self.model.take(),
            ids: std::mem::take(&mut self.ids),
            not_done: u64::try_from(self.not_done).unwrap_or(u64::MAX),
            outcome: outcome.into(),
            milliseconds: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id: request_id.map(Into::into),
            ..Line::default()
        };
        // Of who signs it is not known yet whether they do, and strangers may be anybody.
        match self.is_refused && (self.caller.signs() || self.caller.is_anonymous()) {
            true => self.tenant.audit.turned_away(&line),
            false => self.tenant.audit.note(&line),
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.is_written {
            self.write(CANCELLED);
        }
    }
}
