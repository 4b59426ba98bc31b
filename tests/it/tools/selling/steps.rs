//! `confirm_sale` and `cancel_sale`.

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::json;

use super::{quoted, set, state};
use crate::support::mcp::McpTools;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_confirmed_and_cancelled() {
    for (version, protocol) in [
        (Version::V18, ProtocolChoice::JsonRpc),
        (Version::V18, ProtocolChoice::XmlRpc),
        (Version::V19, ProtocolChoice::Json2),
    ] {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let sale = json!({ "sale_id": 7 });
        let told = app.call("confirm_sale", sale.clone()).await;
        let expected = json!({
            "id": 7, "name": "S00007", "state_before": "sent", "state": "sale", "amount_untaxed": 39300.0,
            "amount_tax": 240.0, "amount_total": 39540.0, "currency": "USD",
        });
        assert_eq!(told, expected, "{version:?} {protocol:?}");
        let again = app.call("confirm_sale", sale.clone()).await;
        assert_eq!((&again["already"], &again["state"]), (&json!(true), &json!("sale")));
        let told = app.call("cancel_sale", sale.clone()).await;
        assert_eq!((&told["state_before"], &told["state"]), (&json!("sale"), &json!("cancel")));
        assert_eq!(state(&app, 7), "cancel");
        let again = app.call("cancel_sale", sale.clone()).await;
        assert_eq!((&again["already"], &again["state"]), (&json!(true), &json!("cancel")));
        let said = app.error("confirm_sale", sale).await;
        assert!(said.contains("S00007 is cancelled and was not confirmed: set it back"), "{said}");
        assert!(said.ends_with("(wrong_state)"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_so_already_is_not_done_again() {
    let app = McpTools::start().await;
    let order = quoted(&app);
    for (tool, action) in
        [("confirm_sale", "sale.order.action_confirm"), ("cancel_sale", "sale.order.action_cancel")]
    {
        app.call(tool, json!({ "sale_id": order })).await;
        app.no_faults();
        app.call(tool, json!({ "sale_id": order })).await;
        let calls = app.odoo.proxy.calls();
        assert_eq!(calls, ["sale.order.read"], "{tool}: {action} is not called again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_way_from_everywhere() {
    let app = McpTools::start().await;
    let order = quoted(&app);
    app.call("confirm_sale", json!({ "sale_id": order })).await;
    set(&app, order, json!({ "locked": true }));
    let said = app.error("cancel_sale", json!({ "sale_id": order })).await;
    assert!(said.contains("is locked and was not cancelled: unlock it in Odoo first"), "{said}");
    assert_eq!(state(&app, order), "sale");
    for tool in ["confirm_sale", "cancel_sale"] {
        let said = app.error(tool, json!({ "sale_id": 999 })).await;
        assert!(said.contains("there is no sale with id 999") && said.ends_with("(not_found)"), "{said}");
        let said = app.error(tool, json!({ "sale_id": "S00007" })).await;
        assert!(said.contains("\n- sale_id: "), "{said}");
    }
}
