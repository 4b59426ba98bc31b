//! Several companies: who sees which records, and which go together.

use mcp_odoo_sandbox::{Sandbox, Version};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

/// A partner and a product of the second company.
fn of_the_other(sandbox: &Sandbox) -> (i64, i64) {
    let make = |model: &str, name: &str| {
        let values = json!([{"name": name, "company_id": 2}]);
        call(sandbox, model, "create", values, json!({})).as_i64().unwrap()
    };
    (make("res.partner", "Cliente del norte"), make("product.product", "Producto del norte"))
}

#[tokio::test]
async fn records_of_a_company_that_is_not_the_users_are_not_there() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let (partner, product) = of_the_other(&served.sandbox);
        for (user, found) in [("demo", 0), ("admin", 1)] {
            for (model, id) in [("res.partner", partner), ("product.product", product), ("res.company", 2)] {
                let domain = json!([[["id", "=", id]]]);
                let answer = served.call(user, model, "search_count", domain, json!({})).await;
                assert_eq!(answer["result"], found, "{user} {model}");
            }
        }
        let read = served.call("demo", "res.partner", "read", json!([[partner], ["name"]]), json!({})).await;
        assert_eq!(read["error"]["data"]["name"], "odoo.exceptions.AccessError");
        let only = json!({"context": {"allowed_company_ids": [1]}});
        let domain = json!([[["id", "=", partner]]]);
        let answer = served.call("admin", "res.partner", "search_count", domain, only).await;
        assert_eq!(answer["result"], 0, "the context narrows it");
    }
}

#[test]
fn the_first_company_of_the_context_makes_new_records() {
    let sandbox = inside(Version::V19);
    let order = |kwargs: Value| {
        let id = call(&sandbox, "sale.order", "create", json!([{"partner_id": 15}]), kwargs);
        let both = json!({"context": {"allowed_company_ids": [1, 2]}});
        call(&sandbox, "sale.order", "read", json!([[id], ["company_id"]]), both)[0]["company_id"][0].clone()
    };
    assert_eq!(order(json!({})), 1);
    assert_eq!(order(json!({"context": {"allowed_company_ids": [2, 1]}})), 2);
    assert_eq!(order(json!({"context": {"allowed_company_ids": []}})), 1);
    let refused = |context: Value| {
        try_call(&sandbox, "res.partner", "search", json!([[]]), json!({"context": context}))
    };
    assert_eq!(
        refused(json!({"allowed_company_ids": [99_999]})),
        Err(("odoo.exceptions.AccessError", "Access to unauthorized or invalid companies.".to_owned()))
    );
    assert_eq!(
        refused(json!({"allowed_company_ids": 1})),
        Err(("builtins.TypeError", "'int' object is not iterable".to_owned()))
    );
    let mine = call(&sandbox, "res.users", "read", json!([[2], ["company_id", "company_ids"]]), json!({}));
    assert_eq!(mine[0]["company_id"], json!([1, "YourCompany"]));
    assert_eq!(mine[0]["company_ids"].as_array().unwrap().len(), 2);
}

#[test]
fn what_belongs_to_different_companies_does_not_go_together() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let (partner, product) = of_the_other(&sandbox);
        let before = call(&sandbox, "sale.order", "search_count", json!([[]]), json!({}));
        let refused = |model: &str, values: Value| {
            let (class, message) =
                try_call(&sandbox, model, "create", json!([values]), json!({})).unwrap_err();
            assert_eq!(class, "odoo.exceptions.UserError");
            assert!(message.starts_with("Incompatible companies on records:\n- “"), "{message}");
            message
        };
        refused("sale.order", json!({"partner_id": partner}));
        let message = refused("crm.lead", json!({"name": "Lead", "partner_id": partner}));
        let field = if version == Version::V18 { "Customer" } else { "Contact" };
        let line = format!(
            "- “Lead” belongs to company “YourCompany” and “{field}” (partner_id: 'Cliente del norte') belongs to \
             another company."
        );
        assert!(message.contains(&line), "{message}");
        refused("sale.order", json!({"partner_id": 15, "order_line": [[0, 0, {"product_id": product}]]}));
        assert_eq!(call(&sandbox, "sale.order", "search_count", json!([[]]), json!({})), before);

        let columns = json!(["id", "name", "order_ids/partner_id/.id"]);
        let rows = json!([["q.lead", "Lead", partner.to_string()]]);
        let spanish = json!({"context": {"lang": "es_ES"}});
        let answer = call(&sandbox, "crm.lead", "load", json!([columns, rows]), spanish);
        let message = answer["messages"][0]["message"].as_str().unwrap();
        assert!(message.starts_with("Empresas incompatibles en los registros:\n- “S0"), "{message}");
        assert!(
            message.contains("pertenece a la empresa “YourCompany” y “Customer” (partner_id: "),
            "{message}"
        );
        let order = json!([{"partner_id": partner, "order_line": [[0, 0, {"product_id": product}]]}]);
        let north = json!({"context": {"allowed_company_ids": [2]}});
        assert!(call(&sandbox, "sale.order", "create", order, north).is_i64());
    }
}
