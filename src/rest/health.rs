//! Whether the service is up.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The service answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always true in an answer.
    #[schema(example = true)]
    ok: bool,
    /// Whether the MCP tools are there.
    #[schema(example = true)]
    mcp_loaded: bool,
}

/// Says that the service is up. Odoo may be down all the same: quotations are then accepted and made later.
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, description = "It is up", body = Health)))]
pub async fn health() -> Json<Health> {
    Json(Health { ok: true, mcp_loaded: true })
}
