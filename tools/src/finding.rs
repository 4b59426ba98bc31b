//! What a quotation is of and for whom, by what people call it.

use mcp_odoo_core::erp::{CustomerQuery, ProductQuery};
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    ToolRouter::new()
        .with_route(
            Spec {
                name: "find_products",
                title: "Find products",
                description: "Finds products to sell (productos) with id, price, unit and stock. E.g. \
                              {\"q\":\"robot\",\"customer\":\"Almacenes Torres\"}.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, query: ProductQuery| async move {
                tools.shared.reader.find_products(&query).await
            }),
        )
        .with_route(
            Spec {
                name: "find_customers",
                title: "Find customers",
                description: "Finds customers and their contacts (clientes), for partner_id or to quote for their \
                              e-mail. E.g. {\"q\":\"torres\"}.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, query: CustomerQuery| async move {
                tools.shared.reader.find_customers(&query).await
            }),
        )
}
