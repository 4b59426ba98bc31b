//! A whole quotation in one `load`: opportunity, order and lines, by cells or by defaults of the root.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_sandbox::{Sandbox, Version};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

const COLUMNS: [&str; 8] = [
    "id",
    "name",
    "type",
    "order_ids/id",
    "order_ids/partner_id/.id",
    "order_ids/order_line/id",
    "order_ids/order_line/product_id/.id",
    "order_ids/order_line/product_uom_qty",
];

fn create_only() -> Value {
    json!({"context": {"mode": "update", "noupdate": true, "active_test": false, "tz": "UTC"}})
}

fn rows(name: &str) -> Value {
    let id = |part: &str| format!("q.{name}_{part}");
    json!([
        [id("lead"), name, "opportunity", id("order"), "15", id("line_1"), "1", "2"],
        ["", "", "", "", "", id("line_2"), "2", "1"],
    ])
}

fn load(sandbox: &Sandbox, rows: Value, kwargs: Value) -> Value {
    call(sandbox, "crm.lead", "load", json!([COLUMNS, rows]), kwargs)
}

fn reference(sandbox: &Sandbox, name: &str) -> Value {
    call(sandbox, "ir.model.data", "check_object_reference", json!(["q", name]), json!({}))
}

fn lines(sandbox: &Sandbox, lead: &Value) -> Vec<(Value, f64, f64)> {
    let found = call(
        sandbox,
        "sale.order.line",
        "search_read",
        json!([[["order_id.opportunity_id", "=", lead]], ["product_id", "product_uom_qty", "price_unit"]]),
        json!({"order": "id"}),
    );
    let number = |line: &Value, field: &str| line[field].as_f64().unwrap();
    let lines = found.as_array().unwrap().iter();
    lines
        .map(|line| {
            (line["product_id"][0].clone(), number(line, "product_uom_qty"), number(line, "price_unit"))
        })
        .collect()
}

fn counts(sandbox: &Sandbox) -> Vec<Value> {
    let models = ["crm.lead", "sale.order", "sale.order.line", "ir.model.data"];
    models.map(|model| call(sandbox, model, "search_count", json!([[]]), json!({}))).to_vec()
}

/// The lead's external id, with its order and lines as defaults.
fn by_default(sandbox: &Sandbox, name: &str, lines: Value) -> Value {
    let mut kwargs = create_only();
    kwargs["context"]["default_order_ids"] =
        json!([[0, 0, {"id": 7, "partner_id": 15, "origin": name, "order_line": lines}]]);
    let data = json!([["id", "name", "type"], [[format!("q.{name}_lead"), name, "opportunity"]]]);
    call(sandbox, "crm.lead", "load", data, kwargs)
}

#[test]
fn cells_give_each_record_its_external_id() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let made = load(&sandbox, rows("a"), create_only());
        let lead = &made["ids"][0];
        assert_eq!(reference(&sandbox, "a_lead"), json!(["crm.lead", lead]));
        assert_eq!(reference(&sandbox, "a_order")[0], "sale.order");
        assert_eq!(reference(&sandbox, "a_line_2")[0], "sale.order.line");
        assert_eq!(lines(&sandbox, lead), [(json!(1), 2.0, 14.0), (json!(2), 1.0, 400.0)]);
        let before = counts(&sandbox);
        assert_eq!(load(&sandbox, rows("a"), create_only()), made);
        assert_eq!(load(&sandbox, rows("a"), json!({})), made);
        assert_eq!(counts(&sandbox), before);
    }
}

