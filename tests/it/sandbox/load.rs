//! `load`: one record per external id, all or nothing.

use mcp_odoo_sandbox::{Sandbox, Version};
use serde_json::{Value, json};

use super::served::{VERSIONS, call, inside, try_call};

const ORDER: [&str; 5] =
    ["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id", "order_line/product_uom_qty"];

fn load(sandbox: &Sandbox, model: &str, fields: &[&str], rows: Value) -> Value {
    call(sandbox, model, "load", json!([fields, rows]), json!({}))
}

fn two_lines() -> Value {
    json!([["t.order", "15", "t.line_1", "26174", "2"], ["", "", "t.line_2", "1", "3"]])
}

fn count(sandbox: &Sandbox, model: &str) -> Value {
    call(sandbox, model, "search_count", json!([[]]), json!({"context": {"active_test": false}}))
}

fn read(sandbox: &Sandbox, model: &str, id: &Value, fields: &[&str]) -> Value {
    call(sandbox, model, "read", json!([[id], fields]), json!({}))[0].clone()
}

#[test]
fn a_second_load_makes_no_second_record() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let first = load(&sandbox, "sale.order", &ORDER, two_lines());
        let before = (count(&sandbox, "sale.order"), count(&sandbox, "sale.order.line"));
        let second = load(&sandbox, "sale.order", &ORDER, two_lines());
        assert_eq!(first, second);
        assert_eq!(first["messages"], json!([]));
        assert_eq!((count(&sandbox, "sale.order"), count(&sandbox, "sale.order.line")), before);
        let order = read(&sandbox, "sale.order", &first["ids"][0], &["amount_total", "order_line"]);
        assert_eq!(order["amount_total"], json!(25042.0));
        assert_eq!(order["order_line"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn a_plain_load_writes_again_and_a_create_only_load_does_not() {
    let sandbox = inside(Version::V19);
    let create_only = json!({"context": {"mode": "update", "noupdate": true}});
    let again =
        |kwargs: &Value| call(&sandbox, "sale.order", "load", json!([ORDER, two_lines()]), kwargs.clone());
    let made = again(&create_only);
    let order = read(&sandbox, "sale.order", &made["ids"][0], &["order_line"]);
    let line = order["order_line"][0].clone();
    call(&sandbox, "sale.order.line", "write", json!([[line], {"product_uom_qty": 9}]), json!({}));
    let quantity =
        || read(&sandbox, "sale.order.line", &line, &["product_uom_qty"])["product_uom_qty"].clone();
    assert_eq!(again(&create_only), made);
    assert_eq!(quantity(), json!(9.0), "what staff edited stays");
    assert_eq!(again(&json!({})), made);
    assert_eq!(quantity(), json!(2.0), "a plain load writes its values again");
}

#[test]
fn an_update_without_an_id_is_refused() {
    let sandbox = inside(Version::V19);
    let load = |kwargs: Value| call(&sandbox, "res.partner", "load", json!([["name"], [["A"]]]), kwargs);
    let refused = load(json!({"context": {"mode": "update"}}));
    assert_eq!(
        refused["messages"][0]["message"],
        "Cannot update a record without specifying its id or xml_id"
    );
    assert!(load(json!({}))["ids"].is_array());
}

#[test]
fn all_or_nothing() {
    let sandbox = inside(Version::V19);
    let before = (count(&sandbox, "res.partner"), count(&sandbox, "ir.model.data"));
    let rows = json!([["t.good", "Good", "15"], ["t.bad", "Bad", "999999"], ["t.worse", "Worse", "x"]]);
    let answer = load(&sandbox, "res.partner", &["id", "name", "parent_id/.id"], rows);
    assert_eq!(answer["ids"], json!(false));
    let messages = answer["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!((&messages[0]["record"], &messages[0]["rows"]["from"]), (&json!(1), &json!(1)));
    assert_eq!(
        messages[0]["message"],
        "No matching record found for database id '999999' in field 'Related Company'"
    );
    assert_eq!(messages[1]["message"], "Invalid database id 'x' for the field 'Related Company'");
    assert_eq!((count(&sandbox, "res.partner"), count(&sandbox, "ir.model.data")), before);
}

#[test]
fn an_order_that_lacks_a_customer_takes_its_lines_with_it() {
    let sandbox = inside(Version::V18);
    let before = count(&sandbox, "sale.order.line");
    let answer = load(
        &sandbox,
        "sale.order",
        &["id", "order_line/id", "order_line/product_id/.id"],
        json!([["t.order", "t.line", "1"]]),
    );
    assert_eq!(
        answer["messages"][0]["message"],
        "Missing required value for the field 'Customer' (partner_id)"
    );
    assert_eq!(answer["messages"][0]["field"], "partner_id");
    assert_eq!(count(&sandbox, "sale.order.line"), before);
}

#[test]
fn an_empty_price_is_zero_and_no_price_column_is_the_pricelist() {
    let sandbox = inside(Version::V19);
    let price = |fields: &[&str], row: Value| {
        let made = load(&sandbox, "sale.order", fields, json!([row]));
        let order = read(&sandbox, "sale.order", &made["ids"][0], &["order_line"]);
        read(&sandbox, "sale.order.line", &order["order_line"][0], &["price_unit"])["price_unit"].clone()
    };
    let without = ["id", "partner_id/.id", "order_line/product_id/.id"];
    let with = [without.as_slice(), &["order_line/price_unit"]].concat();
    assert_eq!(price(&without, json!(["t.a", "15", "26174"])), json!(12500.0));
    assert_eq!(price(&with, json!(["t.b", "15", "26174", ""])), json!(0.0));
    assert_eq!(price(&with, json!(["t.c", "15", "26174", "99.5"])), json!(99.5));
}

#[test]
fn references_between_loads_and_within_one() {
    let sandbox = inside(Version::V19);
    let rows = json!([["t.company", "Torres", ""], ["t.person", "Luis", "t.company"]]);
    let made = load(&sandbox, "res.partner", &["id", "name", "parent_id/id"], rows);
    let person = read(&sandbox, "res.partner", &made["ids"][1], &["display_name"]);
    assert_eq!(person["display_name"], "Torres, Luis");
    let lead =
        load(&sandbox, "crm.lead", &["id", "name", "partner_id/id"], json!([["t.lead", "x", "t.person"]]));
    let lead = read(&sandbox, "crm.lead", &lead["ids"][0], &["partner_id", "stage_id", "type"]);
    assert_eq!(lead["partner_id"], json!([made["ids"][1], "Torres, Luis"]));
    assert_eq!((&lead["stage_id"], &lead["type"]), (&json!([1, "New"]), &json!("opportunity")));
    let missing =
        load(&sandbox, "crm.lead", &["id", "name", "partner_id/id"], json!([["t.lead_2", "x", "t.nobody"]]));
    assert_eq!(
        missing["messages"][0]["message"],
        "No matching record found for external id 't.nobody' in field 'Contact'"
    );
}

#[test]
fn deleting_a_record_frees_its_external_id() {
    let sandbox = inside(Version::V19);
    let partner = |name: &str| {
        load(&sandbox, "res.partner", &["id", "name"], json!([["t.partner", name]]))["ids"][0].clone()
    };
    let known =
        || try_call(&sandbox, "ir.model.data", "check_object_reference", json!(["t", "partner"]), json!({}));
    let first = partner("A");
    assert_eq!(known().unwrap(), json!(["res.partner", first]));
    call(&sandbox, "res.partner", "unlink", json!([[first]]), json!({}));
    assert_eq!(known().unwrap_err().0, "builtins.ValueError");
    let second = partner("B");
    assert_ne!(first, second, "ids are never given twice");
    assert_eq!(known().unwrap(), json!(["res.partner", second]));
}

#[test]
fn deleting_an_order_frees_its_id_but_not_those_of_its_lines() {
    let sandbox = inside(Version::V19);
    let made = load(&sandbox, "sale.order", &ORDER, two_lines());
    call(&sandbox, "sale.order", "unlink", json!([made["ids"]]), json!({}));
    let left = call(&sandbox, "ir.model.data", "search_count", json!([[["module", "=", "t"]]]), json!({}));
    assert_eq!(left, json!(2));
}

#[test]
fn a_line_that_staff_deleted_comes_back_with_a_plain_load() {
    let sandbox = inside(Version::V18);
    let made = load(&sandbox, "sale.order", &ORDER, two_lines());
    let lines = || read(&sandbox, "sale.order", &made["ids"][0], &["order_line"])["order_line"].clone();
    let before = lines();
    call(&sandbox, "sale.order.line", "unlink", json!([[before[1]]]), json!({}));
    assert_eq!(load(&sandbox, "sale.order", &ORDER, two_lines()), made);
    let after = lines();
    assert_eq!((after.as_array().unwrap().len(), &after[0]), (2, &before[0]));
}

#[test]
fn an_external_id_of_another_model_is_refused() {
    let sandbox = inside(Version::V19);
    load(&sandbox, "res.partner", &["id", "name"], json!([["t.x", "A"]]));
    let answer = load(&sandbox, "crm.lead", &["id", "name"], json!([["t.x", "A"]]));
    assert_eq!(answer["ids"], json!(false));
    let message = answer["messages"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("For external id t.x when trying to create/update a record of model crm.lead"),
        "{message}"
    );
}

#[test]
fn datetimes_are_in_the_zone_of_the_user_or_the_context() {
    let sandbox = inside(Version::V19);
    let converted = |name: &str, kwargs: Value| {
        let rows = json!([[name, "x", "2026-07-01 10:00:00"]]);
        let made =
            call(&sandbox, "crm.lead", "load", json!([["id", "name", "date_conversion"], rows]), kwargs);
        read(&sandbox, "crm.lead", &made["ids"][0], &["date_conversion"])["date_conversion"].clone()
    };
    assert_eq!(converted("t.a", json!({})), "2026-07-01 08:00:00");
    assert_eq!(converted("t.b", json!({"context": {"tz": "UTC"}})), "2026-07-01 10:00:00");
}

#[test]
fn every_kind_of_bad_cell_has_its_message() {
    let sandbox = inside(Version::V19);
    for (model, field, text, message) in [
        ("res.partner", "is_company", "maybe", "Unknown value 'maybe' for boolean field 'Is a Company'"),
        ("crm.lead", "color", "red", "'red' does not seem to be an integer for field 'Color Index'"),
        (
            "crm.lead",
            "expected_revenue",
            "a lot",
            "'a lot' does not seem to be a number for field 'Expected Revenue'",
        ),
        ("crm.lead", "type", "quote", "Value 'quote' not found in selection field 'Type'"),
        (
            "crm.lead",
            "date_deadline",
            "soon",
            "'soon' does not seem to be a valid date for field 'Expected Closing'",
        ),
        (
            "crm.lead",
            "date_open",
            "now",
            "'now' does not seem to be a valid datetime for field 'Assignment Date'",
        ),
        ("crm.lead", "partner_id", "Nobody", "No matching record found for name 'Nobody' in field 'Contact'"),
    ] {
        let answer = load(&sandbox, model, &["id", "name", field], json!([["t.x", "x", text]]));
        assert_eq!(answer["messages"][0]["message"], message);
        assert_eq!(answer["messages"][0]["field"], field);
    }
}
