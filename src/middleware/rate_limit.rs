//! The headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): what a caller may still ask for.

use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use mcp_odoo_core::access::Caller;
use mcp_odoo_core::limits::Use;
use mcp_odoo_core::tenants::Tenant;
use mcp_odoo_tools::caller::Identity;

/// What is left of each limit, and until when.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the limits are.
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Who is told of their limits.
pub struct Limited {
    caller: Arc<Caller>,
    tenant: Arc<Tenant>,
}

impl Limited {
    /// Nobody, where nothing is limited.
    pub fn new(Identity { caller, tenant, .. }: &Identity) -> Option<Self> {
        let is_limited = tenant.limiter.limits(caller.limits).is_some();
        is_limited.then(|| Self { caller: Arc::clone(caller), tenant: Arc::clone(tenant) })
    }

    /// Tells them, as things stand now.
    pub fn tell(&self, response: &mut Response) {
        let Self { caller, tenant } = self;
        let uses = tenant.limiter.uses(&tenant.counts(caller), caller.limits);
        let list = |item: fn(&Use) -> String| uses.iter().map(item).collect::<Vec<_>>().join(", ");
        let left = list(|usage| {
            format!("{};r={};t={}", name(usage), usage.limit.saturating_sub(usage.used), usage.seconds)
        });
        let policy = list(|usage| format!("{};q={};w={}", name(usage), usage.limit, usage.window.seconds()));
        for (header, value) in [(RATE_LIMIT, left), (POLICY, policy)] {
            response.headers_mut().extend(HeaderValue::from_str(&value).ok().map(|value| (header, value)));
        }
    }
}

fn name(Use { kind, window, .. }: &Use) -> String {
    match kind {
        None => format!("\"{}\"", window.name()),
        Some(kind) => format!("\"{}-{}\"", kind.name(), window.name()),
    }
}
