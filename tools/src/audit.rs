//! A line of the audit for each operation that is asked for, whatever becomes of it.

use mcp_odoo_core::audit::{Id, Line, MOST_IDS};
use mcp_odoo_core::call::Call;
use tokio::time::Instant;
use uuid::Uuid;

use crate::operation::Spec;

/// What became of what nobody waited for to its end. What was accepted by then goes on.
const CANCELLED: &str = "cancelled";

/// An operation that is being done. Its line is written once, at the latest when this is dropped.
pub(crate) struct Entry {
    spec: &'static Spec,
    call: Call,
    began: Instant,
    ids: Vec<Id>,
    is_written: bool,
}

/// It was not done, for a reason that was found before anybody tried.
pub fn refused(spec: &'static Spec, call: &Call, code: &str) {
    Entry::new(spec, call.clone()).end(code);
}

impl Entry {
    pub fn new(spec: &'static Spec, call: Call) -> Self {
        Self { spec, call, began: Instant::now(), ids: Vec::new(), is_written: false }
    }

    /// It touches these, too.
    pub fn touches(&mut self, ids: impl IntoIterator<Item = Id>) {
        for id in ids {
            if self.ids.len() < MOST_IDS && !self.ids.contains(&id) {
                self.ids.push(id);
            }
        }
    }

    /// It has ended so.
    pub fn end(mut self, outcome: &str) {
        self.write(outcome);
    }

    fn write(&mut self, outcome: &str) {
        let Self { spec, call, began, ids, is_written } = self;
        *is_written = true;
        let mut text = Uuid::encode_buffer();
        let request_id = call.request_id.map(|id| &*id.hyphenated().encode_lower(&mut text));
        call.tenant.audit.note(Line {
            caller: call.caller.id().into(),
            tenant: call.tenant.id.as_str().into(),
            ip: call.address,
            transport: call.door.name().into(),
            operation: spec.name.into(),
            model: spec.model.map(Into::into),
            ids: std::mem::take(ids),
            outcome: outcome.into(),
            milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            request_id: request_id.map(Into::into),
            ..Line::default()
        });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.is_written {
            self.write(CANCELLED);
        }
    }
}