#[test]
fn a_standing_root_protects_all_below_it_and_a_plain_load_writes_all_again() {
    let sandbox = inside(Version::V19);
    let made = load(&sandbox, rows("a"), create_only());
    let lead = &made["ids"][0];
    let line = reference(&sandbox, "a_line_1")[1].clone();
    let order = reference(&sandbox, "a_order")[1].clone();
    call(&sandbox, "sale.order.line", "write", json!([[line], {"product_uom_qty": 9}]), json!({}));
    load(&sandbox, rows("a"), create_only());
    assert_eq!(lines(&sandbox, lead)[0].1, 9.0);
    call(&sandbox, "sale.order", "unlink", json!([[order]]), json!({}));
    load(&sandbox, rows("a"), create_only());
    assert_eq!(lines(&sandbox, lead), [], "a deleted order stays deleted");
    load(&sandbox, rows("a"), json!({}));
    assert_eq!(lines(&sandbox, lead)[0].1, 2.0, "without the context it comes back");
}

#[test]
fn deleting_the_lead_alone_moves_the_order_to_the_next_one() {
    let sandbox = inside(Version::V18);
    let made = load(&sandbox, rows("a"), create_only());
    let order = reference(&sandbox, "a_order");
    call(&sandbox, "crm.lead", "unlink", json!([made["ids"]]), json!({}));
    let again = load(&sandbox, rows("a"), create_only());
    assert_ne!(again["ids"], made["ids"]);
    assert_eq!(reference(&sandbox, "a_order"), order);
    assert_eq!(lines(&sandbox, &again["ids"][0]).len(), 2);
}

#[test]
fn prices_come_from_the_pricelist_or_the_default() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let made = by_default(
            &sandbox,
            "h",
            json!([
                [0, 0, {"product_id": 1, "product_uom_qty": 2, "price_unit": 5.5}],
                [0, 0, {"product_id": 2}],
                [0, 0, {"display_type": "line_note", "name": "Entrega en 30 días"}],
            ]),
        );
        let lead = &made["ids"][0];
        let note = (json!(null), 0.0, 0.0);
        assert_eq!(lines(&sandbox, lead), [(json!(1), 2.0, 5.5), (json!(2), 1.0, 400.0), note]);
        assert_ne!(
            call(&sandbox, "crm.lead", "read", json!([[lead], ["order_ids"]]), json!({}))[0]["order_ids"],
            json!([7])
        );
        let before = counts(&sandbox);
        assert_eq!(by_default(&sandbox, "h", json!([[0, 0, {"product_id": 2}]])), made);
        assert_eq!(counts(&sandbox), before, "a repeat adds nothing");
    }
}

#[test]
fn every_model_takes_the_defaults_of_its_fields_and_ignores_others() {
    let sandbox = inside(Version::V19);
    let context = json!({"default_order_line": [[0, 0, {"product_id": 2}]], "default_origin": "web",
        "default_no_such_field": 1, "default_name": "never of a line"});
    let values = json!({"partner_id": 15, "name": "S9"});
    let order = call(&sandbox, "sale.order", "create", json!([values]), json!({"context": context}));
    let read =
        call(&sandbox, "sale.order", "read", json!([[order], ["origin", "order_line", "name"]]), json!({}));
    assert_eq!((&read[0]["origin"], &read[0]["name"]), (&json!("web"), &json!("S9")));
    let line = call(&sandbox, "sale.order.line", "read", json!([read[0]["order_line"], ["name"]]), json!({}));
    assert_eq!(line[0]["name"], "Hotel Accommodation");

    let mut kwargs = create_only();
    kwargs["context"]["default_sale_order_ids"] =
        json!([[0, 0, {"order_line": [[0, 0, {"product_id": 1, "product_uom_qty": 3}]]}]]);
    let partner = json!([["id", "name"], [["q.partner", "Nueva"]]]);
    let partner = call(&sandbox, "res.partner", "load", partner, kwargs)["ids"][0].clone();
    let domain = json!([[["partner_id", "=", partner]], ["amount_total"]]);
    let orders = call(&sandbox, "sale.order", "search_read", domain, json!({}));
    assert_eq!(orders[0]["amount_total"], 42.0);
}

