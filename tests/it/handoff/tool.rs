//! The same by MCP.

use serde_json::json;

use super::{World, customer};
use crate::mcp::client::{Sse, Streamable, call, initialize, initialized, request, text};
use crate::mcp::stdio::Spoken;
use crate::support::mcp::Caller;
use crate::support::twilio::Fault;

const TOOL: &str = "message_notification";

#[tokio::test]
async fn a_model_hands_a_customer_over_once() {
    let world = World::start().await;
    let caller = Caller::connect(&world.app.url).await;
    let answer = caller.call(TOOL, customer()).await;
    assert_eq!(
        (&answer["status"], &answer["message_sid"]),
        (&json!("ok"), &json!(world.twilio.accepted()[0].sid))
    );
    // By whichever way it is repeated.
    assert_eq!(caller.call(TOOL, customer()).await, answer);
    let by_rest = world.sent(&customer()).await;
    assert_eq!((&by_rest["handoff_id"], &by_rest["message"]), (&answer["handoff_id"], &answer["message"]));
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn a_failure_says_what_to_do() {
    let world = World::start().await;
    let caller = Caller::connect(&world.app.url).await;
    world.twilio.fail_at(1, Fault::Refuse(63016));
    let refused = caller.error(TOOL, customer()).await;
    assert!(refused.contains("(twilio_63016)") && refused.contains("TWILIO_CONTENT_SID"), "{refused}");
    let refused = caller.error(TOOL, json!({ "reason": "x", "lead_id": "siete" })).await;
    assert!(refused.contains("user_phone:") && refused.contains("lead_id:"), "{refused}");

    let without = crate::support::app::TestApp::start().await;
    let refused = Caller::connect(&without.url).await.error(TOOL, customer()).await;
    assert!(refused.contains("TWILIO_ACCOUNT_SID") && refused.contains("(not_configured)"), "{refused}");
}

/// Whoever reaches the service could otherwise send what the webhook must sign.
#[tokio::test]
async fn where_messages_must_be_signed_there_is_no_tool_for_them_over_http() {
    let world = World::with(|config| config.messages.webhook_secret = Some("wsec_4711".into())).await;
    let streamable = Streamable::connect(&world.app.client, &world.app.url, "2025-11-25").await;
    let mut sse = Sse::connect(&world.app.client, &world.app.url).await;
    let ask = call(3, TOOL, &customer());
    for refused in [streamable.ask(&ask).await, sse.ask(&ask).await] {
        assert_eq!(refused["result"]["isError"], true, "{refused}");
        let said = text(&refused);
        assert!(
            said.contains("ELEVENLABS_WEBHOOK_SECRET") && said.contains("(signature_required)"),
            "{said}"
        );
    }
    let refused = streamable.ask(&call(4, TOOL, &json!({ "reason": 7 }))).await;
    let said = text(&refused);
    assert!(said.contains("(signature_required)"), "whatever the arguments are: {said}");
    let list = request(2, "tools/list", &json!({}));
    for listed in [streamable.ask(&list).await, sse.ask(&list).await] {
        let tools = listed["result"]["tools"].as_array().unwrap();
        assert!(tools.len() > 10 && tools.iter().all(|tool| tool["name"] != TOOL), "{listed}");
    }
    assert!(world.twilio.accepted().is_empty());
}

#[tokio::test]
async fn who_started_the_process_may_send_them() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut stdio = Spoken::start_with(folder.path(), &[("ELEVENLABS_WEBHOOK_SECRET", "wsec_4711")]);
    stdio.ask(&initialize("2025-11-25")).await;
    stdio.write(&initialized().to_string()).await;
    let listed = stdio.ask(&request(2, "tools/list", &json!({}))).await;
    let tools = listed["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == TOOL), "{listed}");
    let answer = stdio.ask(&call(3, TOOL, &customer())).await;
    assert!(text(&answer).contains("(not_configured)"), "it is tried: {answer}");
}
