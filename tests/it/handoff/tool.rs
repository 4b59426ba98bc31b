//! The same by MCP.

use serde_json::json;

use super::{World, customer};
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
