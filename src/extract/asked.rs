//! The call that a request over REST is.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mcp_odoo_core::access::Door;
use mcp_odoo_core::call::{Call, Progress};
use mcp_odoo_tools::caller::{caller, language};

use crate::state::AppState;

/// Who asks, and for whom. Who hangs up drops it.
pub struct Asked(pub Call);

impl FromRequestParts<AppState> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let caller = caller(Door::Rest, &parts.headers).into();
        let tenant = Arc::clone(&state.tenant);
        let language = language(&parts.headers).unwrap_or(tenant.language);
        Ok(Self(Call { caller, tenant, language, progress: Progress::default(), stop: None }))
    }
}