#[test]
fn a_bad_line_leaves_nothing_and_says_where() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let before = counts(&sandbox);
        for (column, text, message) in [
            (
                6,
                "99999999",
                "No matching record found for database id '99999999' in field 'Orders/Order Lines/Product'",
            ),
            (7, "abc", "'abc' does not seem to be a number for field 'Orders/Order Lines/Quantity'"),
        ] {
            let mut rows = rows("f");
            rows[1][column] = json!(text);
            let answer = load(&sandbox, rows, create_only());
            assert_eq!(answer["messages"][0]["message"], message);
            assert_eq!(answer["messages"][0]["field"], "order_ids");
            assert_eq!(answer["messages"][0]["rows"], json!({"from": 0, "to": 1}));
        }
        for (line, message) in [
            (
                json!({"product_id": 99999999}),
                "Record does not exist or has been deleted.\n(Record: product.product(99999999,), User: 2)",
            ),
            (
                json!({"product_id": 1, "product_uom_qty": "abc"}),
                "Unknown error during import: <class 'ValueError'>: could not convert string to float: 'abc'",
            ),
            (
                json!({"product_id": 1, "no_such_field": 1}),
                "Unknown error during import: <class 'ValueError'>: Invalid field 'no_such_field' on model \
                 'sale.order.line'",
            ),
        ] {
            let answer = by_default(&sandbox, "i", json!([[0, 0, line]]));
            assert_eq!(answer["messages"][0]["message"], message);
            assert_eq!(answer["messages"][0].get("field"), None);
        }
        assert_eq!(counts(&sandbox), before);
    }
}

#[test]
fn what_a_record_below_lacks_is_told_without_its_path() {
    for (version, message) in [
        (Version::V18, "Missing required value for the field 'name' on a linked model [sale_order_line]"),
        (
            Version::V19,
            "Missing required value for the field 'Opportunity' (name).\nModel: Unknown\n- create/update: a \
             mandatory field is not set\n- delete: another model requires the record being deleted, you can \
             archive it instead",
        ),
    ] {
        let mut rows = rows("f");
        rows[0][6] = json!("");
        let answer = load(&inside(version), rows, create_only());
        assert_eq!(answer["messages"][0]["message"], message);
        assert_eq!(answer["messages"][0].get("field"), None);
    }
}

#[test]
fn a_column_that_is_not_there_and_a_short_row_are_faults() {
    let sandbox = inside(Version::V18);
    for (columns, row, class, message) in [
        (
            json!(["id", "order_ids/order_line/x"]),
            json!(["q.a", "1"]),
            "builtins.ValueError",
            "Invalid field name 'x'",
        ),
        (
            json!(["id", "no_such_ids/id"]),
            json!(["q.a", "1"]),
            "builtins.ValueError",
            "Invalid field name 'no_such_ids'",
        ),
        (json!(["id", "name"]), json!(["q.a"]), "builtins.IndexError", "list index out of range"),
    ] {
        let refused = try_call(&sandbox, "crm.lead", "load", json!([columns, [row]]), json!({}));
        assert_eq!(refused, Err((class, message.to_owned())));
    }
}

#[tokio::test]
async fn of_equal_quotations_at_once_one_wins() {
    for version in VERSIONS {
        let served = Served::slow(version, Duration::from_millis(50)).await;
        let mut other = rows("b");
        other[0][3] = json!("q.a_order");
        let load =
            |rows: Value| served.call("admin", "crm.lead", "load", json!([COLUMNS, rows]), create_only());
        let answers = join_all([load(rows("a")), load(rows("a")), load(rows("a")), load(other)]).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer["result"]["ids"].is_array());
        assert_eq!((won.len(), lost.len()), (1, 3), "{answers:?}");
        for answer in lost {
            assert_eq!(
                answer["result"]["messages"][0]["message"],
                "could not serialize access due to concurrent update\n"
            );
        }
        let order = reference(&served.sandbox, "a_order")[1].clone();
        assert_eq!(
            call(&served.sandbox, "sale.order", "search_count", json!([[["id", ">=", order]]]), json!({})),
            1
        );
    }
}
