//! Who gets the next customer.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::erp::ErpError;
use mcp_odoo_core::quotation::error::QuotationError;
use mcp_odoo_core::refusal::Refusal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::operation::{Does, Operation, Spec, Text};
use crate::tool::NoArguments;

pub struct LeastBusySalesperson;

#[derive(Serialize, JsonSchema)]
pub struct Salesperson {
    /// Id
    user_id: i64,
    /// Name
    name: Option<String>,
}

impl Operation for LeastBusySalesperson {
    const SPEC: Spec = Spec {
        name: "get_salesperson_with_least_opportunities",
        title: "Least busy salesperson",
        description: "The salesperson (vendedor) with the fewest open opportunities. \
                      dev_create_quotation finds one by itself.",
        does: Does::Read,
        needs: Permission::Read,
        model: Some("crm.lead"),
        text: Text::Lines,
    };
    type Request = NoArguments;
    type Answer = Salesperson;

    async fn run(call: Call, _: NoArguments) -> Result<Salesperson, Refusal> {
        let reader = call.reader().await?;
        let salespeople = call.tenant.salespeople.of_company(call.caller.works_in.company);
        // Only asked for: the claim ends here.
        let user_id = salespeople.least_loaded().await.map_err(cause)?.user_id();
        let names = reader.user_names(&[user_id]).await?;
        Ok(Salesperson { user_id, name: names.into_iter().next().map(|user| user.name) })
    }
}

fn cause(error: QuotationError) -> ErpError {
    match error {
        QuotationError::Odoo(error) => error.into(),
        _ => ErpError::NoSalesperson,
    }
}
