//! Grouping.

use mcp_odoo_sandbox::Version;
use serde_json::json;

use super::served::{call, inside};

#[test]
fn open_opportunities_by_salesperson() {
    let sandbox = inside(Version::V19);
    let domain = json!([["type", "=", "opportunity"], ["stage_id.is_won", "=", false]]);
    let kwargs = json!({"groupby": ["user_id"], "aggregates": ["__count", "expected_revenue:sum"]});
    let groups = call(&sandbox, "crm.lead", "formatted_read_group", json!([domain]), kwargs);
    let counts: Vec<_> =
        groups.as_array().unwrap().iter().map(|group| (&group["user_id"][1], &group["__count"])).collect();
    let expected = [("Carlos Rivera", 1), ("Laura Méndez", 2), ("Marc Demo", 3), ("Mitchell Admin", 5)];
    assert_eq!(counts.len(), expected.len());
    for ((name, count), (expected_name, expected_count)) in counts.into_iter().zip(expected) {
        assert_eq!((name, count), (&json!(expected_name), &json!(expected_count)));
    }
    assert_eq!(groups[1]["expected_revenue:sum"], json!(50300.0));
    assert_eq!(groups[1]["__extra_domain"], json!([["user_id", "=", 8]]));
}

#[test]
fn a_lazy_group_counts_under_the_name_of_its_field() {
    let sandbox = inside(Version::V18);
    let groups = call(
        &sandbox,
        "sale.order",
        "read_group",
        json!([[], ["amount_total"], ["state", "user_id"]]),
        json!({}),
    );
    let draft = &groups.as_array().unwrap().iter().find(|group| group["state"] == "draft").unwrap();
    assert_eq!(draft["state_count"], json!(2));
    assert_eq!(draft["amount_total"], json!(2255.5));
    assert_eq!(draft["__context"], json!({"group_by": ["user_id"]}));
    let eager = call(
        &sandbox,
        "sale.order",
        "read_group",
        json!([[], [], ["state", "user_id"]]),
        json!({"lazy": false}),
    );
    assert!(eager.as_array().unwrap().len() > groups.as_array().unwrap().len());
}

#[test]
fn the_domain_of_a_group_finds_its_records() {
    let sandbox = inside(Version::V18);
    let domain = json!(["|", ["state", "=", "sale"], ["state", "=", "draft"]]);
    let arguments = json!([domain, ["amount_total:max"], ["date_order:month"]]);
    let groups = call(&sandbox, "sale.order", "read_group", arguments, json!({"lazy": false}));
    let labels: Vec<_> =
        groups.as_array().unwrap().iter().map(|group| group["date_order:month"].clone()).collect();
    assert_eq!(labels, ["October 2026", "November 2026"]);
    for group in groups.as_array().unwrap() {
        let found = call(&sandbox, "sale.order", "search_count", json!([group["__domain"]]), json!({}));
        assert_eq!(found, group["__count"], "{group}");
    }
}

/// 16 leaves out what is of a field that it groups by, whatever it is to be called.
#[test]
fn what_is_of_a_field_that_is_grouped_by() {
    for (version, is_told) in [(Version::V16, false), (Version::V18, true)] {
        let fields = json!(["m0:max(date_order)", "amount_total:sum"]);
        let arguments = json!([[], fields, ["date_order:month"]]);
        let groups = call(&inside(version), "sale.order", "read_group", arguments, json!({"lazy": false}));
        assert_eq!(groups[0].get("m0").is_some(), is_told, "{version:?} {groups}");
        assert!(groups[0]["amount_total"].is_number(), "{version:?} {groups}");
    }
}

#[test]
fn groups_are_ordered_as_asked() {
    let sandbox = inside(Version::V19);
    let counts = |order: &str, limit: u64| -> Vec<i64> {
        let kwargs =
            json!({"groupby": ["user_id"], "aggregates": ["__count"], "order": order, "limit": limit});
        let domain = json!([["user_id", "!=", false]]);
        let groups = call(&sandbox, "crm.lead", "formatted_read_group", json!([domain]), kwargs);
        groups.as_array().unwrap().iter().map(|group| group["__count"].as_i64().unwrap()).collect()
    };
    assert_eq!(counts("__count desc", 0), [7, 4, 2, 2]);
    assert_eq!(counts("__count, user_id", 2), [2, 2]);
    assert_eq!(counts("user_id desc", 0), [7, 4, 2, 2]);
    let lazy = json!([[], [], ["state"]]);
    let groups = call(&sandbox, "sale.order", "read_group", lazy, json!({"orderby": "state_count desc"}));
    assert_eq!(groups[0]["state"], "sale");
}

#[test]
fn without_groups_there_is_one_total() {
    let sandbox = inside(Version::V19);
    let kwargs = json!({"groupby": [], "aggregates": ["__count", "amount_total:sum"]});
    let total = call(&sandbox, "sale.order", "formatted_read_group", json!([[["id", "=", 0]]]), kwargs);
    assert_eq!(total, json!([{"__extra_domain": [[1, "=", 1]], "__count": 0, "amount_total:sum": 0.0}]));
}
