//! External ids whose records are gone.

use mcp_odoo_sandbox::{DEMO_API_KEY, Sandbox, Version};
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call, inside, try_call};

fn make(sandbox: &Sandbox) -> Value {
    let columns = json!(["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id"]);
    let rows = json!([["q.order", "15", "q.line", "1"]]);
    call(sandbox, "sale.order", "load", json!([columns, rows]), json!({}))["ids"][0].clone()
}

fn reference(sandbox: &Sandbox, name: &str) -> Result<Value, (&'static str, String)> {
    try_call(sandbox, "ir.model.data", "check_object_reference", json!(["q", name]), json!({}))
}

#[test]
fn a_crash_of_the_database_loses_records_that_the_cache_still_knows() {
    for version in VERSIONS {
        let sandbox = inside(version);
        let first = make(&sandbox);
        sandbox.lose(&["q.order"]).unwrap();
        assert_eq!(reference(&sandbox, "order"), Ok(json!(["sale.order", false])));
        assert_eq!(reference(&sandbox, "line"), Ok(json!(["sale.order.line", false])));
        assert_eq!(call(&sandbox, "sale.order", "read", json!([[first]]), json!({})), json!([]));
        let second = make(&sandbox);
        assert_ne!(first, second);
        assert_eq!(reference(&sandbox, "order"), Ok(json!(["sale.order", second])));
        sandbox.lose(&["q.order"]).unwrap();
        sandbox.clear_caches();
        let gone = "External ID not found in the system: q.order".to_owned();
        assert_eq!(reference(&sandbox, "order"), Err(("builtins.ValueError", gone)));
    }
}

#[test]
fn a_deleted_order_frees_its_own_external_id_but_not_those_of_its_lines() {
    let sandbox = inside(Version::V19);
    let order = make(&sandbox);
    call(&sandbox, "sale.order", "unlink", json!([[order]]), json!({}));
    assert!(reference(&sandbox, "order").is_err());
    assert_eq!(reference(&sandbox, "line"), Ok(json!(["sale.order.line", false])));
    assert_ne!(make(&sandbox), order);
}

#[tokio::test]
async fn a_salesperson_with_own_documents_only_makes_none_for_a_colleague() {
    let served = Served::of(Version::V19).await;
    let made =
        call(&served.sandbox, "crm.lead", "load", json!([["id", "name"], [["q.lead", "x"]]]), json!({}));
    let id = &made["ids"][0];
    let url = format!("{}/json/2/ir.model.data/check_object_reference", served.url);
    let body = json!({"module": "q", "xml_id": "lead"});
    let request = served.client.post(url).bearer_auth(DEMO_API_KEY).json(&body);
    let found: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(found, json!(["crm.lead", false]), "{id}");
    let columns = json!(["id", "name", "user_id/.id", "order_ids/partner_id/.id"]);
    let rows = json!([["q.other", "x", "2", "15"]]);
    let answer = served.call("demo", "crm.lead", "load", json!([columns, rows]), json!({})).await;
    assert_eq!(answer["result"]["ids"], false);
    assert!(answer["result"]["messages"][0]["message"].as_str().unwrap().starts_with("Uh-oh!"), "{answer}");
}

#[tokio::test]
async fn a_customer_with_a_log_in_makes_nothing() {
    let served = Served::of(Version::V19).await;
    let users = served.call(
        "admin",
        "res.users",
        "search_read",
        json!([[["share", "=", true]], ["login"]]),
        json!({}),
    );
    assert_eq!(users.await["result"][0]["login"], "portal");
    let answer = served.call("portal", "crm.lead", "create", json!([{"name": "x"}]), json!({})).await;
    assert_eq!(answer["error"]["data"]["name"], "odoo.exceptions.AccessError");
}
