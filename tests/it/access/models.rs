//! Rules for records hold for the tools that there are.

use serde_json::json;

use super::{client_of, start};
use crate::mcp::client::{Streamable, call, request};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_closes_is_neither_listed_nor_done() {
    let rules = "permissions = [\"quotations\", \"read\", \"write\"]\n\n[models]\npreset = \"projects\"\n\"sale.order\" = { read = true }";
    let (app, _folder) = start(&[("worker", rules)]).await;
    let session = Streamable::connect(&client_of("worker"), &app.url, "2025-11-25").await;
    let listed = session.ask(&request(7, "tools/list", &json!({}))).await.to_string();
    for (tool, arguments, is_open) in [
        ("list_projects", json!({}), true),
        ("list_sales", json!({}), true),
        ("find_customers", json!({ "q": "a" }), true),
        ("dev_get_quotation_status", json!({ "tracking_id": "none" }), true),
        ("find_products", json!({ "q": "a" }), false),
        ("dev_update_sale", json!({ "sale_id": 1, "values": {} }), false),
        ("dev_create_sale", json!({}), false),
    ] {
        assert_eq!(listed.contains(&format!("\"name\":\"{tool}\"")), is_open, "{tool}");
        let said = session.ask(&call(7, tool, &arguments)).await.to_string();
        assert_eq!(!said.contains("model_closed"), is_open, "{tool}: {said}");
    }
    // Of several models: each by its own.
    for (tool, arguments, is_open) in
        [("fetch", json!({ "id": "product:26174" }), false), ("fetch", json!({ "id": "project:1" }), true)]
    {
        let said = session.ask(&call(7, tool, &arguments)).await.to_string();
        assert_eq!(!said.contains("model_closed"), is_open, "{tool}: {said}");
    }
    let found = session.ask(&call(7, "search", &json!({ "query": "a" }))).await.to_string();
    assert!(found.contains("project:") && !found.contains("product:"), "{found}");
}
