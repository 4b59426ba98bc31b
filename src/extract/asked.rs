//! The call that a request over REST is.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::{Call, Progress};
use mcp_odoo_tools::caller::{Identity, language};
use mcp_odoo_tools::operation::Operation;
use mcp_odoo_tools::permit;

use crate::error::Problem;

/// Who asks for this operation, and for whom. Who may not is told so before anything else of the request is read; who hangs
/// up drops it.
pub struct Asked<O> {
    /// The call.
    pub call: Call,
    _for: PhantomData<O>,
}

impl<O: Operation, S: Sync> FromRequestParts<S> for Asked<O> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // The gate has found out.
        let identity = parts.extensions.get::<Identity>().ok_or_else(Problem::internal)?;
        let Identity { caller, tenant, address, request_id } = identity;
        permit(&O::SPEC, caller, Door::Rest, tenant)?;
        let call = Call {
            caller: Arc::clone(caller),
            door: Door::Rest,
            address: *address,
            request_id: Some(*request_id),
            tenant: Arc::clone(tenant),
            language: language(&parts.headers).unwrap_or(tenant.language),
            progress: Progress::default(),
            stop: None,
        };
        Ok(Self { call, _for: PhantomData })
    }
}
