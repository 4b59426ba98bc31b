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
}
