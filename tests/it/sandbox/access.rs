//! What a plain salesperson may see and do.

use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use super::served::{Served, VERSIONS, call};

const ACCESS: &str = "odoo.exceptions.AccessError";

async fn refused(served: &Served, model: &str, method: &str, args: Value) {
    let answer = served.call("demo", model, method, args.clone(), json!({})).await;
    assert_eq!(answer["error"]["data"]["name"], ACCESS, "{model}.{method} {args}: {answer}");
}

#[tokio::test]
async fn own_documents_only() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        let uid = served.login("demo").await;
        for model in ["sale.order", "crm.lead"] {
            let seen = served.call("demo", model, "search_read", json!([[], ["user_id"]]), json!({})).await;
            let owners: Vec<_> =
                seen["result"].as_array().unwrap().iter().map(|record| record["user_id"].clone()).collect();
            assert!(
                owners.len() > 1 && owners.iter().all(|owner| *owner == false || owner[0] == uid),
                "{owners:?}"
            );
        }
        refused(&served, "sale.order", "read", json!([[1], ["name"]])).await;
        refused(&served, "sale.order", "write", json!([[1], {"origin": "x"}])).await;
        refused(&served, "sale.order", "action_confirm", json!([[1]])).await;
        refused(&served, "sale.order.line", "read", json!([[1], ["name"]])).await;
        refused(&served, "crm.lead", "unlink", json!([[1]])).await;
        refused(&served, "crm.lead", "create", json!([{"name": "x", "user_id": 2}])).await;
        let colleague = served.call("laura", "sale.order", "read", json!([[1], ["name"]]), json!({})).await;
        assert_eq!(colleague["result"][0]["name"], "S00001", "laura sees all documents");
    }
}

#[tokio::test]
async fn models_that_are_not_for_salespeople() {
    let served = Served::of(Version::V19).await;
    refused(&served, "ir.model.data", "search", json!([[]])).await;
    refused(&served, "res.users", "write", json!([[2], {"name": "x"}])).await;
    refused(&served, "product.product", "create", json!([{"name": "x"}])).await;
    refused(&served, "crm.stage", "unlink", json!([[1]])).await;
    let found = served.call("demo", "product.product", "search_count", json!([[]]), json!({})).await;
    assert!(found["result"].as_i64().unwrap() > 10);
}

#[tokio::test]
async fn a_reference_tells_the_id_only_to_who_may_read_the_record() {
    let served = Served::of(Version::V18).await;
    let demo = served.login("demo").await;
    let fields = json!(["id", "partner_id/.id", "user_id/.id"]);
    let rows = json!([["t.theirs", "15", demo.to_string()], ["t.other", "15", "2"], ["t.nobody", "15", ""]]);
    let made = call(&served.sandbox, "sale.order", "load", json!([fields, rows]), json!({}));
    for (name, id) in [("theirs", &made["ids"][0]), ("other", &json!(false)), ("nobody", &made["ids"][2])] {
        let answer = served
            .call("demo", "ir.model.data", "check_object_reference", json!(["t", name]), json!({}))
            .await;
        assert_eq!(answer["result"], json!(["sale.order", id]), "{name}");
    }
}

#[tokio::test]
async fn a_user_can_ask_what_it_may_do() {
    for version in VERSIONS {
        let served = Served::of(version).await;
        for (user, all_documents) in [("demo", false), ("laura", true), ("admin", true)] {
            let uid = served.login(user).await;
            let group = json!([[uid], "sales_team.group_sale_salesman_all_leads"]);
            assert_eq!(
                served.call(user, "res.users", "has_group", group, json!({})).await["result"],
                all_documents
            );
            let access = async |model: &str, ids: Value, operation: &str| {
                served.call(user, model, "has_access", json!([ids, operation]), json!({})).await["result"]
                    .clone()
            };
            assert_eq!(access("sale.order", json!([1]), "read").await, all_documents, "{user}");
            assert_eq!(access("sale.order", json!([]), "create").await, true, "{user}");
            assert_eq!(access("res.users", json!([]), "create").await, user == "admin", "{user}");
        }
    }
}

#[tokio::test]
async fn a_load_the_rules_forbid_writes_nothing() {
    let served = Served::of(Version::V19).await;
    let args = json!([["id", "name", "user_id/.id"], [["t.lead", "x", "2"]]]);
    let answer = served.call("demo", "crm.lead", "load", args, json!({})).await;
    assert_eq!(answer["result"]["ids"], json!(false), "{answer}");
    let left =
        call(&served.sandbox, "ir.model.data", "search_count", json!([[["module", "=", "t"]]]), json!({}));
    assert_eq!(left, json!(0));
}
