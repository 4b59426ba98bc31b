//! Quotations and orders: read, and made or changed step by step.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::access::models::Verb;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{
    MadeLine, MadeSale, NewSale, NewSaleLine, Page, Sale, SaleFilter, SaleRecordRequest, SaleRequest,
    SaleSummary, SaleUpdate, Single, UpdatedSale,
};
use mcp_odoo_core::records::Context;
use mcp_odoo_core::refusal::Refusal;

use crate::dispatch::opens_lines;
use crate::operation::{Does, Operation, Spec, Text};
use crate::records::view;
use crate::tool::Object;

pub struct ListSales;

impl Operation for ListSales {
    const SPEC: Spec = Spec {
        name: "list_sales",
        title: "List sales",
        description: "Lists quotations and orders (cotizaciones, ventas), newest first. For lines \
            use get_sale. E.g. {\"q\":\"Torres\",\"state\":\"sent\"}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SaleFilter;
    type Answer = Page<SaleSummary>;

    fn told(sales: &Page<SaleSummary>) -> Vec<Id> {
        sales.items.iter().map(|sale| sale.id.into()).collect()
    }

    async fn run(call: Call, filter: SaleFilter) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.sales(&filter).await?)
    }
}

pub struct GetSale;

impl Operation for GetSale {
    const SPEC: Spec = Spec {
        name: "get_sale",
        title: "Get sale",
        description: "One quotation or order with amounts and lines. To find one use list_sales.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SaleRequest;
    type Answer = Single<Sale>;

    fn named(request: &SaleRequest) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleRequest) -> Result<Self::Answer, Refusal> {
        Ok(Single { record: call.reader().await?.sale(&request).await? })
    }
}

pub struct ReadSale;

impl Operation for ReadSale {
    const SPEC: Spec = Spec {
        name: "dev_read_sale",
        title: "Read order fields",
        description: "Chosen fields of an order where dev_ tools write, e.g. before \
            dev_update_sale. Else use get_sale. E.g. \
            {\"sale_id\":7,\"fields\":[\"note\"]}.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SaleRecordRequest;
    type Answer = Single<Object>;

    fn named(request: &SaleRecordRequest) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleRecordRequest) -> Result<Self::Answer, Refusal> {
        let names: Vec<&str> = request.fields.iter().map(String::as_str).collect();
        shown(&call, Verb::Read, &names).await?;
        Ok(call.writer().await?.sale_record(&request).await?)
    }
}

pub struct CreateSale;

impl Operation for CreateSale {
    const SPEC: Spec = Spec {
        name: "dev_create_sale",
        title: "Create order",
        description: "Makes a draft order without lines for a known customer; then use \
            dev_create_sale_line. For all at once: dev_create_quotation.",
        does: Does::Add,
        needs: Permission::Write,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = NewSale;
    type Answer = MadeSale;

    fn told(sale: &MadeSale) -> Vec<Id> {
        vec![sale.id.into()]
    }

    async fn run(call: Call, request: NewSale) -> Result<Self::Answer, Refusal> {
        Ok(call.writer().await?.make_sale(&request).await?)
    }
}

pub struct CreateSaleLine;

impl Operation for CreateSaleLine {
    const SPEC: Spec = Spec {
        name: "dev_create_sale_line",
        title: "Add order line",
        description: "Adds one product to an order. Not for new quotations: \
            dev_create_quotation.",
        does: Does::Add,
        needs: Permission::Write,
        model: Some("sale.order.line"),
        text: Text::Lines,
    };
    type Request = NewSaleLine;
    type Answer = MadeLine;

    fn told(line: &MadeLine) -> Vec<Id> {
        vec![line.line_id.into()]
    }

    async fn run(call: Call, request: NewSaleLine) -> Result<Self::Answer, Refusal> {
        Ok(call.writer().await?.make_sale_line(&request).await?)
    }
}

pub struct UpdateSale;

impl Operation for UpdateSale {
    const SPEC: Spec = Spec {
        name: "dev_update_sale",
        title: "Change order",
        description: "Changes fields and lines (líneas) of an order and tells what it is then, with its total. \
            E.g. {\"sale_id\":7,\"values\":{\"client_order_ref\":\"PO-9\"},\
            \"lines\":[{\"line_id\":11,\"qty\":3}]}.",
        does: Does::Overwrite,
        needs: Permission::Write,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SaleUpdate;
    type Answer = UpdatedSale;

    fn named(request: &SaleUpdate) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleUpdate) -> Result<Self::Answer, Refusal> {
        opens_lines(&call.tenant.access.models(), &request.lines)?;
        let names: Vec<&str> = request.values.keys().map(String::as_str).collect();
        shown(&call, Verb::Update, &names).await?;
        Ok(call.writer().await?.update_sale(&request).await?)
    }
}

/// Whether callers see these fields of an order: some mirror what is hidden elsewhere.
async fn shown(call: &Call, verb: Verb, names: &[&str]) -> Result<(), Refusal> {
    if !call.tenant.access.models().restrict() {
        return Ok(());
    }
    let view = view(call, &call.tenant.writer, &Context::default()).await?;
    Ok(view.show("sale.order", verb, names).await?)
}
