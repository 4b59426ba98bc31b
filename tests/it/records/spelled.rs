//! What models write otherwise than Odoo, taken where it can mean one thing only.

use mcp_odoo_sandbox::Version;
use serde_json::{Map, Value, json};

use super::WAYS;
use crate::support::mcp::McpTools;
use crate::support::odoo::search;

#[tokio::test(flavor = "multi_thread")]
async fn conditions_are_taken_as_they_are_meant() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let tag = |name: &str| json!({ "model": "res.partner.category", "values": { "name": name } });
        let (a, b) =
            (app.call("create_record", tag("Norte")).await, app.call("create_record", tag("Sur")).await);
        for (name, tags) in
            [("Ana", json!([a["id"], b["id"]])), ("Eva", json!([b["id"]])), ("Ida", json!([]))]
        {
            let values = json!({ "name": name, "category_id": tags, "city": "Tepic", "country_id": 156 });
            app.call("create_record", json!({ "model": "res.partner", "values": values })).await;
        }
        let find = async |domain: Value| {
            let found = app.call(
                "search_records",
                json!({ "model": "res.partner", "domain": domain, "fields": ["name"], "order": "name" }),
            );
            let found = found.await;
            let names =
                found["items"].as_array().into_iter().flatten().map(|item| item["name"].as_str().unwrap());
            names.collect::<Vec<_>>().join(" ")
        };
        for (condition, names) in [
            (json!(["category_id", "in", ["Norte"]]), "Ana"),
            (json!(["category_id", "in", ["Norte", b["id"]]]), "Ana Eva"),
            (json!(["category_id", "=", ["Sur"]]), "Ana Eva"),
            (json!(["category_id", "not in", ["Norte"]]), "Eva Ida"),
            (json!(["country_id", "=", { "id": 156, "name": "Mexico" }]), "Ana Eva Ida"),
            (json!(["name", "==", "Ana"]), "Ana"),
            (json!(["name", "LIKE", "Ev"]), "Eva"),
            (json!(["name", "<>", "Ana"]), "Eva Ida"),
            (json!(["name", "not_ilike", "a"]), ""),
        ] {
            let domain = json!([["city", "=", "Tepic"], condition]);
            assert_eq!(find(domain).await, names, "{condition} {version:?} {protocol:?}");
        }
        assert_eq!(find(json!(["city", "=", "Tepic"])).await, "Ana Eva Ida");
        assert_eq!(find(json!("('name', '=', 'Ana')")).await, "Ana");
    }
}

