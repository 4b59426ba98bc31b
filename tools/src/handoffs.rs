//! Messages to salespeople.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::handoff::HandoffAnswer;
use mcp_odoo_core::handoff::id::HandoffId;
use mcp_odoo_core::handoff::request::HandoffRequest;
use mcp_odoo_core::handoff::status::HandoffStatus;
use mcp_odoo_core::key::IdempotencyKey;
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, OK, Operation, Spec, Text};

/// Tells a salesperson that a customer wants to speak with one.
pub struct HandOff;

/// What is asked for.
pub struct NewHandoff {
    /// The handoff.
    pub request: HandoffRequest,
    /// What makes a repeat safe.
    pub keys: Vec<IdempotencyKey>,
}

/// As models ask, who have no key.
impl From<HandoffRequest> for NewHandoff {
    fn from(request: HandoffRequest) -> Self {
        Self { request, keys: Vec::new() }
    }
}

impl Operation for HandOff {
    const SPEC: Spec = Spec {
        name: "message_notification",
        title: "Hand over to a salesperson",
        description: "Sends the customer's salesperson (vendedor) a WhatsApp or SMS. Use it when the customer asks for a \
                      person; not to write to the customer. E.g. {\"user_phone\":\"+52 33 1234 5678\",\"reason\":\"Quiere \
                      un descuento\",\"sale_order_id\":42}. If queued, it is still being sent: do not call again.",
        does: Does::Tell,
        needs: Permission::Handoffs,
        model: None,
        text: Text::Lines,
    };
    type Request = NewHandoff;
    type Answer = HandoffAnswer;

    fn told(answer: &HandoffAnswer) -> Vec<Id> {
        vec![Id::Named(answer.handoff_id.to_string())]
    }

    async fn run(call: Call, NewHandoff { request, keys }: NewHandoff) -> Result<HandoffAnswer, Refusal> {
        Ok(call.tenant.handoffs.hand_off(request, &keys, &call.caller).await?)
    }
}

/// Where a handoff is; `None`: there is none of this id.
pub struct GetHandoffStatus;

impl Operation for GetHandoffStatus {
    const SPEC: Spec = Spec {
        name: "get_handoff_status",
        title: "Handoff status",
        description: "Where a handoff is: sent, delivered, read or failed.",
        does: Does::Read,
        needs: Permission::Handoffs,
        model: None,
        text: Text::Json,
    };
    type Request = HandoffId;
    type Answer = Option<HandoffStatus>;

    const COUNTS: bool = false;

    fn named(id: &HandoffId) -> Vec<Id> {
        vec![Id::Named(id.to_string())]
    }

    fn outcome(status: &Self::Answer) -> &'static str {
        if status.is_some() { OK } else { "handoff_not_found" }
    }

    async fn run(call: Call, id: HandoffId) -> Result<Self::Answer, Refusal> {
        let told = call.tenant.handoffs.status(&id).await?;
        let told = told.filter(|told| call.caller.may_see(&told.document().head.owner));
        Ok(told.map(|told| HandoffStatus::clone(&told)))
    }
}
