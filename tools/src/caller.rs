//! Who a request over HTTP comes from, and what they read.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::{HeaderMap, header};
use mcp_odoo_core::access::{Caller, Door};
use mcp_odoo_core::call::{Call, Progress};
use mcp_odoo_core::language::Language;
use mcp_odoo_core::tenants::Tenant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::reply::Failure;

/// Who asks over HTTP, and for whom: found out once, it goes with the request to whatever takes it.
#[derive(Clone)]
pub struct Identity {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// For whom.
    pub tenant: Arc<Tenant>,
    /// Where they ask from.
    pub address: Option<IpAddr>,
    /// What names the request.
    pub request_id: Uuid,
}

impl Identity {
    /// Their call by this door, of which nobody hears until it is done.
    pub fn call(&self, door: Door) -> Call {
        let Self { caller, tenant, address, request_id } = self;
        Call {
            caller: Arc::clone(caller),
            door,
            address: *address,
            request_id: Some(*request_id),
            tenant: Arc::clone(tenant),
            language: tenant.language,
            progress: Progress::default(),
            stop: None,
        }
    }
}

/// Goes with each request over stdin: whoever started the process.
#[derive(Clone, Copy)]
pub struct Local;

/// How a call goes: it comes with a request whose answer has other words than MCP's.
#[derive(Clone, Default)]
pub struct Course(Arc<Going>);

#[derive(Default)]
struct Going {
    begun: CancellationToken,
    failure: OnceLock<Failure>,
}

impl Course {
    /// Cancelled once it is being done.
    pub fn begun(&self) -> &CancellationToken {
        &self.0.begun
    }

    /// Why it was not done.
    pub fn failure(&self) -> Option<Failure> {
        self.0.failure.get().cloned()
    }

    /// It was not done.
    pub(crate) fn fails(&self, failure: Failure) {
        // It fails once.
        let _ = self.0.failure.set(failure);
    }
}

/// What they want to read, if they say so.
pub fn language(headers: &HeaderMap) -> Option<Language> {
    Language::from_accepted(headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?)
}
