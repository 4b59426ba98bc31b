//! What `dev_update_sale` takes for a field, and what it tells of it afterwards.

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::{ExtraField, ExtraKind, Options, Sandbox, Version};
use serde_json::{Map, Value, json};

use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

const FIELDS: [&str; 9] = [
    "name",
    "partner_id",
    "user_id",
    "payment_term_id",
    "client_order_ref",
    "date_order",
    "validity_date",
    "note",
    "locked",
];

fn order(app: &McpTools) -> Value {
    search(app.sandbox(), "sale.order", json!([["id", "=", 7]]), &FIELDS).remove(0)
}

fn write(sandbox: &Sandbox, values: Value) {
    sandbox.execute("sale.order", "write", vec![json!([7]), values], Map::new()).unwrap();
}

async fn update(app: &McpTools, values: Value) -> Value {
    app.call("dev_update_sale", json!({ "sale_id": 7, "values": values })).await
}

async fn refused(app: &McpTools, values: Value) -> String {
    app.error("dev_update_sale", json!({ "sale_id": 7, "values": values })).await
}

/// Nothing is sent that does not fit, and so nothing is erased.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_a_field_is_refused_before_anything_is_sent() {
    for version in [Version::V18, Version::V19] {
        let char = |name: &str| ExtraField {
            model: "sale.order".to_owned(),
            name: name.to_owned(),
            kind: ExtraKind::Char,
        };
        let extra_fields = vec![char("access_token"), ExtraField::integer("sale.order", "x_count")];
        let options = Options { version, extra_fields, ..Options::default() };
        let app = McpTools::builder().sandbox(options).start_mcp().await;
        write(app.sandbox(), json!({ "payment_term_id": 4 }));
        let before = order(&app);
        for (field, value, says) in [
            ("user_id", json!("Zacarías"), "nothing in Odoo is called \"Zacarías\""),
            ("user_id", json!("999"), "user 999 is no active internal user"),
            ("user_id", json!([7]), "must be an id in Odoo, 1 or more, or a name"),
            ("user_id", json!(true), "must be an id in Odoo"),
            ("user_id", json!(0), "must be an id in Odoo"),
            ("partner_id", json!(999), "there is no record with id 999"),
            ("partner_id", json!(null), "must not be empty"),
            ("partner_id", json!(""), "must not be empty"),
            ("partner_id", json!(false), "must not be empty"),
            ("payment_term_id", json!("Days"), "may be 15 Days (id 2), 30 Days (id 4): give the id of one"),
            ("date_order", json!("mañana"), "must be a time in ISO 8601"),
            ("validity_date", json!("31/12/2026"), "must be a date such as 2026-12-31"),
            ("client_order_ref", json!(["PO-9"]), "must be a text"),
            ("note", json!({ "text": "x" }), "must be a text"),
            ("x_count", json!("many"), "must be an integer"),
            ("x_count", json!(1.5), "must be an integer"),
            ("x_count", json!(null), "cannot be empty: give 0"),
            ("name", json!("S00001"), "cannot be changed with this tool: Odoo numbers its orders itself"),
            ("amount_tax", json!(7), "cannot be changed with this tool: Odoo works it out itself"),
            ("amount_total", json!(1), "Odoo works it out itself"),
            ("access_token", json!("abc"), "cannot be changed with this tool"),
            ("locked", json!(true), "lock or unlock the order in Odoo"),
            ("create_date", json!("2020-01-01"), "Odoo works it out itself"),
            ("id", json!(5), "Odoo works it out itself"),
            ("state", json!("sale"), "confirm or cancel the order in Odoo"),
            ("order_line", json!([[0, 0, { "product_id": 1 }]]), "change and take away lines with lines"),
            ("invoice_state", json!("invoiced"), "there is no field of this name in Odoo"),
            ("salesperson", json!("Laura"), "there is user_id"),
        ] {
            app.no_faults();
            let said = refused(&app, json!({ "client_order_ref": "PO-9", field: value })).await;
            assert!(
                said.contains(&format!("\n- values.{field}: ")) && said.contains(says),
                "{field}: {said}"
            );
            assert!(!app.odoo.proxy.calls().iter().any(|call| call.ends_with(".write")), "{field}");
            assert_eq!(order(&app), before, "{field}");
        }
        let said = refused(&app, json!({ "name": "x", "user_id": "nobody", "date_order": "x" })).await;
        assert_eq!(said.matches("\n- values.").count(), 3, "all at once: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_for_one_record_is_taken_for_its_id() {
    let app = McpTools::start().await;
    for value in [
        json!("Carlos Rivera"),
        json!("cárlos"),
        json!("9"),
        json!(9),
        json!(9.0),
        json!([9, "Carlos Rivera"]),
        json!({ "id": 9, "name": "Carlos Rivera" }),
        json!({ "name": "Carlos Rivera" }),
        json!("carlos"),
    ] {
        write(app.sandbox(), json!({ "user_id": 8 }));
        let done = update(&app, json!({ "user_id": value })).await;
        let change = json!({
            "field": "user_id", "old": { "id": 8, "name": "Laura Méndez" }, "new": { "id": 9, "name": "Carlos Rivera" },
        });
        assert_eq!(done["changed"], json!([change]), "{value}");
        assert_eq!(order(&app)["user_id"][0], 9, "{value}");
    }
    update(
        &app,
        json!({ "payment_term_id": "30 days", "user_id": "laura mendez", "partner_id": "Luis Fernandez" }),
    )
    .await;
    let now = order(&app);
    assert_eq!(
        (&now["payment_term_id"][0], &now["user_id"][0], &now["partner_id"][0]),
        (&json!(4), &json!(8), &json!(43))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_and_new_are_told_as_odoo_has_them_afterwards() {
    let app = McpTools::start().await;
    let values = json!({ "client_order_ref": 4711, "validity_date": "2026-12-31", "note": "2 < 3" });
    let done = update(&app, values.clone()).await;
    let expected = json!([
        { "field": "client_order_ref", "new": "4711" }, { "field": "validity_date", "new": "2026-12-31" },
        { "field": "note", "new": "2 < 3" },
    ]);
    assert_eq!(done["changed"], expected);
    assert!(done["amount_total"].as_f64().unwrap() > done["amount_untaxed"].as_f64().unwrap(), "{done}");
    let again = update(&app, values).await;
    assert_eq!(again["changed"][0], json!({ "field": "client_order_ref", "old": "4711", "new": "4711" }));
    let emptied = update(&app, json!({ "client_order_ref": null, "validity_date": false })).await;
    assert_eq!(emptied["changed"][0], json!({ "field": "client_order_ref", "old": "4711" }));
    assert_eq!(
        (&order(&app)["client_order_ref"], &order(&app)["validity_date"]),
        (&json!(false), &json!(false))
    );
}

/// Somebody else, or a rule in Odoo, has the last word: it is not told as done.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_did_not_take_its_value_is_no_success() {
    let app = McpTools::start().await;
    update(&app, json!({ "client_order_ref": "before" })).await;
    let (sandbox, mut written) = (app.sandbox().clone(), false);
    app.odoo.proxy.plan(move |_, name| {
        if written && name == "sale.order.read" {
            write(&sandbox, json!({ "client_order_ref": "theirs" }));
        }
        written |= name == "sale.order.write";
        None
    });
    let said = refused(&app, json!({ "client_order_ref": "ours", "user_id": 9 })).await;
    for told in [
        "asked for client_order_ref.",
        "client_order_ref was before and is theirs",
        "Carlos Rivera",
        "(not_changed)",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_answer_it_is_told_what_there_is() {
    for protocol in [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc] {
        let app = McpTools::builder().protocol(protocol).timeout(Fault::Late.timeout()).start_mcp().await;
        update(&app, json!({ "client_order_ref": "before" })).await;
        for fault in [Fault::CutAfter, Fault::BadGateway, Fault::Late, Fault::Garbage] {
            app.odoo.proxy.plan(move |_, name| (name == "sale.order.write").then_some(fault));
            let value = format!("{fault:?}");
            let done = update(&app, json!({ "client_order_ref": value })).await;
            assert_eq!(done["changed"][0]["new"], json!(value), "it was done all the same");
        }
        let mut writes = 0;
        app.odoo.proxy.plan(move |_, name| {
            writes += i32::from(name == "sale.order.write");
            match name {
                "sale.order.write" if writes == 1 => Some(Fault::CutAfter),
                "sale.order.write" => Some(Fault::Refuse),
                "sale.order.read" if writes > 0 => Some(Fault::BadGateway),
                _ => None,
            }
        });
        let said = refused(&app, json!({ "client_order_ref": "unseen" })).await;
        assert!(
            said.contains("nobody knows whether order 7 was changed") && said.ends_with("(outcome_unknown)"),
            "{said}"
        );
    }
}

/// A field that Studio adds or takes away meanwhile is no reason to restart.
#[tokio::test(flavor = "multi_thread")]
async fn the_fields_are_asked_for_once() {
    let app = McpTools::start().await;
    update(&app, json!({ "client_order_ref": "one" })).await;
    app.no_faults();
    update(&app, json!({ "client_order_ref": "two" })).await;
    let calls = app.odoo.proxy.calls();
    assert_eq!(
        calls,
        ["sale.order.read", "sale.order.write", "sale.order.read"],
        "looked at before and after"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_made_for_whom_is_named() {
    let app = McpTools::start().await;
    let sale =
        json!({ "partner_id": "almacenes torres", "user_id": "Carlos Rivera", "payment_term_id": "30 Days" });
    let made = app.call("dev_create_sale", sale).await;
    let fields = ["partner_id", "user_id", "payment_term_id"];
    let there = search(app.sandbox(), "sale.order", json!([["id", "=", made["id"]]]), &fields).remove(0);
    let ids = fields.map(|field| there[field][0].clone());
    assert_eq!(ids, [json!(16), json!(9), json!(4)]);
    let other = json!({ "name": "Otro Rivera", "login": "otro" });
    app.sandbox().execute("res.users", "create", vec![other], serde_json::Map::new()).unwrap();
    let said =
        app.error("dev_create_sale", json!({ "partner_id": "almacenes torres", "user_id": "rivera" })).await;
    assert!(said.contains("\n- user_id: \"rivera\" may be "), "{said}");
    let said =
        app.error("dev_create_sale_line", json!({ "order_id": made["id"], "product_id": "desk" })).await;
    assert!(said.contains("\n- product_id: \"desk\" may be ") && said.contains("(id 9)"), "{said}");
}

/// What names no record whole, in whole words, or by all of its e-mail address or reference, is not taken for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_word_or_of_an_address_names_nobody() {
    let app = McpTools::start().await;
    for named in ["luis@torres", "orres", "ATO850101"] {
        let said = refused(&app, json!({ "partner_id": named })).await;
        assert!(said.contains("nothing in Odoo is called"), "{named}: {said}");
    }
    for named in ["ato850101ab1", "Almacenes Torres"] {
        update(&app, json!({ "partner_id": 15 })).await;
        update(&app, json!({ "partner_id": named })).await;
        assert_eq!(order(&app)["partner_id"][0], 16, "{named}");
    }
}

/// A customer's login sells nothing, in an order as in a quotation.
#[tokio::test(flavor = "multi_thread")]
async fn a_customers_login_is_no_salesperson() {
    let app = McpTools::start().await;
    let user = json!([{ "name": "Portal de Torres", "login": "portal@torres.example", "share": true }]);
    let made = app.sandbox().execute("res.users", "create", vec![user], Map::new()).unwrap();
    for user in [made[0].clone(), json!("Portal de Torres")] {
        let said = app.error("dev_create_sale", json!({ "partner_id": 16, "user_id": user })).await;
        assert!(said.contains("\n- user_id: "), "{said}");
        let said = refused(&app, json!({ "user_id": user })).await;
        assert!(said.contains("\n- values.user_id: "), "{said}");
    }
    let orders = search(app.sandbox(), "sale.order", json!([["id", ">", 8]]), &["name"]);
    assert_eq!((orders.len(), &order(&app)["user_id"][0]), (0, &json!(8)));
}
