//! Records found by what people call them, and what fields are said to follow from.

use mcp_odoo_sandbox::{Sandbox, Version};
use serde_json::{Value, json};

use super::served::{VERSIONS, call, inside};

fn found(sandbox: &Sandbox, model: &str, name: &str) -> Vec<i64> {
    let pairs = call(sandbox, model, "name_search", json!([name]), json!({}));
    pairs.as_array().unwrap().iter().map(|pair| pair[0].as_i64().unwrap()).collect()
}

fn search(sandbox: &Sandbox, model: &str, domain: Value) -> Value {
    call(sandbox, model, "search", json!([domain]), json!({"order": "id"}))
}

#[test]
fn names_search_what_stands_beside_them() {
    for version in VERSIONS {
        let sandbox = inside(version);
        for (model, name, expected) in [
            ("res.partner", "Torres", vec![16, 42, 43]),
            ("res.partner", "compras@almacenestorres", vec![16]),
            ("res.partner", "ATO850101AB1", vec![16]),
            ("product.product", "FURN_7777", vec![5]),
            ("product.product", "601647855631", vec![5]),
            ("product.product", "[FURN_8888] Office Lamp", vec![6]),
            ("product.product", "furn_77", vec![5]),
            ("product.template", "FURN_7777", vec![1005]),
            ("res.users", "laura", vec![8]),
            ("res.country", "MX", vec![156]),
            ("sale.order", "Torres", vec![]),
        ] {
            let mut found = found(&sandbox, model, name);
            found.sort_unstable();
            assert_eq!(found, expected, "{version:?} {model} {name}");
        }
        // A part of a barcode is none.
        assert!(found(&sandbox, "product.product", "60164").is_empty());
        let all = call(&sandbox, "res.country", "name_search", json!([]), json!({"limit": 0}));
        assert!(all.as_array().unwrap().len() > 2);
    }
}

#[test]
fn a_text_where_an_id_could_be_means_what_is_called_so() {
    for version in VERSIONS {
        let sandbox = inside(version);
        for (model, domain, expected) in [
            ("sale.order", json!([["partner_id", "ilike", "almacenes"]]), json!([7])),
            ("sale.order", json!([["partner_id", "=", "Almacenes Torres"]]), json!([7])),
            ("sale.order", json!([["partner_id", "ilike", "ATO850101AB1"]]), json!([7])),
            ("sale.order", json!([["partner_id.display_name", "ilike", "ATO850101AB1"]]), json!([7])),
            ("sale.order", json!([["partner_id", "not ilike", "e"], ["id", ">", 5]]), json!([])),
            ("res.partner", json!([["display_name", "=", "ATO850101AB1"]]), json!([16])),
            (
                "res.partner",
                json!([["display_name", "not ilike", "gemini"], ["id", "in", [10, 11]]]),
                json!([10]),
            ),
            ("res.partner", json!([["id", "child_of", "ATO850101AB1"]]), json!([16, 43])),
            ("sale.order.line", json!([["product_id", "=", "FURN_7777"]]), json!([3])),
            ("sale.order", json!([["user_id", "ilike", "laura"]]), json!([7])),
        ] {
            assert_eq!(search(&sandbox, model, domain.clone()), expected, "{version:?} {model} {domain}");
        }
    }
}

#[test]
fn fields_say_what_they_follow_from() {
    let sandbox = inside(Version::V19);
    let told = |model: &str, field: &str| {
        let asked = json!([[field], ["depends", "related"]]);
        call(&sandbox, model, "fields_get", asked, json!({}))[field].clone()
    };
    let total = ["order_line.price_subtotal", "order_line.price_tax", "order_line.price_total"];
    assert_eq!(told("sale.order", "amount_total"), json!({"depends": total}));
    assert_eq!(told("crm.lead", "email_from"), json!({"depends": ["partner_id.email"]}));
    assert_eq!(told("sale.order.line", "price_subtotal")["depends"][3], "tax_ids");
    for (model, field, path) in [
        ("sale.order.line", "order_partner_id", "order_id.partner_id"),
        ("res.users", "email", "partner_id.email"),
        ("product.product", "list_price", "product_tmpl_id.list_price"),
    ] {
        assert_eq!(told(model, field), json!({"depends": [path], "related": path}));
    }
    assert_eq!(told("res.partner", "city"), json!({"depends": []}));
}
