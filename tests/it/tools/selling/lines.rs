//! `update_sale_lines`: what `dev_update_sale` does with lines, and nothing else.

use serde_json::{Map, json};

use super::{quoted, set};
use crate::records::WAYS;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

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

/// It is told what was asked for and what there is, also where it was so before.
#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_rounds_is_done_and_told() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let lines = json!([{ "line_id": 11, "qty": 2.005, "price": 10.333, "discount": 33.333 }]);
        for _ in 0..2 {
            let done = app.call("update_sale_lines", json!({ "sale_id": 7, "lines": lines })).await;
            let said = json!([
                "qty of line 11: Odoo rounded 2.005 to 2.01",
                "price of line 11: Odoo rounded 10.333 to 10.33",
                "discount of line 11: Odoo rounded 33.333 to 33.33",
            ]);
            assert_eq!(
                (&done["ok"], &done["warnings"]),
                (&json!(true), &said),
                "{version:?} {protocol:?}: {done}"
            );
            let line = &done["lines"][0];
            let now = [&line["qty"], &line["price"], &line["discount"]];
            assert_eq!(now, [&json!(2.01), &json!(10.33), &json!(33.33)], "{version:?} {protocol:?}");
        }
    }
}

/// A rule in Odoo has the last word: what it puts back is no success, nor is what it makes of it hidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_is_put_back_is_not_changed_and_another_one_is_told() {
    for (instead, code) in [(18900.0, Some("(not_changed)")), (50.0, None)] {
        let app = McpTools::start().await;
        let (sandbox, mut written) = (app.sandbox().clone(), false);
        app.odoo.proxy.plan(move |_, name| {
            if written && name == "sale.order.line.search_read" {
                let price = vec![json!([11]), json!({ "price_unit": instead })];
                sandbox.execute("sale.order.line", "write", price, Map::new()).unwrap();
            }
            written |= name == "sale.order.write";
            None
        });
        let asked =
            json!({ "sale_id": 7, "lines": [{ "line_id": 11, "qty": 3, "price": 99.5, "discount": 5 }] });
        match code {
            Some(code) => {
                let said = app.error("update_sale_lines", asked).await;
                let now =
                    "not have what was asked for line 11. Now in S00007:\n- line 11 is 3 at 18900 less 5 %";
                assert!(said.contains(now) && said.contains(code), "{said}");
            }
            None => {
                let done = app.call("update_sale_lines", asked).await;
                let warnings = json!(["price of line 11: 99.5 was asked for and Odoo has 50"]);
                assert_eq!(
                    (&done["warnings"], &done["lines"][0]["price"]),
                    (&warnings, &json!(50.0)),
                    "{done}"
                );
            }
        }
    }
}

/// Where Odoo's answer is lost, what somebody else made of it is no rounding: nobody knows what was done.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_made_of_it_is_not_taken_for_ours() {
    for (tool, asked, write) in [
        (
            "update_sale_lines",
            json!({ "sale_id": 7, "lines": [{ "line_id": 11, "qty": 5 }] }),
            "sale.order.write",
        ),
        (
            "update_record",
            json!({ "model": "sale.order.line", "record_id": 11, "values": { "product_uom_qty": 5 } }),
            "sale.order.line.write",
        ),
    ] {
        let app = McpTools::start().await;
        let sandbox = app.sandbox().clone();
        app.odoo.proxy.plan(move |_, name| {
            (name == write).then(|| {
                let three = vec![json!([11]), json!({ "product_uom_qty": 3 })];
                sandbox.execute("sale.order.line", "write", three, Map::new()).unwrap();
                Fault::TurnedAway(404)
            })
        });
        let said = app.error(tool, asked).await;
        assert!(said.ends_with("(outcome_unknown)") && said.contains('3'), "{tool}: {said}");
    }
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
