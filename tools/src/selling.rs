//! What is done with an order after it was quoted: confirmed, cancelled, changed line by line, and what comes next.
//!
//! It goes by ids of the Odoo that is read: where another one is written to, that refuses it.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::access::models::Verb;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::{
    Activity, MovedSale, NewActivity, SaleLinesUpdate, SaleStep, SaleUpdate, Step, UpdatedSale,
};
use mcp_odoo_core::refusal::Refusal;

use crate::dispatch::opens_lines;
use crate::operation::{Does, Operation, Spec, Text};

pub struct ConfirmSale;

impl Operation for ConfirmSale {
    const SPEC: Spec = Spec {
        name: "confirm_sale",
        title: "Confirm sale",
        description: "Confirms a quotation (confirmar la cotización: pedido de venta). One that is confirmed \
            already stays so.",
        does: Does::Overwrite,
        needs: Permission::Write,
        model: Some("sale.order"),
        text: Text::Lines,
    };
    type Request = SaleStep;
    type Answer = MovedSale;

    fn named(request: &SaleStep) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleStep) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.move_sale(Step::Confirm, &request).await?)
    }
}

pub struct CancelSale;

impl Operation for CancelSale {
    const SPEC: Spec = Spec {
        name: "cancel_sale",
        title: "Cancel sale",
        description: "Cancels a quotation or order (cancelar, anular la cotización o el pedido). The customer is \
            not told.",
        ..ConfirmSale::SPEC
    };
    type Request = SaleStep;
    type Answer = MovedSale;

    fn named(request: &SaleStep) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleStep) -> Result<Self::Answer, Refusal> {
        Ok(call.reader().await?.move_sale(Step::Cancel, &request).await?)
    }
}

pub struct UpdateSaleLines;

impl Operation for UpdateSaleLines {
    const SPEC: Spec = Spec {
        name: "update_sale_lines",
        title: "Change order lines",
        description: "Changes quantity (cantidad), price (precio) or discount (descuento) of lines, or takes lines \
            away (quitar); tells the new total. Line ids: get_sale. E.g. {\"sale_id\":7,\
            \"lines\":[{\"line_id\":11,\"discount\":10}]}.",
        ..ConfirmSale::SPEC
    };
    type Request = SaleLinesUpdate;
    type Answer = UpdatedSale;

    fn named(request: &SaleLinesUpdate) -> Vec<Id> {
        vec![request.sale_id.into()]
    }

    async fn run(call: Call, request: SaleLinesUpdate) -> Result<Self::Answer, Refusal> {
        let request: SaleUpdate = request.into();
        opens_lines(&call.tenant.access.models(), &request.lines)?;
        Ok(call.reader().await?.update_sale(&request).await?)
    }
}

pub struct ScheduleActivity;

impl Operation for ScheduleActivity {
    const SPEC: Spec = Spec {
        name: "schedule_activity",
        title: "Schedule activity",
        description: "Plans what somebody has to do on a record (actividad: llamada, reunión, recordatorio). E.g. \
            {\"model\":\"sale.order\",\"record_id\":7,\"summary\":\"Llamar\",\"due_date\":\"2027-01-15\",\
            \"user\":\"Laura\"}.",
        does: Does::Add,
        needs: Permission::Write,
        model: Some("mail.activity"),
        text: Text::Lines,
    };
    type Request = NewActivity;
    type Answer = Activity;

    fn named(request: &NewActivity) -> Vec<Id> {
        vec![request.record_id.into()]
    }

    fn told(activity: &Activity) -> Vec<Id> {
        vec![activity.id.into()]
    }

    fn model(request: &NewActivity) -> Option<&str> {
        Some(&request.model)
    }

    async fn run(call: Call, request: NewActivity) -> Result<Self::Answer, Refusal> {
        // Odoo, too, asks who plans something on a record for the right to change it.
        let allowed = call.tenant.access.models().allow(&request.model, Verb::Update);
        allowed.map_err(|closed| Refusal::closed(&closed))?;
        Ok(call.reader().await?.schedule_activity(&request).await?)
    }
}
