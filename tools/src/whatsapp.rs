//! Messages to salespeople.

use mcp_odoo_core::handoff::HandoffError;
use mcp_odoo_core::handoff::request::HandoffRequest;
use mcp_odoo_core::input;
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolResult, JsonObject};

use crate::reply::{self, Text};
use crate::route::{Does, Spec, answered, given};
use crate::{OdooTools, schema};

pub const TOOL: &str = "message_notification";

pub fn router() -> ToolRouter<OdooTools> {
    let spec = Spec {
        name: TOOL,
        title: "Hand over to a salesperson",
        description: "Sends the customer's salesperson (vendedor) a WhatsApp or SMS. Use it when the customer asks for a \
                      person; not to write to the customer. E.g. {\"user_phone\":\"+52 33 1234 5678\",\"reason\":\"Quiere \
                      un descuento\",\"sale_order_id\":42}. If queued, it is still being sent: do not call again.",
        does: Does::Tell,
        text: Text::Lines,
    };
    let tool = spec.tool(schema::input::<HandoffRequest>(), None);
    ToolRouter::new().with_route(ToolRoute::new_dyn(tool, |context: ToolCallContext<'_, OdooTools>| {
        let tools = context.service.clone();
        let arguments = given(context.arguments);
        answered(async move { notify(&tools, arguments).await })
    }))
}

async fn notify(tools: &OdooTools, arguments: JsonObject) -> CallToolResult {
    let request = match input::parse::<HandoffRequest>(arguments.into()) {
        Ok(request) => request,
        Err(errors) => return reply::invalid(&errors),
    };
    match tools.shared.handoffs.hand_off(request, &[]).await {
        Ok(answer) => reply::success(&answer, Text::Lines),
        Err(error) => refused(&error),
    }
}

/// The answer where messages must be signed.
pub fn unsigned() -> CallToolResult {
    let sentence = "this service takes requests for messages over HTTP only when they are signed \
                    (ELEVENLABS_WEBHOOK_SECRET): have the agent's webhook call POST /api/elevenlabs/handoff";
    reply::failed(&sentence, "signature_required")
}

fn refused(error: &HandoffError) -> CallToolResult {
    match error {
        HandoffError::NotConfigured(_) => reply::failed(error, "not_configured"),
        HandoffError::TooMany => reply::failed(error, "queue_full"),
        HandoffError::KeyReused => reply::failed(error, "idempotency_key_reused"),
        HandoffError::Stopping => reply::failed(error, "stopping"),
        HandoffError::Failed { code, .. } => reply::failed(error, code),
        HandoffError::Journal(error) => {
            tracing::error!(%error, "the journal cannot be used");
            let sentence = "the service cannot write its log files, so nothing was sent: try again later";
            reply::failed(&sentence, "journal_unavailable")
        }
    }
}
