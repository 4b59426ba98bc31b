//! The OpenAPI document and Swagger UI.

use utoipa::OpenApi;
use utoipa::openapi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "mcp-odoo",
        description = "Real quotations in Odoo, made exactly once: one partner, one opportunity, one sale order \
                       with its lines, whatever fails on the way.",
    ),
    tags(
        (name = "quotation", description = "Make a quotation and follow it"),
        (name = "service", description = "The service itself"),
    )
)]
struct Description;

/// The document without paths.
pub(super) fn description() -> openapi::OpenApi {
    Description::openapi()
}

/// The whole document.
pub fn openapi() -> openapi::OpenApi {
    super::routes().into_openapi()
}
