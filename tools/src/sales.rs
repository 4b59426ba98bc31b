//! Quotations and orders: read, and made or changed step by step.

use mcp_odoo_core::erp::{
    NewSale, NewSaleLine, SaleFilter, SaleRecordRequest, SaleRequest, SaleUpdate, Single,
};
use rmcp::handler::server::router::tool::ToolRouter;

use crate::OdooTools;
use crate::reply::Text;
use crate::route::{Does, Spec};

pub fn router() -> ToolRouter<OdooTools> {
    reading() + writing()
}

fn reading() -> ToolRouter<OdooTools> {
    ToolRouter::new()
        .with_route(
            Spec {
                name: "list_sales",
                title: "List sales",
                description: "Lists quotations and orders (cotizaciones, ventas), newest first. For lines \
                              use get_sale. E.g. {\"q\":\"Torres\",\"state\":\"sent\"}.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, filter: SaleFilter| async move {
                tools.shared.reader.sales(&filter).await
            }),
        )
        .with_route(
            Spec {
                name: "get_sale",
                title: "Get sale",
                description: "One quotation or order with amounts and lines. To find one use list_sales.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: SaleRequest| async move {
                Ok(Single { record: tools.shared.reader.sale(&request).await? })
            }),
        )
        .with_route(
            Spec {
                name: "dev_read_sale",
                title: "Read order fields",
                description: "Chosen fields of an order where dev_ tools write, e.g. before \
                              dev_update_sale. Else use get_sale. E.g. \
                              {\"sale_id\":7,\"fields\":[\"note\"]}.",
                does: Does::Read,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: SaleRecordRequest| async move {
                tools.shared.writer.sale_record(&request).await
            }),
        )
}

fn writing() -> ToolRouter<OdooTools> {
    ToolRouter::new()
        .with_route(
            Spec {
                name: "dev_create_sale",
                title: "Create order",
                description: "Makes a draft order without lines for a known customer; then use \
                              dev_create_sale_line. For all at once: dev_create_quotation.",
                does: Does::Add,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: NewSale| async move {
                tools.shared.writer.make_sale(&request).await
            }),
        )
        .with_route(
            Spec {
                name: "dev_create_sale_line",
                title: "Add order line",
                description: "Adds one product to an order. Not for new quotations: \
                              dev_create_quotation.",
                does: Does::Add,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: NewSaleLine| async move {
                tools.shared.writer.make_sale_line(&request).await
            }),
        )
        .with_route(
            Spec {
                name: "dev_update_sale",
                title: "Change order",
                description: "Changes fields and lines (líneas) of an order and tells what it is then, with its total. \
                              E.g. {\"sale_id\":7,\"values\":{\"client_order_ref\":\"PO-9\"},\
                              \"lines\":[{\"line_id\":11,\"qty\":3}]}.",
                does: Does::Overwrite,
                text: Text::Lines,
            }
            .route(|tools: OdooTools, request: SaleUpdate| async move {
                tools.shared.writer.update_sale(&request).await
            }),
        )
}
