//! Orders, partners, leads: names, defaults, totals and life cycle.

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use super::served::{VERSIONS, call, inside, try_call};

#[test]
fn an_order_has_a_number_defaults_and_totals() {
    for (version, tax) in [(Version::V18, "tax_id"), (Version::V19, "tax_ids")] {
        let sandbox = inside(version);
        let lines = json!([
            [0, 0, {"product_id": 8, "product_uom_qty": 2}],
            [0, 0, {"product_id": 26174, "price_unit": 100.0, "discount": 10.0}],
        ]);
        let create = || {
            call(
                &sandbox,
                "sale.order",
                "create",
                json!([{"partner_id": 15, "order_line": lines}]),
                json!({}),
            )
        };
        let (first, second) = (create(), create());
        let fields = [
            "name",
            "state",
            "user_id",
            "currency_id",
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "order_line",
        ];
        let read = call(&sandbox, "sale.order", "read", json!([[first, second], fields]), json!({}));
        assert_eq!((&read[0]["name"], &read[1]["name"]), (&json!("S00009"), &json!("S00010")));
        assert_eq!(
            (&read[0]["state"], &read[0]["user_id"]),
            (&json!("draft"), &json!([2, "Mitchell Admin"]))
        );
        assert_eq!(read[0]["currency_id"], json!([1, "USD"]));
        assert_eq!(read[0]["amount_untaxed"], json!(990.0));
        assert_eq!(read[0]["amount_tax"], json!(135.0));
        assert_eq!(read[0]["amount_total"], json!(1125.0));
        let line = call(
            &sandbox,
            "sale.order.line",
            "read",
            json!([[read[0]["order_line"][0]], ["name", "price_unit", tax]]),
            json!({}),
        );
        assert_eq!(
            (&line[0]["name"], &line[0]["price_unit"], &line[0][tax]),
            (&json!("[FURN_7800] Desk Combination"), &json!(450.0), &json!([1]))
        );
    }
}

#[test]
fn an_order_without_lines_costs_nothing() {
    let sandbox = inside(Version::V19);
    let id = call(&sandbox, "sale.order", "create", json!([{"partner_id": 15}]), json!({}));
    let read = call(&sandbox, "sale.order", "read", json!([[id], ["amount_total", "order_line"]]), json!({}));
    assert_eq!(read[0].to_string(), json!({"id": id, "amount_total": 0.0, "order_line": []}).to_string());
}

#[test]
fn a_confirmed_order_must_be_cancelled_before_it_can_go() {
    let sandbox = inside(Version::V18);
    let on_with = |method: &str, kwargs| try_call(&sandbox, "sale.order", method, json!([[1]]), kwargs);
    let on = |method: &str| on_with(method, json!({}));
    assert_eq!(on("action_confirm").unwrap(), json!(true));
    assert_eq!(on("action_confirm").unwrap_err().0, "odoo.exceptions.UserError");
    assert_eq!(on("unlink").unwrap_err().0, "odoo.exceptions.UserError");
    assert_eq!(on("action_cancel").unwrap()["res_model"], "sale.order.cancel", "18.0 asks a person first");
    assert_eq!(on("unlink").unwrap_err().0, "odoo.exceptions.UserError", "so nothing has happened");
    let sure = json!({"context": {"disable_cancel_warning": true}});
    assert_eq!(on_with("action_cancel", sure).unwrap(), json!(true));
    assert_eq!(on("unlink").unwrap(), json!(true));
    let lines = call(&sandbox, "sale.order.line", "search_count", json!([[["order_id", "=", 1]]]), json!({}));
    assert_eq!(lines, json!(0));
}

#[test]
fn a_partner_with_orders_cannot_be_deleted() {
    let sandbox = inside(Version::V19);
    let answer = try_call(&sandbox, "res.partner", "unlink", json!([[15]]), json!({}));
    assert_eq!(answer.unwrap_err().0, "odoo.exceptions.ValidationError");
    let still = call(&sandbox, "res.partner", "search_count", json!([[["id", "child_of", 15]]]), json!({}));
    assert_eq!(still, json!(4), "nothing of it has happened");
}

