//! Records changed and deleted: what they were is told, and nothing that did not happen.

use serde_json::json;

use super::WAYS;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;

#[tokio::test(flavor = "multi_thread")]
async fn each_field_is_told_as_it_was_and_as_it_is() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let updated = app
            .call(
                "update_record",
                json!({ "model": "res.partner", "record_id": 16, "values": { "phone": "+52 1", "country_id": "United States", "vat": null } }),
            )
            .await;
        let change = |field: &str| {
            let all = updated["changed"].as_array().unwrap();
            all.iter().find(|change| change["field"] == field).unwrap().clone()
        };
        assert_eq!(change("phone")["new"], "+52 1", "{version:?} {protocol:?}: {updated}");
        assert_eq!(change("country_id")["old"], json!({ "id": 156, "name": "Mexico" }));
        assert_eq!(change("country_id")["new"], json!({ "id": 233, "name": "United States" }));
        assert!(change("vat").get("new").is_none() && change("vat")["old"].is_string());
        let now = search(app.sandbox(), "res.partner", json!([["id", "=", 16]]), &["phone", "vat"]);
        assert_eq!((&now[0]["phone"], &now[0]["vat"]), (&json!("+52 1"), &json!(false)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_works_out_is_not_written_and_what_is_not_there_is_said() {
    let app = McpTools::start().await;
    for (model, id, values, said) in [
        ("sale.order", 7, json!({ "amount_total": 1 }), "Odoo works it out itself"),
        ("sale.order", 7, json!({ "order_line": [] }), "records of their own"),
        ("sale.order", 7, json!({ "user_id": "Nobody" }), "Nobody"),
        ("sale.order", 7, json!({}), "at least one field"),
        ("sale.order", 99999, json!({ "note": "x" }), "not_found"),
        ("res.users", 2, json!({ "login": "root" }), "model_closed"),
        ("ir.config_parameter", 1, json!({ "value": "x" }), "model_closed"),
    ] {
        let error =
            app.error("update_record", json!({ "model": model, "record_id": id, "values": values })).await;
        assert!(error.contains(said), "{model} {values}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_told() {
    let app = McpTools::start().await;
    let made = app
        .call(
            "create_record",
            json!({ "model": "res.partner", "values": { "name": "Leo", "email": "leo@x.example" } }),
        )
        .await;
    let id = made["id"].as_i64().unwrap();
    let gone = app.call("delete_record", json!({ "model": "res.partner", "record_id": id })).await;
    assert_eq!((&gone["ok"], &gone["before"]["email"]), (&json!(true), &json!("leo@x.example")));
    assert!(search(app.sandbox(), "res.partner", json!([["id", "=", id]]), &["id"]).is_empty());
    let error = app.error("delete_record", json!({ "model": "res.partner", "record_id": id })).await;
    assert!(error.contains("not_found"), "{error}");
    // What Odoo does not let go stays, and is not called deleted.
    let error = app.error("delete_record", json!({ "model": "res.partner", "record_id": 16 })).await;
    assert!(!error.contains("not_found"), "{error}");
    assert_eq!(search(app.sandbox(), "res.partner", json!([["id", "=", 16]]), &["id"]).len(), 1);
}

/// What Odoo rounds was done, and is told so.
#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_keeps_in_another_way_is_done_and_named() {
    let app = McpTools::start().await;
    let line = json!({ "model": "sale.order.line", "record_id": 11, "values": { "price_unit": 10.333 } });
    let updated = app.call("update_record", line).await;
    assert_eq!(updated["differs"], json!(["price_unit"]), "{updated}");
    assert_eq!(
        updated["changed"][0]["new"],
        search(app.sandbox(), "sale.order.line", json!([["id", "=", 11]]), &["price_unit"])[0]["price_unit"]
    );
}
