//! The call that a request over REST is.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::{Call, Progress};
use mcp_odoo_tools::caller::{Identity, language};

use crate::error::Problem;

/// Who asks, and for whom. Who hangs up drops it.
pub struct Asked(pub Call);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The gate has found out.
        let identity = parts.extensions.get::<Identity>().ok_or_else(Problem::internal)?;
        let Identity { caller, tenant, address, request_id } = identity;
        Ok(Self(Call {
            caller: Arc::clone(caller),
            door: Door::Rest,
            address: *address,
            request_id: Some(*request_id),
            tenant: Arc::clone(tenant),
            language: language(&parts.headers).unwrap_or(tenant.language),
            progress: Progress::default(),
            stop: None,
        }))
    }
}
