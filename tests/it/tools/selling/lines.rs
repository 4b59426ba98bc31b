//! `update_sale_lines`: what `dev_update_sale` does with lines, and nothing else.

use serde_json::json;

use super::{quoted, set};
use crate::support::mcp::McpTools;
use crate::support::odoo::search;

#[tokio::test(flavor = "multi_thread")]
async fn lines_change_by_quantity_price_and_discount_and_go() {
    let app = McpTools::start().await;
    let lines = json!([{ "line_id": 11, "qty": 3, "discount": "10" }, { "line_id": 12, "remove": true }]);
    let done = app.call("update_sale_lines", json!({ "sale_id": 7, "lines": lines })).await;
    let expected = json!([
        { "line_id": 11, "product": { "id": 26175, "name": "[PUDU-BELLA] Robot BellaBot" }, "old_qty": 2.0, "qty": 3.0,
          "old_price": 18900.0, "price": 18900.0, "old_discount": 0.0, "discount": 10.0, "subtotal": 51030.0,
          "removed": false },
        { "line_id": 12, "product": { "id": 26176, "name": "Instalación y capacitación" }, "old_qty": 1.0,
          "old_price": 1500.0, "removed": true },
    ]);
    assert_eq!((&done["lines"], &done["amount_total"]), (&expected, &json!(51030.0)));
    let there = search(app.sandbox(), "sale.order.line", json!([["order_id", "=", 7]]), &["discount"]);
    assert_eq!(json!(there), json!([{ "id": 11, "discount": 10.0 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_changes_nothing() {
    let app = McpTools::start().await;
    for (lines, says) in [
        (json!([]), "\n- lines: "),
        (json!([{ "line_id": 11, "discount": 101 }]), "\n- lines[0].discount: "),
        (json!([{ "line_id": 11 }]), "give a qty, a price, a discount or remove: true"),
        (json!([{ "line_id": 10, "qty": 1 }]), "is no line of this order, which has 11 ("),
    ] {
        let said = app.error("update_sale_lines", json!({ "sale_id": 7, "lines": lines })).await;
        assert!(said.contains(says), "{said}");
    }
    let order = quoted(&app);
    app.call("confirm_sale", json!({ "sale_id": order })).await;
    set(&app, order, json!({ "origin": "x" }));
    let line =
        search(app.sandbox(), "sale.order.line", json!([["order_id", "=", order]]), &[])[0]["id"].clone();
    let away = json!({ "sale_id": order, "lines": [{ "line_id": line, "remove": true }] });
    let said = app.error("update_sale_lines", away).await;
    assert!(said.contains("is confirmed and nothing of it was changed"), "{said}");
}
