//! Searching: operators, logic, order, pages and archived records.

use mcp_odoo_sandbox::{ExtraField, Options, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{call, inside, try_call};

fn names(sandbox: &Sandbox, model: &str, domain: &Value) -> Vec<String> {
    let found =
        call(sandbox, model, "search_read", json!([domain]), json!({"fields": ["name"], "order": "id"}));
    found.as_array().unwrap().iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_operator() {
    let sandbox = inside(Version::V19);
    let stages = |domain: Value| names(&sandbox, "crm.stage", &domain).join(" ");
    for (domain, expected) in [
        (json!([]), "New Qualified Proposition Won"),
        (json!([["name", "=", "Won"]]), "Won"),
        (json!([["name", "!=", "Won"]]), "New Qualified Proposition"),
        (json!([["sequence", ">", 2]]), "Proposition Won"),
        (json!([["sequence", ">=", 2]]), "Qualified Proposition Won"),
        (json!([["sequence", "<", 2]]), "New"),
        (json!([["sequence", "<=", 2]]), "New Qualified"),
        (json!([["sequence", "in", [1, 70]]]), "New Won"),
        (json!([["sequence", "not in", [1, 70]]]), "Qualified Proposition"),
        (json!([["id", "in", [2, 4, 99]]]), "Qualified Won"),
        (json!([["id", "in", []]]), ""),
        (json!([["id", "not in", [2, 4]]]), "New Proposition"),
        (json!([["name", "like", "o"]]), "Proposition Won"),
        (json!([["name", "like", "q"]]), ""),
        (json!([["name", "ilike", "Q"]]), "Qualified"),
        (json!([["name", "not like", "o"]]), "New Qualified"),
        (json!([["name", "not ilike", "W"]]), "Qualified Proposition"),
        (json!([["name", "=like", "W_n"]]), "Won"),
        (json!([["name", "=ilike", "n%"]]), "New"),
        (json!([["name", "=?", false]]), "New Qualified Proposition Won"),
        (json!([["name", "=?", "New"]]), "New"),
        (json!([["is_won", "=", true]]), "Won"),
        (json!([["is_won", "=", false]]), "New Qualified Proposition"),
        (json!([["is_won", "!=", true]]), "New Qualified Proposition"),
        (json!([["team_id", "=", false]]), "New Qualified Proposition Won"),
        (json!([["team_id", "!=", false]]), ""),
        (json!(["|", ["name", "=", "New"], ["name", "=", "Won"]]), "New Won"),
        (json!(["!", ["name", "=", "New"]]), "Qualified Proposition Won"),
        (json!(["&", ["sequence", ">", 1], ["sequence", "<", 70]]), "Qualified Proposition"),
        (json!([["sequence", ">", 1], ["sequence", "<", 70]]), "Qualified Proposition"),
        (json!([["sequence", ">", 1], "!", "|", ["id", "=", 2], ["id", "=", 3]]), "Won"),
        (json!([[1, "=", 1]]), "New Qualified Proposition Won"),
        (json!([[0, "=", 1]]), ""),
    ] {
        assert_eq!(stages(domain.clone()), expected, "{domain}");
    }
}

#[test]
fn relations_are_followed() {
    let sandbox = inside(Version::V18);
    let count = |model: &str, domain: Value| names(&sandbox, model, &domain).len();
    assert_eq!(names(&sandbox, "res.partner", &json!([["id", "child_of", 15]])).len(), 4);
    assert_eq!(
        names(&sandbox, "res.partner", &json!([["id", "parent_of", [27]]])),
        ["Azure Interior", "Brandon Freeman"]
    );
    assert_eq!(count("crm.lead", json!([["stage_id.is_won", "=", true]])), 2);
    assert_eq!(count("crm.lead", json!([["stage_id", "ilike", "prop"]])), 3);
    assert_eq!(count("crm.lead", json!([["stage_id", "=", "Won"]])), 2);
    assert_eq!(count("crm.lead", json!([["partner_id.country_id.code", "=", "MX"]])), 4);
    assert_eq!(count("crm.lead", json!([["partner_id", "child_of", 16]])), 4);
    assert_eq!(count("crm.team", json!([["member_ids", "in", [6]]])), 1);
    assert_eq!(count("crm.team", json!([["member_ids", "=", false]])), 1);
    assert_eq!(count("crm.team", json!([["member_ids.login", "=", "demo"]])), 1);
    assert_eq!(count("sale.order", json!([["order_line.product_id", "=", 26175]])), 1);
    assert_eq!(count("sale.order", json!([["order_line", "any", [["product_uom_qty", ">", 20]]]])), 2);
    assert_eq!(count("sale.order", json!([["order_line", "not any", [["product_uom_qty", ">", 20]]]])), 6);
    let open =
        json!([["type", "=", "opportunity"], ["stage_id.is_won", "=", false], ["user_id", "in", [8, 9]]]);
    assert_eq!(count("crm.lead", open), 3);
}

#[test]
fn dates_compare_by_day() {
    let sandbox = inside(Version::V19);
    let orders = |domain: Value| names(&sandbox, "sale.order", &domain).join(" ");
    assert_eq!(orders(json!([["date_order", ">=", "2026-11-09"]])), "S00006 S00007");
    assert_eq!(orders(json!([["date_order", "<=", "2026-10-15"]])), "S00008");
    assert_eq!(orders(json!([["date_order", "<", "2026-10-15"]])), "");
    assert_eq!(orders(json!([["date_order", ">", "2026-11-09"]])), "S00007");
}

#[test]
fn archived_records_are_hidden_unless_asked_for() {
    let sandbox = inside(Version::V19);
    let products =
        |domain: Value, kwargs: Value| call(&sandbox, "product.product", "search", json!([domain]), kwargs);
    assert_eq!(products(json!([["id", "in", [14, 15]]]), json!({})), json!([14]));
    assert_eq!(products(json!([["id", "=", 15], ["active", "=", false]]), json!({})), json!([15]));
    assert_eq!(products(json!([["id", "=", 15], ["active", "in", [true, false]]]), json!({})), json!([15]));
    let all = json!({"context": {"active_test": false}, "order": "id"});
    assert_eq!(products(json!([["id", "in", [14, 15]]]), all), json!([14, 15]));
    let read = call(&sandbox, "product.product", "read", json!([[15], ["active"]]), json!({}));
    assert_eq!(read, json!([{"id": 15, "active": false}]), "reading by id shows what is archived");
}

#[test]
fn order_limit_and_offset() {
    let sandbox = inside(Version::V19);
    let orders = |kwargs: Value| call(&sandbox, "sale.order", "search", json!([[]]), kwargs);
    assert_eq!(orders(json!({"order": "date_order desc, id", "limit": 3})), json!([7, 6, 3]));
    assert_eq!(orders(json!({"order": "id", "limit": 2, "offset": 3})), json!([4, 5]));
    assert_eq!(orders(json!({"order": "id desc", "limit": 2, "offset": 6})), json!([2, 1]));
    assert_eq!(orders(json!({"order": "amount_total desc", "limit": 2})), json!([7, 5]));
    assert_eq!(orders(json!({"order": "state, id", "limit": 3})), json!([8, 1, 2]));
    assert_eq!(orders(json!({"offset": 8})), json!([]));
    let wrong = try_call(&sandbox, "sale.order", "search", json!([[]]), json!({"order": "nope"}));
    assert_eq!(wrong.unwrap_err().0, "builtins.ValueError");
}

#[test]
fn malformed_domains_are_errors() {
    let sandbox = inside(Version::V19);
    for domain in [
        json!(["|", ["name", "=", "x"]]),
        json!(["?"]),
        json!([["name", "="]]),
        json!("name"),
        json!([["a.b", "=", 1]]),
    ] {
        let answer = try_call(&sandbox, "res.partner", "search", json!([domain]), json!({}));
        assert_eq!(answer.unwrap_err().0, "builtins.ValueError", "{domain}");
    }
}

#[test]
fn extra_fields_are_fields_like_others() {
    let extra_fields = vec![ExtraField::integer("crm.lead", "x_studio_producto")];
    let sandbox = Sandbox::new(Options { extra_fields, ..Options::default() });
    let fields = json!(["id", "name", "x_studio_producto"]);
    let made = call(&sandbox, "crm.lead", "load", json!([fields, [["t.lead", "x", "7"]]]), json!({}));
    assert_eq!(
        call(&sandbox, "crm.lead", "search", json!([[["x_studio_producto", "=", 7]]]), json!({})),
        made["ids"]
    );
    let described =
        call(&sandbox, "crm.lead", "fields_get", json!([["x_studio_producto"], ["type"]]), json!({}));
    assert_eq!(described, json!({"x_studio_producto": {"type": "integer"}}));
    let without =
        call(&inside(Version::V19), "crm.lead", "fields_get", json!([["x_studio_producto"]]), json!({}));
    assert_eq!(without, json!({}));
}