#[test]
fn a_failed_call_leaves_nothing_behind() {
    let sandbox = inside(Version::V19);
    let count = || call(&sandbox, "res.partner", "search_count", json!([[]]), json!({}));
    let before = count();
    let records = json!([[{"name": "A"}, {"name": "B", "parent_id": 999_999}]]);
    assert!(try_call(&sandbox, "res.partner", "create", records, json!({})).is_err());
    assert_eq!(count(), before);
}

#[test]
fn names_and_normalized_addresses() {
    let sandbox = inside(Version::V19);
    let values = json!({"name": "Luis", "parent_id": 15, "email": " Luis@Example.COM "});
    let id = call(&sandbox, "res.partner", "create", json!([values]), json!({}));
    let found = call(
        &sandbox,
        "res.partner",
        "search",
        json!([[["email_normalized", "=", "luis@example.com"]]]),
        json!({}),
    );
    assert_eq!(found, json!([id]));
    call(&sandbox, "res.partner", "write", json!([[id], {"email": "new@example.com"}]), json!({}));
    let read =
        call(&sandbox, "res.partner", "read", json!([[id], ["display_name", "email_normalized"]]), json!({}));
    assert_eq!(
        read[0],
        json!({"id": id, "display_name": "Azure Interior, Luis", "email_normalized": "new@example.com"})
    );
}

#[test]
fn a_user_and_its_partner_share_name_and_phone() {
    for version in VERSIONS {
        let sandbox = inside(version);
        call(&sandbox, "res.users", "write", json!([[8], {"phone": "+52 1"}]), json!({}));
        let user = call(&sandbox, "res.users", "read", json!([[8], ["partner_id", "phone"]]), json!({}));
        let partner =
            call(&sandbox, "res.partner", "read", json!([[user[0]["partner_id"][0]], ["phone"]]), json!({}));
        assert_eq!((&user[0]["phone"], &partner[0]["phone"]), (&json!("+52 1"), &json!("+52 1")));
    }
}

#[test]
fn the_fields_that_19_renamed_or_dropped() {
    let names = |version, model: &str, fields: Value| -> Vec<String> {
        let described = call(&inside(version), model, "fields_get", json!([fields, ["type"]]), json!({}));
        described.as_object().unwrap().keys().cloned().collect()
    };
    let line = || json!(["product_uom", "product_uom_id", "tax_id", "tax_ids"]);
    assert_eq!(names(Version::V18, "sale.order.line", line()), ["product_uom", "tax_id"]);
    assert_eq!(names(Version::V19, "sale.order.line", line()), ["product_uom_id", "tax_ids"]);
    for model in ["res.partner", "res.users", "crm.lead"] {
        assert_eq!(names(Version::V18, model, json!(["mobile"])), ["mobile"], "{model}");
        assert!(names(Version::V19, model, json!(["mobile"])).is_empty(), "{model}");
    }
    assert_eq!(names(Version::V18, "res.users", json!(["groups_id", "group_ids"])), ["groups_id"]);
    assert_eq!(names(Version::V19, "res.users", json!(["groups_id", "group_ids"])), ["group_ids"]);
}

#[test]
fn a_posted_note_stays_with_its_record() {
    let sandbox = inside(Version::V19);
    let id = call(&sandbox, "crm.lead", "message_post", json!([[3]]), json!({"body": "hola"}));
    let note = call(&sandbox, "mail.message", "read", json!([id, ["model", "res_id", "body"]]), json!({}));
    assert_eq!(note[0], json!({"id": id[0], "model": "crm.lead", "res_id": 3, "body": "<p>hola</p>"}));
    let body = |kwargs: Value| {
        let id = call(&sandbox, "crm.lead", "message_post", json!([[3]]), kwargs);
        call(&sandbox, "mail.message", "read", json!([id, ["body"]]), json!({}))[0]["body"].clone()
    };
    assert_eq!(body(json!({"body": "<b>x</b>"})), "<p>&lt;b&gt;x&lt;/b&gt;</p>");
    assert_eq!(body(json!({"body": "<b>x</b>", "body_is_html": true})), "<b>x</b>");
}
