//! Their resources, by every way of reading one.

use serde_json::{Value, json};

use crate::mcp::client::soon;
use crate::support::app::TestApp;

/// An address, and what is in the text behind it.
const ADDRESSES: &[(&str, &str)] = &[
    ("odoo://models", "res.partner"),
    ("odoo://users", "Laura Méndez"),
    ("odoo://companies", "YourCompany"),
    ("odoo://config", "readwrite"),
    ("odoo://res.partner/1", "YourCompany"),
    ("odoo://res.partner/list", "Almacenes Torres"),
    ("odoo://res.partner/list?domain=[[\"city\",\"=\",\"Guadalajara\"]]&limit=5", "Almacenes Torres"),
];

#[tokio::test]
async fn they_are_read() {
    let app = TestApp::start().await;
    let post = async |path: &str, body: Value| -> Value {
        let answer = soon(app.client.post(format!("{}{path}", app.url)).json(&body).send()).await.unwrap();
        answer.json().await.unwrap()
    };
    for (uri, has) in ADDRESSES {
        let params = json!({ "uri": uri });
        let answers = [
            post("/mcp/resources/read", json!({ "params": params })).await,
            post("/mcp/resources/read", params.clone()).await,
            post("/mcp", json!({ "jsonrpc": "2.0", "id": 1, "method": "get_resource", "params": params }))
                .await["result"]
                .take(),
        ];
        for answer in answers {
            let text = answer.pointer("/contents/0/text").and_then(Value::as_str);
            assert!(text.is_some_and(|text| text.contains(has)), "{uri}: no {has} in {answer}");
        }
    }
    let listed = post("/mcp/resources/list", json!({})).await;
    let listed: Vec<_> =
        listed["resources"].as_array().unwrap().iter().map(|it| it["uri"].as_str().unwrap()).collect();
    for uri in ["odoo://models", "odoo://users", "odoo://companies", "odoo://config"] {
        assert!(listed.contains(&uri), "{uri}: {listed:?}");
    }
}
