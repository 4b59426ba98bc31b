//! Records changed and deleted: what they were is told, and nothing that did not happen.

use mcp_odoo_sandbox::{DEMO_API_KEY, Version};
use serde_json::{Map, json};

use super::WAYS;
use crate::audit::lines;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

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
    // The second changes nothing, and is no failure.
    for _ in 0..2 {
        let updated = app.call("update_record", line.clone()).await;
        assert_eq!(updated["differs"], json!(["price_unit"]), "{updated}");
        assert_eq!(
            updated["changed"][0]["new"],
            search(app.sandbox(), "sale.order.line", json!([["id", "=", 11]]), &["price_unit"])[0]["price_unit"]
        );
    }
}

/// Who gives a lead to somebody else does not see it any more, where they see only their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_takes_records_out_of_sight_is_told_as_done() {
    // In 16 the demo user sees what is everybody's.
    for (version, protocol) in WAYS.into_iter().filter(|way| way.0 != Version::V16) {
        let app = McpTools::builder()
            .version(version)
            .protocol(protocol)
            .account("demo", DEMO_API_KEY)
            .start_mcp()
            .await;
        let mine = search(app.sandbox(), "crm.lead", json!([["user_id.login", "=", "demo"]]), &["name"]);
        let ids: Vec<i64> = mine.iter().map(|lead| lead["id"].as_i64().unwrap()).collect();
        let give = |ids: &[i64]| json!({ "model": "crm.lead", "ids": ids, "values": { "user_id": 2 } });
        let owner =
            |id: i64| search(app.sandbox(), "crm.lead", json!([["id", "=", id]]), &["user_id"])[0].clone();
        let one = app.call("update_record", give(&ids[..1])).await;
        assert_eq!(owner(ids[0])["user_id"][0], 2, "{version:?} {protocol:?}");
        let several = app.call("odoo_write", give(&ids[1..3])).await;
        assert_eq!(
            (&several["ok"], several["records"].as_array().unwrap().len()),
            (&json!(true), 2),
            "{several}"
        );
        for told in [&one, &several["records"][0], &several["records"][1]] {
            let change = &told["changed"][0];
            assert_eq!((&told["ok"], &change["old"]["name"]), (&json!(true), &json!("Marc Demo")), "{told}");
            assert!(change.get("new").is_none(), "{told}");
            assert!(told["note"].as_str().unwrap().contains("does not see the record"), "{told}");
        }
        // Its answer is lost: nobody knows, and that it is not there is not said.
        app.odoo.proxy.plan(|_, call| (call == "crm.lead.write").then_some(Fault::CutAfter));
        let error = app.error("update_record", give(&ids[3..4])).await;
        assert_eq!(owner(ids[3])["user_id"][0], 2, "{error}");
        assert!(
            error.contains("outcome_unknown") && error.contains("may have taken it out of its sight"),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_away_after_a_change_was_changed() {
    let app = McpTools::start().await;
    let (sandbox, mut written) = (app.sandbox().clone(), false);
    app.odoo.proxy.plan(move |_, name| {
        if written && name == "res.partner.read" {
            sandbox.execute("res.partner", "unlink", vec![json!([28])], Map::new()).unwrap();
        }
        written = name == "res.partner.write";
        None
    });
    let change = json!({ "model": "res.partner", "ids": [16, 28, 999_999], "values": { "city": "Puebla" } });
    let changed = app.call("odoo_write", change).await;
    assert_eq!((&changed["ok"], &changed["missing"]), (&json!(false), &json!([999_999])), "{changed}");
    assert_eq!(changed["records"][0]["changed"][0]["new"], "Puebla");
    assert_eq!(changed["records"][1]["id"], 28);
    assert!(
        changed["records"][1]["note"].as_str().unwrap().starts_with("Odoo has taken the change"),
        "{changed}"
    );
}

/// That it is there is known, what is in it is not.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_and_cannot_be_looked_at_is_told_as_made() {
    let app = McpTools::start().await;
    let make =
        |name: &str| json!({ "model": "res.partner", "values": { "name": name }, "idempotency_key": name });
    let (sandbox, id) = (app.sandbox().clone(), app.call("create_record", make("first")).await["id"].clone());
    app.odoo.proxy.plan(|_, name| (name == "res.partner.read").then_some(Fault::TurnedAway(404)));
    let unread = app.call("create_record", make("second")).await;
    assert!(unread["note"].as_str().unwrap().contains("could not be read"), "{unread}");
    app.no_faults();
    app.odoo.proxy.plan(move |_, name| {
        if name == "res.partner.read" {
            sandbox.execute("res.partner", "unlink", vec![json!([id])], Map::new()).unwrap();
        }
        None
    });
    let unseen = app.call("create_record", make("first")).await;
    assert_eq!((&unseen["existing"], &unseen["record"]), (&json!(true), &json!({})), "{unseen}");
    assert!(unseen["note"].as_str().unwrap().contains("does not see it"), "{unseen}");
}

/// The ids of those that were changed, how many were not, and an end that is no ok.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_what_was_done_to_which() {
    let app = McpTools::start().await;
    let write = |ids: &[i64]| json!({ "model": "res.partner", "ids": ids, "values": { "city": "Puebla" } });
    let unlink = |ids: &[i64]| json!({ "model": "res.partner", "ids": ids });
    for (tool, arguments) in [
        ("odoo_write", write(&[16, 28])),
        ("odoo_write", write(&[999_999, 28, 999_998])),
        ("dev_update_record", write(&[28, 999_999])),
        ("odoo_unlink", unlink(&[28, 999_999])),
        ("odoo_unlink", unlink(&[34])),
    ] {
        app.call(tool, arguments).await;
    }
    app.error("odoo_write", write(&[999_999, 999_998])).await;
    let (_, folder) = app.app.stop().await;
    let lines = lines(folder.path());
    let told: Vec<_> =
        lines.iter().map(|line| json!([line["outcome"], line["ids"], line["not_done"]])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["ok", [16, 28], null],
            ["partly_done", [28], 2],
            ["partly_done", [28], 1],
            ["partly_done", [28], 1],
            ["ok", [34], null],
            ["not_found", [999_999, 999_998], null],
        ])
    );
}
