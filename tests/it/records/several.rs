//! Several records at once: each is told of, in the order asked for, and none is changed where Odoo refuses one.

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::{Map, Value, json};

use super::WAYS;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;
use crate::support::proxy::Fault;

fn ids_of(items: &Value) -> Vec<i64> {
    items.as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_changed_and_told_as_it_was_and_as_it_is() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        app.call("get_record", json!({ "model": "res.partner", "record_id": 16 })).await;
        let was = search(app.sandbox(), "res.partner", json!([["id", "in", [16, 28]]]), &["phone"]);
        app.no_faults();
        let changed = app
            .call(
                "odoo_write",
                json!({ "model": "res.partner", "ids": [28, 16, "28", 999_999], "values": { "phone": "+52 1" } }),
            )
            .await;
        assert_eq!((&changed["ok"], &changed["missing"]), (&json!(false), &json!([999_999])), "{changed}");
        assert_eq!(ids_of(&changed["records"]), [28, 16]);
        let phone = &changed["records"][1]["changed"][0];
        assert_eq!(
            (&phone["old"], &phone["new"]),
            (&was[0]["phone"], &json!("+52 1")),
            "{version:?} {protocol:?}"
        );
        // One call is one transaction, however many there are.
        let calls = app.odoo.proxy.calls();
        assert_eq!(calls, ["res.partner.read", "res.partner.write", "res.partner.read"]);
        let gone = app.call("odoo_unlink", json!({ "model": "res.partner", "ids": [34, 28] })).await;
        assert_eq!((&gone["ok"], ids_of(&gone["records"])), (&json!(true), vec![34, 28]), "{gone}");
        assert_eq!(gone["records"][1]["before"]["phone"], "+52 1");
        assert!(search(app.sandbox(), "res.partner", json!([["id", "in", [34, 28]]]), &["id"]).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_refuses_of_one_is_done_to_none() {
    let app = McpTools::start().await;
    // 16 has orders.
    let error = app.error("odoo_unlink", json!({ "model": "res.partner", "ids": [28, 16] })).await;
    assert!(error.contains("nothing was done to any of these 2 records"), "{error}");
    assert_eq!(search(app.sandbox(), "res.partner", json!([["id", "in", [16, 28]]]), &["id"]).len(), 2);
    for (tool, arguments, said) in [
        ("odoo_unlink", json!({ "model": "res.partner", "ids": [999_998, 999_999] }), "999998 or 999999"),
        (
            "odoo_write",
            json!({ "model": "res.partner", "ids": [], "values": { "city": "x" } }),
            "- ids: must have at least one id",
        ),
        (
            "odoo_write",
            json!({ "model": "res.partner", "ids": [1, -1], "values": { "city": "x" } }),
            "- ids: must be an id in Odoo, 1 or more",
        ),
        (
            "odoo_unlink",
            json!({ "model": "res.partner", "ids": (1..=101).collect::<Vec<_>>() }),
            "- ids: must have at most 100 ids",
        ),
        (
            "get_record",
            json!({ "model": "res.partner", "ids": (1..=501).collect::<Vec<_>>() }),
            "- ids: must have at most 500 ids",
        ),
        ("odoo_write", json!({ "model": "res.partner", "values": { "city": "x" } }), "- ids: missing"),
        (
            "update_record",
            json!({ "model": "res.partner", "values": { "city": "x" } }),
            "- record_id: missing",
        ),
    ] {
        let error = app.error(tool, arguments).await;
        assert!(error.contains(said), "{tool}: {error}");
    }
}

/// What was not taken by one of them is told of it, beside what became of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_one_did_not_take_is_told_with_all() {
    let app = McpTools::start().await;
    app.call("get_record", json!({ "model": "res.partner", "record_id": 16 })).await;
    app.no_faults();
    // The answer is lost and the call was not done: nobody knows.
    app.odoo.proxy.plan(|_, call| (call == "res.partner.write").then_some(Fault::TurnedAway(404)));
    let write = json!({ "model": "res.partner", "ids": [16, 28], "values": { "city": "Puebla" } });
    let error = app.error("odoo_write", write.clone()).await;
    assert!(error.contains("outcome_unknown") && error.contains("city of 16, city of 28"), "{error}");
    assert!(error.contains("28: city is still"), "{error}");
    app.no_faults();
    assert_eq!(app.call("odoo_write", write).await["ok"], true);
}

/// However many there are, and however long they are.
#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_room_for_is_named() {
    let app = McpTools::start().await;
    let all = search(app.sandbox(), "res.partner", json!([]), &["id"]);
    let ids = &ids_of(&all.into())[..20];
    let long = |letter: &str| json!({ "model": "res.partner", "ids": ids, "values": { "website": letter.repeat(3_000) } });
    app.call("odoo_write", long("a")).await;
    let changed = app.call("odoo_write", long("b")).await;
    let (told, more) = (ids_of(&changed["records"]), changed["more"].as_array().unwrap());
    assert!(
        changed["ok"] == true && !told.is_empty() && told.len() + more.len() == ids.len(),
        "{told:?} {more:?}"
    );
    assert!(changed.to_string().len() < 40_000);
    let read =
        app.call("get_record", json!({ "model": "res.partner", "ids": ids, "fields": ["website"] })).await;
    let (told, more) = (ids_of(&read["items"]), read["more"].as_array().unwrap());
    assert!(told.len() > 1 && told.len() + more.len() == ids.len(), "{told:?} {more:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_are_read_in_the_order_asked_for() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let asked =
            json!({ "model": "res.partner", "ids": [28, 999_999, 16, 27], "fields": ["name", "country_id"] });
        let read = app.call("get_record", asked).await;
        assert_eq!(ids_of(&read["items"]), [28, 16, 27], "{version:?} {protocol:?}");
        assert_eq!(read["missing"], json!([999_999]));
        assert_eq!(read["items"][1]["country_id"]["name"], "Mexico");
        let one =
            app.call("get_record", json!({ "model": "res.partner", "ids": [16], "fields": ["name"] })).await;
        assert_eq!(one, json!({ "record": { "id": 16, "name": "Almacenes Torres" } }));
    }
}

