//! The REST API, one file per resource.

pub mod docs;
mod handoff;
mod health;
mod odoo;
mod quotation;
mod report;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes and, built from them, the OpenAPI document.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::description())
        .routes(routes!(quotation::submit))
        .routes(routes!(quotation::status))
        .routes(routes!(quotation::events))
        .routes(routes!(handoff::hand_off))
        .routes(routes!(handoff::status))
        .routes(routes!(handoff::report))
        .routes(routes!(report::report))
        .routes(routes!(odoo::query))
        .routes(routes!(odoo::models))
        .routes(routes!(odoo::fields))
        .routes(routes!(health::health))
}
