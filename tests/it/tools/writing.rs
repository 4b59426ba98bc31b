//! Orders made and changed step by step.

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::{Map, Value, json};

use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

fn orders(app: &McpTools) -> Vec<Value> {
    let fields = ["name", "partner_id", "user_id", "date_order", "note", "payment_term_id"];
    search(app.sandbox(), "sale.order", json!([["id", ">", 8]]), &fields)
}

fn lines(app: &McpTools, order: &Value) -> Vec<Value> {
    let fields = ["product_id", "product_uom_qty", "price_unit", "name"];
    search(app.sandbox(), "sale.order.line", json!([["order_id", "=", order]]), &fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_step_by_step() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let arguments = json!({
            "partner_id": 16, "user_id": 8, "date_order": "2026-12-01T10:00:00-06:00", "note": "2 < 3\nfin",
            "payment_term_id": 4,
        });
        let made = app.call("dev_create_sale", arguments).await;
        let order = orders(&app).remove(0);
        assert_eq!(made, json!({ "id": order["id"], "name": order["name"] }));
        assert_eq!((&order["partner_id"][0], &order["user_id"][0]), (&json!(16), &json!(8)));
        assert_eq!(
            order["date_order"], "2026-12-01 16:00:00",
            "its offset is minded, the user's clock is not"
        );
        assert_eq!(order["payment_term_id"][0], 4);
        let line = json!({ "order_id": made["id"], "product_id": 26174 });
        let first = app.call("dev_create_sale_line", line).await;
        let line = json!({
            "order_id": made["id"], "product_id": 1, "product_uom_qty": 2.5, "price_unit": 0, "name": "Regalo",
        });
        let second = app.call("dev_create_sale_line", line).await;
        let there = lines(&app, &made["id"]);
        assert_eq!((&there[0]["id"], &there[1]["id"]), (&first["line_id"], &second["line_id"]));
        assert_eq!(
            (&first["qty"], &first["price_unit"], &second["subtotal"]),
            (&json!(1.0), &json!(12500.0), &json!(0.0))
        );
        assert_eq!((&there[0]["product_uom_qty"], &there[0]["price_unit"]), (&json!(1.0), &json!(12500.0)));
        assert_eq!((&there[1]["product_uom_qty"], &there[1]["price_unit"]), (&json!(2.5), &json!(0.0)));
        assert_eq!(there[1]["name"], "Regalo");
        let read = app.call("dev_read_sale", json!({ "sale_id": made["id"] })).await;
        assert_eq!(read["record"]["partner_id"], json!({ "id": 16, "name": "Almacenes Torres" }));
        assert_eq!(read["record"]["date_order"], "2026-12-01T16:00:00Z");
        assert_eq!(read["record"]["order_line"], json!([first["line_id"], second["line_id"]]));
        assert_eq!(read["record"]["note"], "2 < 3\nfin");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_repeat_safe() {
    let app = McpTools::start().await;
    let sale = json!({ "partner_id": 16, "idempotency_key": "one" });
    let first = app.call("dev_create_sale", sale.clone()).await;
    app.call("dev_update_sale", json!({ "sale_id": first["id"], "values": { "user_id": 9 } })).await;
    assert_eq!(app.call("dev_create_sale", sale).await, first);
    assert_eq!(
        (orders(&app).len(), &orders(&app)[0]["user_id"][0]),
        (1, &json!(9)),
        "what staff changed stays"
    );
    let line = json!({ "order_id": first["id"], "product_id": 1, "idempotency_key": "one" });
    let line_id = app.call("dev_create_sale_line", line.clone()).await;
    assert_eq!(app.call("dev_create_sale_line", line).await, line_id);
    assert_eq!(lines(&app, &first["id"]).len(), 1);
    app.call("dev_create_sale", json!({ "partner_id": 16 })).await;
    app.call("dev_create_sale", json!({ "partner_id": 16 })).await;
    assert_eq!(orders(&app).len(), 3, "without a key each call makes one");
}

/// Each call fails once in every way, and no retry makes a second record.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_makes_one_order_and_one_line() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        for fault in Fault::ALL {
            let app = McpTools::builder().protocol(protocol).timeout(fault.timeout()).start_mcp().await;
            app.call("list_users", json!({})).await;
            for (n, failing) in
                ["sale.order.load", "sale.order.read", "sale.order.line.load"].iter().enumerate()
            {
                let mut left = 1;
                app.odoo.proxy.plan(move |_, name| {
                    let hit = name == *failing && left > 0;
                    left -= i32::from(hit);
                    hit.then_some(fault)
                });
                let context = format!("{protocol:?} {fault:?} {failing}");
                let made = app.call("dev_create_sale", json!({ "partner_id": 16 })).await;
                app.call("dev_create_sale_line", json!({ "order_id": made["id"], "product_id": 1 })).await;
                assert_eq!(orders(&app).len(), n + 1, "{context}");
                assert_eq!(lines(&app, &made["id"]).len(), 1, "{context}");
                let calls = app.odoo.proxy.calls().iter().filter(|call| call == failing).count();
                // The order is read once more for its line.
                let expected = if *failing == "sale.order.read" { 3 } else { 2 };
                // A busy machine may let time run out once more.
                assert!(
                    calls == expected || (fault == Fault::Late && calls > expected),
                    "{context}: {calls}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_names_the_key_that_makes_a_repeat_safe() {
    let app = McpTools::start().await;
    app.call("list_users", json!({})).await;
    let made_or_looked_for =
        |name: &str| ["sale.order.load", "ir.model.data.check_object_reference"].contains(&name);
    app.odoo.proxy.plan(move |_, name| made_or_looked_for(name).then_some(Fault::CutAfter));
    let said = app.error("dev_create_sale", json!({ "partner_id": 16 })).await;
    assert!(said.contains("nobody knows") && said.ends_with("(outcome_unknown)"), "{said}");
    let key = said.split('"').nth(1).unwrap();
    assert_eq!(orders(&app).len(), 1);
    app.no_faults();
    let made = app.call("dev_create_sale", json!({ "partner_id": 16, "idempotency_key": key })).await;
    assert_eq!((orders(&app).len(), &made["id"]), (1, &orders(&app)[0]["id"]));
    // Whatever its answer was, it is looked for before it is called a failure.
    app.odoo.proxy.plan(|_, name| (name == "sale.order.load").then_some(Fault::CutAfter));
    app.call("dev_create_sale", json!({ "partner_id": 15 })).await;
    assert_eq!(orders(&app).len(), 2);
    app.odoo.proxy.plan(|_, name| (name == "sale.order.load").then_some(Fault::Raise));
    app.call("dev_create_sale", json!({ "partner_id": 14 })).await;
    assert_eq!(orders(&app).len(), 3);
    app.odoo.proxy.plan(|_, name| (name == "sale.order.load").then_some(Fault::Refuse));
    let said = app.error("dev_create_sale", json!({ "partner_id": 16 })).await;
    assert!(said.contains("(outcome_unknown)") || said.contains(": try again"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_changed_as_they_are_read() {
    let app = McpTools::start().await;
    let values = json!({
        "client_order_ref": "PO-9", "date_order": "2026-12-24T12:00:00Z", "user_id": { "id": 9, "name": "Carlos" },
        "origin": null,
    });
    let done = app.call("dev_update_sale", json!({ "sale_id": 7, "values": values })).await;
    assert_eq!((&done["ok"], &done["id"], &done["name"]), (&json!(true), &json!(7), &json!("S00007")));
    let fields = ["client_order_ref", "date_order", "user_id", "origin", "state", "order_line"];
    let read = app.call("dev_read_sale", json!({ "sale_id": 7, "fields": fields })).await;
    let expected = json!({
        "id": 7, "client_order_ref": "PO-9", "date_order": "2026-12-24T12:00:00Z",
        "user_id": { "id": 9, "name": "Carlos Rivera" }, "state": "sent", "order_line": [11, 12],
    });
    assert_eq!(read["record"], expected, "what is empty is absent");
}

/// What has the look of HTML only at a glance is a text like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_text_unless_it_is_html() {
    let app = McpTools::start().await;
    for (note, stored, read) in [
        ("peso < 5 kg\n& > 3", "<p>peso &lt; 5 kg<br>&amp; &gt; 3</p>", "peso < 5 kg\n& > 3"),
        (
            "escriba a <luis@torres.mx>",
            "<p>escriba a &lt;luis@torres.mx&gt;</p>",
            "escriba a <luis@torres.mx>",
        ),
        ("<p>Pago a <b>30</b> días</p>", "<p>Pago a <b>30</b> días</p>", "Pago a 30 días"),
    ] {
        app.call("dev_update_sale", json!({ "sale_id": 7, "values": { "note": note } })).await;
        let there = search(app.sandbox(), "sale.order", json!([["id", "=", 7]]), &["note"]);
        assert_eq!(there[0]["note"], stored);
        let told = app.call("dev_read_sale", json!({ "sale_id": 7, "fields": ["note"] })).await;
        assert_eq!(told["record"]["note"], read);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_by_argument() {
    for version in [Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        for (tool, arguments, says) in [
            (
                "dev_create_sale",
                json!({ "partner_id": 999 }),
                "\n- partner_id: there is no record with id 999",
            ),
            (
                "dev_create_sale_line",
                json!({ "order_id": 999, "product_id": 999 }),
                "\n- order_id: there is no record with id 999 that this service may read\n- product_id: there is no record",
            ),
            (
                "dev_update_sale",
                json!({ "sale_id": 7, "values": { "colour": "red" } }),
                "\n- values.colour: there is no field",
            ),
            ("dev_update_sale", json!({ "sale_id": 999, "values": { "origin": "x" } }), "999"),
            (
                "dev_update_sale",
                json!({ "sale_id": 7, "values": { "partner_id": 999 } }),
                "\n- values.partner_id: there is no record with id 999",
            ),
            ("dev_read_sale", json!({ "sale_id": 7, "fields": ["colour"] }), "colour"),
            ("dev_update_sale", json!({ "sale_id": 7, "values": {} }), "\n- values: give at least one field"),
            ("dev_update_sale", json!({ "sale_id": 7 }), "\n- values: give at least one field"),
            (
                "dev_create_sale",
                json!({ "partner_id": 16, "date_order": "mañana" }),
                "\n- date_order: must be a time",
            ),
            ("dev_create_sale", json!({ "partner_id": 16, "idempotency_key": "" }), "\n- idempotency_key: "),
            ("dev_create_sale", json!({ "partner": 16 }), "\n- partner: unknown field"),
            (
                "dev_create_sale_line",
                json!({ "order_id": 7, "product_id": 1, "product_uom_qty": 0 }),
                "greater than 0",
            ),
            (
                "dev_create_sale_line",
                json!({ "order_id": 7, "product_id": 1, "price_unit": -2 }),
                "\n- price_unit: ",
            ),
        ] {
            let said = app.error(tool, arguments).await;
            assert!(said.contains(says), "{version:?} {tool}: {said}");
            assert!(!said.contains("Traceback"), "{said}");
        }
        assert!(orders(&app).is_empty());
    }
}

/// A model may use one key for all it does: nothing of it is lost, and nothing taken for something else.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_other_values_stands_for_another_record() {
    let app = McpTools::start().await;
    let sale = |partner: i64| json!({ "partner_id": partner, "idempotency_key": "one" });
    let (first, other) =
        (app.call("dev_create_sale", sale(16)).await, app.call("dev_create_sale", sale(15)).await);
    assert_ne!(first["id"], other["id"]);
    for (product, order) in [(1, &first["id"]), (2, &first["id"]), (1, &other["id"])] {
        let line = json!({ "order_id": order, "product_id": product, "idempotency_key": "one" });
        app.call("dev_create_sale_line", line).await;
    }
    assert_eq!((lines(&app, &first["id"]).len(), lines(&app, &other["id"]).len()), (2, 1));
}

/// Of 0.004 Odoo would keep nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_would_round_away_is_refused() {
    let app = McpTools::start().await;
    for (field, value) in [("product_uom_qty", 0.004), ("price_unit", 0.001)] {
        let mut line = json!({ "order_id": 7, "product_id": 1 });
        line[field] = json!(value);
        let said = app.error("dev_create_sale_line", line).await;
        assert!(
            said.contains(&format!("- {field}: becomes 0")) && said.ends_with("(rounds_to_zero)"),
            "{said}"
        );
    }
    assert_eq!(lines(&app, &json!(7)).len(), 2);
}

/// A repeat means what the first call made, whoever is called so by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_stands_for_what_a_name_meant_at_first() {
    let app = McpTools::start().await;
    let sale = json!({ "partner_id": "Almacenes Torres", "idempotency_key": "one" });
    let first = app.call("dev_create_sale", sale.clone()).await;
    let line =
        json!({ "order_id": first["name"], "product_id": "Restaurant Expenses", "idempotency_key": "one" });
    let first_line = app.call("dev_create_sale_line", line.clone()).await;
    let rename = |id: i64, name: &str| {
        let values = vec![json!([id]), json!({ "name": name })];
        app.sandbox().execute("res.partner", "write", values, Map::new()).unwrap();
    };
    rename(16, "Torres e hijos");
    rename(15, "Almacenes Torres");
    assert_eq!(app.call("dev_create_sale", sale.clone()).await, first);
    rename(15, "Nobody any more");
    assert_eq!(app.call("dev_create_sale", sale).await, first);
    assert_eq!(app.call("dev_create_sale_line", line).await, first_line);
    assert_eq!((orders(&app).len(), lines(&app, &first["id"]).len()), (1, 1));
}

/// What was made is never told as a failure, and what may have been made never as a refusal.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_is_told() {
    let app = McpTools::start().await;
    app.odoo.proxy.plan(|_, name| (name == "sale.order.read").then_some(Fault::BadGateway));
    let made = app.call("dev_create_sale", json!({ "partner_id": 16 })).await;
    assert_eq!(made, json!({ "id": orders(&app)[0]["id"] }));
    let mut loads = 0;
    app.odoo.proxy.plan(move |_, name| {
        loads += i32::from(name == "sale.order.load");
        match name {
            "ir.model.data.check_object_reference" => Some(Fault::BadGateway),
            "sale.order.load" => Some(if loads == 1 { Fault::CutAfter } else { Fault::Conflict }),
            _ => None,
        }
    });
    let said = app.error("dev_create_sale", json!({ "partner_id": 16 })).await;
    assert!(said.ends_with("(outcome_unknown)"), "{said}");
}

/// A write may be tried again, so it changes values only.
#[tokio::test(flavor = "multi_thread")]
async fn lines_and_states_are_not_written() {
    let app = McpTools::start().await;
    for values in [json!({ "order_line": [[0, 0, { "product_id": 26174 }]] }), json!({ "state": "sale" })] {
        let said = app.error("dev_update_sale", json!({ "sale_id": 7, "values": values })).await;
        assert!(said.ends_with("(field_not_writable)"), "{said}");
    }
    assert_eq!(lines(&app, &json!(7)).len(), 2);
}
