//! Whether the service is up.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// The service answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always true in an answer.
    #[schema(example = true)]
    ok: bool,
    /// Whether the MCP tools are there.
    #[schema(example = true)]
    mcp_loaded: bool,
    /// `login_refused`: Odoo refuses the service's user or key, and quotations wait. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    odoo: Option<&'static str>,
    /// `not_written`: the disk takes no lines of the audit. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<&'static str>,
    /// `file_not_taken`: the access file was changed and cannot be used; what it said before holds on. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'static str>,
}

/// Says that the service is up. Odoo may be down all the same: quotations are then accepted and made later.
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, description = "It is up", body = Health)))]
pub async fn health(State(state): State<AppState>) -> Json<Health> {
    let odoo = state.tenant.tasks.is_login_refused().then_some("login_refused");
    let audit = state.tenant.audit.is_down().then_some("not_written");
    let access = state.tenant.access.problem().map(|_| "file_not_taken");
    Json(Health { ok: true, mcp_loaded: true, odoo, audit, access })
}
