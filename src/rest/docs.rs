//! The OpenAPI document and Swagger UI.

use utoipa::OpenApi;
use utoipa::openapi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

/// Nobody is asked who they are here.
const OPEN: &str = "/health";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "mcp-odoo",
        description = "Real quotations in Odoo, made exactly once: one partner, one opportunity, one sale order \
                       with its lines, whatever fails on the way.",
    ),
    tags(
        (name = "quotation", description = "Make a quotation and follow it"),
        (name = "odoo", description = "Any record, as far as the rules open its model"),
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
    whole(super::routes().into_openapi())
}

/// With what the gate adds to each path: how callers say who they are, and what they are told who may not.
pub fn whole(mut document: openapi::OpenApi) -> openapi::OpenApi {
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A key, or an access token"));
    let header = ApiKeyValue::with_description("X-API-Key", "A key");
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    let ways = || ["bearer", "key"].map(|name| SecurityRequirement::new(name, [""; 0]));
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.post].into_iter().flatten().filter(|_| path != OPEN);
        for operation in operations {
            // Where no keys are set up, nobody needs one.
            operation.security = Some([SecurityRequirement::default()].into_iter().chain(ways()).collect());
            let answers = &mut operation.responses.responses;
            answers.entry("401".to_owned()).or_insert_with(|| refusal("It is not known who calls").into());
            answers.entry("403".to_owned()).or_insert_with(|| refusal("The caller may not").into());
        }
    }
    document
}

fn refusal(description: &str) -> Response {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", problem).build()
}
