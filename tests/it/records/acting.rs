//! Methods called.

use serde_json::json;

use crate::support::mcp::McpTools;
use crate::support::odoo::search;

#[tokio::test(flavor = "multi_thread")]
async fn a_public_method_is_called_and_others_are_not() {
    let app = McpTools::start().await;
    let called = app
        .call("call_method", json!({ "model": "sale.order", "method": "action_confirm", "ids": [7] }))
        .await;
    assert_eq!(called["result"], true);
    assert_eq!(search(app.sandbox(), "sale.order", json!([["id", "=", 7]]), &["state"])[0]["state"], "sale");
    for (method, said) in [
        ("write", "update_record"),
        ("unlink", "delete_record"),
        ("search_read", "search_records"),
        ("_compute_amounts", "private"),
        ("no method", "must be the name"),
        (&"x".repeat(200_000), "must be the name"),
        ("action_nothing", "odoo_unknown_name"),
    ] {
        let error =
            app.error("call_method", json!({ "model": "sale.order", "method": method, "ids": [7] })).await;
        assert!(error.contains(said), "{method}: {error}");
    }
    let error = app
        .error("call_method", json!({ "model": "sale.order", "method": "action_confirm", "ids": [6], "kwargs": { "context": {} } }))
        .await;
    assert!(error.contains("kwargs.context"), "{error}");
    let error = app
        .error(
            "call_method",
            json!({ "model": "sale.order", "method": "action_quotation_sent", "kwargs": { "ids": [6] } }),
        )
        .await;
    assert!(error.contains("kwargs.ids"), "{error}");
}

/// Odoo 19 does it to no records, and says that it went well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_on_no_records_is_not_told_as_done() {
    let app = McpTools::start().await;
    for arguments in [json!({}), json!({ "ids": [] }), json!({ "args": [] }), json!({ "args": [7] })] {
        let mut asked = json!({ "model": "sale.order", "method": "action_confirm" });
        asked.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        let error = app.error("call_method", asked).await;
        assert!(error.contains("- ids: must name the records"), "{error}");
    }
    let asked = json!({ "model": "sale.order", "method": "has_access", "kwargs": { "operation": "read" } });
    let called = app.call("call_method", asked).await;
    assert!(called["note"].as_str().unwrap().contains("no records"), "{called}");
}