/// A day is not its first moment.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_on_a_day_is_found_by_it() {
    for version in [Version::V16, Version::V18, Version::V19] {
        let app = McpTools::builder().version(version).start_mcp().await;
        let total = async |condition: Value| {
            let found = app.call("search_records", json!({ "model": "sale.order", "domain": [condition] }));
            found.await["total"].as_u64().unwrap()
        };
        // An order of 18:40 that day.
        let on_it = total(json!(["date_order", "=", "2026-11-11"])).await;
        assert!(on_it > 0, "{version:?}");
        assert_eq!(total(json!(["date_order", "in", ["2026-11-11", "1999-01-01"]])).await, on_it);
        let others = total(json!(["date_order", "!=", "2026-11-11"])).await;
        assert_eq!(others + on_it, total(json!(["id", ">", 0])).await, "{version:?}");
        let until = total(json!(["validity_date", "<=", "2030-12-31T23:59:59Z"])).await;
        assert_eq!(until, total(json!(["validity_date", "<=", "2030-12-31"])).await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_dates_are_only_asked_of_an_odoo_that_has_them() {
    let app = McpTools::builder().version(Version::V16).start_mcp().await;
    let domain = json!([["date_order.year_number", "=", 2026]]);
    let error = app.error("search_records", json!({ "model": "sale.order", "domain": domain })).await;
    assert!(error.contains("- domain[0]: this Odoo compares no parts of dates"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_objects_come_as_text() {
    let app = McpTools::start().await;
    let asked = json!({ "model": "sale.order", "domain": "[('state', '=', 'sent')]", "fields": "name, state",
                        "limit": "1", "context": "{\"lang\": \"en_US\"}" });
    let found = app.call("search_records", asked).await;
    let mut keys: Vec<&String> = found["items"][0].as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["id", "name", "state"], "{found}");
    let groups = json!({ "model": "sale.order", "group_by": "state", "measures": "['amount_total:max']" });
    let groups = app.call("aggregate_records", groups).await;
    assert!(groups["items"][0]["amount_total:max"]["amount"].is_number(), "{groups}");
    let made =
        app.call("create_record", json!({ "model": "res.partner", "values": "{'name': 'Ana'}" })).await;
    let called = json!({ "model": "res.partner", "method": "action_archive", "ids": made["id"].to_string() });
    app.call("call_method", called).await;
    let ana = search(
        app.sandbox(),
        "res.partner",
        json!([["name", "=", "Ana"], ["active", "=", false]]),
        &["name"],
    );
    assert_eq!(ana.len(), 1);
    let error = app.error("search_records", json!({ "model": "sale.order", "fields": "*" })).await;
    assert!(error.contains("- fields: expected a list, not a text"), "{error}");
}

/// As Odoo has it, as SQL does, and as people write both.
#[tokio::test(flavor = "multi_thread")]
async fn measures_are_taken_as_they_are_written() {
    for (version, protocol) in WAYS {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let groups = async |measures: Value, order: &str| {
            let asked =
                json!({ "model": "sale.order", "group_by": ["state"], "measures": measures, "order": order });
            app.call("aggregate_records", asked).await["items"].clone()
        };
        let sums = groups(json!(["amount_total:sum"]), "state").await;
        assert!(sums[0]["amount_total:sum"]["amount"].is_number() && sums[0]["count"].is_u64(), "{sums}");
        for sum in [
            "amount_total",
            "amount_total:SUM",
            " amount_total : Sum ",
            "SUM(amount_total)",
            "total:sum(amount_total)",
        ] {
            assert_eq!(groups(json!([sum]), "state").await, sums, "{version:?} {protocol:?} {sum}");
        }
        for count in ["count", "COUNT", "__count", "id:count", "count(*)", "Count( id )", "n:count(id)"] {
            let measures = json!([count, "amount_total:SUM", "amount_total:sum"]);
            assert_eq!(groups(measures, "state").await, sums, "{version:?} {protocol:?} {count}");
            let [by_count, as_written] =
                ["count".to_owned(), count.to_owned()].map(|by| format!("{by} DESC, state"));
            let by_count = groups(json!([]), &by_count).await;
            assert_eq!(groups(json!([]), &as_written).await, by_count, "{version:?} {protocol:?} {count}");
        }
        let measures = json!(["amount_total:average", "count(distinct partner_id)"]);
        let others = groups(measures, "AVG(amount_total) desc").await;
        assert!(others[0]["amount_total:avg"]["amount"].is_number(), "{others}");
        assert!(others[0]["partner_id:count_distinct"].is_u64(), "{others}");
        let by =
            json!({ "model": "sale.order", "group_by": ["date_order:MONTH"], "order": "date_order:Month" });
        let months = app.call("aggregate_records", by).await;
        assert!(months["items"][0]["date_order:month"]["label"].is_string(), "{months}");
    }
    let app = McpTools::start().await;
    for (measure, says) in [
        (
            "partner_id:count",
            "count tells how many records there are, partner_id:count_distinct how many different",
        ),
        ("nobody:count", "sale.order has no field nobody"),
        ("amount_total:median", "takes one of sum, avg, min, max, count_distinct after the :"),
        ("count:sum", "sale.order has no field count"),
    ] {
        let error =
            app.error("aggregate_records", json!({ "model": "sale.order", "measures": [measure] })).await;
        assert!(error.contains(&format!("- measures[0]: {says}")), "{measure}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_made_of_odoos_commands_too() {
    let app = McpTools::start().await;
    let tag = json!({ "model": "res.partner.category", "values": { "name": "Norte" } });
    let tag = app.call("create_record", tag).await["id"].clone();
    let made = app
        .call(
            "create_record",
            json!({ "model": "res.partner", "values": {
                "name": "Ana", "child_ids": [[0, 0, { "name": "Hija" }], { "name": "Hijo" }], "category_id": [[4, tag]],
            } }),
        )
        .await;
    let children = search(app.sandbox(), "res.partner", json!([["parent_id", "=", made["id"]]]), &["name"]);
    assert_eq!(children.len(), 2);
    assert_eq!(made["record"]["category_id"], json!([tag]), "{made}");
    let lead = json!({ "name": "L", "priority": 2, "date_deadline": "2026-12-31T00:00:00Z" });
    let lead = app.call("create_record", json!({ "model": "crm.lead", "values": lead })).await;
    assert_eq!(
        (&lead["record"]["priority"]["value"], &lead["record"]["date_deadline"]),
        (&json!("2"), &json!("2026-12-31")),
        "{lead}"
    );
}

/// As quotations take a salesperson.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_known_by_the_login_too() {
    let app = McpTools::start().await;
    let login = "ventas@yourcompany.example.com";
    let args = vec![json!([8]), json!({ "login": login })];
    app.sandbox().execute("res.users", "write", args, Map::new()).unwrap();
    let lead = json!({ "model": "crm.lead", "values": { "name": "Robots", "user_id": login } });
    assert_eq!(app.call("create_record", lead).await["record"]["user_id"]["id"], 8);
}
