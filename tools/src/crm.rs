//! Who gets the next customer.

use mcp_odoo_core::erp::ErpError;
use mcp_odoo_core::quotation::error::QuotationError;
use rmcp::handler::server::router::tool::ToolRouter;
use schemars::JsonSchema;
use serde::Serialize;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, NoArguments, Spec};

#[derive(Serialize, JsonSchema)]
struct Salesperson {
    /// Id
    user_id: i64,
    /// Name
    name: Option<String>,
}

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new().with_route(
        Spec {
            name: "get_salesperson_with_least_opportunities",
            title: "Least busy salesperson",
            description: "The salesperson (vendedor) with the fewest open opportunities. \
                          dev_create_quotation finds one by itself.",
            does: Does::Read,
            text: Text::Lines,
        }
        .route(|tools: OdooTools, _: NoArguments| async move {
            // Only asked for: the claim ends here.
            let user_id = tools.shared.sales.least_loaded().await.map_err(cause)?.user_id();
            let names = tools.shared.reader.user_names(&[user_id]).await?;
            Ok(Salesperson { user_id, name: names.into_iter().next().map(|user| user.name) })
        }),
    )
}

fn cause(error: QuotationError) -> ErpError {
    match error {
        QuotationError::Odoo(error) => error.into(),
        _ => ErpError::NoSalesperson,
    }
}
