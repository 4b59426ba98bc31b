//! Lines of an order, changed and taken away by `dev_update_sale`.

use mcp_odoo_core::odoo::ProtocolChoice;
use serde_json::{Map, Value, json};

use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

fn lines(app: &McpTools, order: i64) -> Vec<(i64, f64, f64)> {
    let fields = ["product_uom_qty", "price_unit"];
    let line = |line: Value| {
        let number = |field: &str| line[field].as_f64().unwrap();
        (line["id"].as_i64().unwrap(), number("product_uom_qty"), number("price_unit"))
    };
    let found = search(app.sandbox(), "sale.order.line", json!([["order_id", "=", order]]), &fields);
    found.into_iter().map(line).collect()
}

fn change(lines: Value) -> Value {
    json!({ "sale_id": 7, "lines": lines })
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_change_and_go_and_the_total_is_told() {
    let app = McpTools::start().await;
    let arguments = json!({
        "sale_id": 7, "values": { "client_order_ref": "PO-9" },
        "lines": [{ "line_id": 11, "qty": 3 }, { "line_id": 12, "remove": true }],
    });
    let done = app.call("dev_update_sale", arguments.clone()).await;
    assert_eq!(lines(&app, 7), [(11, 3.0, 18900.0)]);
    assert_eq!(done["changed"][0]["new"], "PO-9");
    let expected = json!([
        { "line_id": 11, "product": { "id": 26175, "name": "[PUDU-BELLA] Robot BellaBot" }, "old_qty": 2.0, "qty": 3.0,
          "old_price": 18900.0, "price": 18900.0, "subtotal": 56700.0, "removed": false },
        { "line_id": 12, "product": { "id": 26176, "name": "Instalación y capacitación" }, "old_qty": 1.0,
          "old_price": 1500.0, "removed": true },
    ]);
    assert_eq!(done["lines"], expected);
    assert_eq!(
        (&done["amount_untaxed"], &done["amount_tax"], &done["amount_total"]),
        (&json!(56700.0), &json!(0.0), &json!(56700.0))
    );
    let again = app.call("dev_update_sale", arguments).await;
    assert_eq!(
        again["lines"][1],
        json!({ "line_id": 12, "missing": true, "removed": false }),
        "a repeat finds it done"
    );
    let done =
        app.call("dev_update_sale", change(json!([{ "line_id": 11, "qty": "2", "price": "99.5" }]))).await;
    assert_eq!((&done["amount_total"], lines(&app, 7)), (&json!(199.0), vec![(11, 2.0, 99.5)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_lines_of_that_order_and_only_what_makes_sense() {
    let app = McpTools::start().await;
    for (lines, path, says) in [
        (
            json!([{ "line_id": 10, "qty": 1 }]),
            "lines[0].line_id",
            "is no line of this order, which has 11 ([PUDU-BELLA]",
        ),
        (
            json!([{ "line_id": 11, "qty": 1 }, { "line_id": 10, "remove": true }]),
            "lines[1].line_id",
            "is no line of this order",
        ),
        (json!([{ "line_id": 999, "qty": 1 }]), "lines[0].line_id", "is no line of this order"),
        (json!([{ "line_id": 11 }]), "lines[0].line_id", "give a qty, a price, a discount or remove: true"),
        (
            json!([{ "line_id": 11, "qty": 1, "remove": true }]),
            "lines[0].line_id",
            "either change it or remove it",
        ),
        (
            json!([{ "line_id": 11, "qty": 1 }, { "line_id": 11, "qty": 2 }]),
            "lines[1].line_id",
            "is given twice",
        ),
        (json!([{ "line_id": 11, "qty": -1 }]), "lines[0].qty", ""),
        (json!([{ "line_id": 11, "price": -1 }]), "lines[0].price", ""),
        (json!([{ "id": 11, "qty": 1 }]), "lines[0].id", "unknown field"),
    ] {
        let said = app.error("dev_update_sale", change(lines)).await;
        assert!(said.contains(&format!("\n- {path}: ")) && said.contains(says), "{said}");
    }
    assert_eq!(self::lines(&app, 7), [(11, 2.0, 18900.0), (12, 1.0, 1500.0)]);
    assert_eq!(self::lines(&app, 6), [(9, 30.0, 85.0), (10, 1.0, 280.0)]);
}

/// All of it or nothing, in Odoo's words and with the reason.
/// Of 0.004 Odoo would keep nothing, and what stood would be gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_would_round_away_erases_nothing() {
    let app = McpTools::start().await;
    let before = lines(&app, 7);
    for (update, path) in [
        (json!({ "line_id": 11, "qty": 0.004 }), "lines[0].qty"),
        (json!({ "line_id": 11, "price": 0.001 }), "lines[0].price"),
    ] {
        let said = app.error("dev_update_sale", change(json!([update]))).await;
        assert!(said.contains(path) && said.contains("becomes 0"), "{said}");
        assert_eq!(lines(&app, 7), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_order_keeps_its_lines() {
    let app = McpTools::start().await;
    let arguments = json!({
        "sale_id": 6, "values": { "client_order_ref": "PO-9" },
        "lines": [{ "line_id": 9, "qty": 5 }, { "line_id": 10, "remove": true }],
    });
    let said = app.error("dev_update_sale", arguments).await;
    assert!(
        said.starts_with("S00006 is confirmed and nothing of it was changed. Odoo says: Once a sales order"),
        "{said}"
    );
    let order = search(app.sandbox(), "sale.order", json!([["id", "=", 6]]), &["client_order_ref"]);
    assert_eq!(
        (lines(&app, 6), &order[0]["client_order_ref"]),
        (vec![(9, 30.0, 85.0), (10, 1.0, 280.0)], &json!(false))
    );
}

/// A line that was taken away by a call whose answer was lost is not taken away again.
#[tokio::test(flavor = "multi_thread")]
async fn every_lost_answer_leaves_the_lines_as_asked() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        for fault in Fault::ALL {
            let app = McpTools::builder().protocol(protocol).timeout(fault.timeout()).start_mcp().await;
            app.call("list_users", json!({})).await;
            for call in ["sale.order.write", "sale.order.read", "sale.order.line.search_read"] {
                let product = json!([{ "order_id": 7, "product_id": 1 }]);
                let made =
                    app.sandbox().execute("sale.order.line", "create", vec![product], Map::new()).unwrap();
                let (mut left, mut seen, first) = (1, 0, call == "sale.order.write");
                app.odoo.proxy.plan(move |_, name| {
                    seen += i32::from(name == call);
                    // What is read before the write may fail the call; nothing is done then.
                    let hit = name == call && left > 0 && (first || seen == 2);
                    left -= i32::from(hit);
                    hit.then_some(fault)
                });
                let arguments =
                    change(json!([{ "line_id": made[0], "remove": true }, { "line_id": 11, "qty": 4 }]));
                let done = app.call("dev_update_sale", arguments).await;
                let context = format!("{protocol:?} {fault:?} {call}");
                assert_eq!(
                    (&done["ok"], &done["lines"][0]["removed"]),
                    (&json!(true), &json!(true)),
                    "{context}"
                );
                assert_eq!(lines(&app, 7), [(11, 4.0, 18900.0), (12, 1.0, 1500.0)], "{context}");
            }
        }
    }
}