/// Where Odoo reads what is nested that costs no call, else one for each model; names that are closed are told nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_lists_of_a_record_point_to_is_told_by_name() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let task = json!({ "model": "project.task", "record_id": 13 });
        let read = app.call("get_record", task.clone()).await;
        assert_eq!(read["record"]["user_ids"], json!([{ "id": 8, "name": "Laura Méndez" }]), "{read}");
        app.no_faults();
        assert_eq!(app.call("get_record", task.clone()).await, read);
        let calls: &[&str] = match version {
            Version::V16 => &["project.task.read", "res.users.read"],
            _ => &["project.task.web_read"],
        };
        assert_eq!(app.odoo.proxy.calls(), calls, "{version:?} {protocol:?}");
        // A list tells the ids, as it always did.
        let list = json!({ "model": "project.task", "domain": [["id", "=", 13]], "fields": ["user_ids"] });
        assert_eq!(app.call("search_records", list).await["items"][0]["user_ids"], json!([8]));
    }
}

/// Odoo refuses all that is nested where some of it may not be read.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_of_a_list_leaves_the_rest_told() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let make = |model: &str, values: Value| {
            app.sandbox().execute(model, "create", vec![values], Map::new()).unwrap().as_i64().unwrap()
        };
        let tag = make("res.partner.category", json!({ "name": "VIP" }));
        let parent = make("res.partner", json!({ "name": "Parent", "category_id": [[6, 0, [tag]]] }));
        let child = make("res.partner", json!({ "name": "Hidden", "parent_id": parent, "company_id": 2 }));
        let asked = json!({ "model": "res.partner", "record_id": parent, "fields": ["category_id", "child_ids"],
                            "context": { "allowed_company_ids": [1] } });
        let read = app.call("get_record", asked).await;
        assert_eq!(
            read["record"]["category_id"],
            json!([{ "id": tag, "name": "VIP" }]),
            "{version:?} {protocol:?}: {read}"
        );
        assert_eq!(read["record"]["child_ids"], json!([child]), "{read}");
    }
}

/// So many as somebody reads; the others are there by their ids.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_long_list_the_first_are_told_by_name() {
    let app = McpTools::builder().protocol(ProtocolChoice::Json2).start_mcp().await;
    let children: Vec<_> = (0..30).map(|number| json!({ "name": format!("Child {number}") })).collect();
    let made = json!({ "model": "res.partner", "values": { "name": "Parent", "child_ids": children } });
    let id = app.call("create_record", made).await["id"].clone();
    let read = app
        .call("get_record", json!({ "model": "res.partner", "record_id": id, "fields": ["child_ids"] }))
        .await;
    let told = read["record"]["child_ids"].as_array().unwrap();
    assert_eq!(
        (told.len(), told.iter().filter(|child| child["name"].is_string()).count()),
        (30, 20),
        "{read}"
    );
    assert!(told[29].is_i64());
}

/// Odoo keeps times where it is given a day: that is told, and named.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_a_field_of_times_is_told_as_the_time_it_is() {
    let app = McpTools::start().await;
    for (model, id, told, differs) in [
        ("project.task", 13, json!("2026-12-18T12:00:00Z"), json!(["date_deadline"])),
        ("crm.lead", 1, json!("2026-12-18"), Value::Null),
    ] {
        let change = json!({ "model": model, "record_id": id, "values": { "date_deadline": "2026-12-18" } });
        // The second changes nothing, and is no failure.
        for _ in 0..2 {
            let changed = app.call("update_record", change.clone()).await;
            assert_eq!((&changed["changed"][0]["new"], &changed["differs"]), (&told, &differs), "{changed}");
        }
    }
}

/// Odoo gives back an id that is asked for alone, and refuses all where one may not be read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_to_be_read_is_missing_and_the_rest_is_told() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let hidden = app
            .sandbox()
            .execute("res.partner", "create", vec![json!({ "name": "B", "company_id": 2 })], Map::new())
            .unwrap();
        for fields in [json!(["id"]), json!(["name"])] {
            let asked = json!({ "model": "res.partner", "ids": [16, hidden, 999_999, 10], "fields": fields,
                                "context": { "allowed_company_ids": [1] } });
            let read = app.call("get_record", asked).await;
            assert_eq!(ids_of(&read["items"]), [16, 10], "{version:?} {protocol:?}: {read}");
            assert_eq!(read["missing"], json!([hidden, 999_999]), "{version:?} {protocol:?}: {read}");
        }
        let one = json!({ "model": "res.partner", "record_id": 999_999, "fields": ["id"] });
        let refused = app.error("get_record", one).await;
        assert!(refused.contains("999999"), "{refused}");
    }
}
