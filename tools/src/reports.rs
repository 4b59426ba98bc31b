//! What becomes of messages.

use mcp_odoo_core::access::Permission;
use mcp_odoo_core::audit::Id;
use mcp_odoo_core::call::Call;
use mcp_odoo_core::handoff::id::HandoffId;
use mcp_odoo_core::messages::Report;
use mcp_odoo_core::quotation::id::TrackingId;
use mcp_odoo_core::refusal::Refusal;

use crate::operation::{Does, Operation, Spec, Text};

/// Takes in what Twilio reports of a message. It must be Twilio that calls.
pub struct TakeInReport;

/// What is reported, of what.
pub struct MessageReport {
    /// The handoff or the quotation that the message was about; of others nothing is kept.
    pub reference: String,
    /// What became of it.
    pub report: Report,
}

impl Operation for TakeInReport {
    const SPEC: Spec = Spec {
        name: "report_message",
        title: "Delivery report",
        description: "Takes in what became of a message.",
        // It changes what is known, nothing in Odoo, and is seen through by itself.
        does: Does::Read,
        needs: Permission::Handoffs,
        model: None,
        text: Text::Json,
    };
    type Request = MessageReport;
    type Answer = ();

    const COUNTS: bool = false;

    fn named(MessageReport { reference, .. }: &MessageReport) -> Vec<Id> {
        // Anybody may have written anything there.
        let is_ours = reference.parse::<HandoffId>().is_ok() || reference.parse::<TrackingId>().is_ok();
        is_ours.then(|| Id::Named(reference.clone())).into_iter().collect()
    }

    async fn run(call: Call, MessageReport { reference, report }: MessageReport) -> Result<(), Refusal> {
        if let Ok(id) = reference.parse::<HandoffId>() {
            call.tenant.handoffs.reported(id, report).await?;
        } else if let Ok(id) = reference.parse::<TrackingId>() {
            call.tenant.tasks.reported(id, report).await?;
        }
        Ok(())
    }
}
