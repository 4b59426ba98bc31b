//! A dialogue in Spanish of a model that knows no id: it finds product and customer, quotes, corrects the quantity
//! and reads the total.

use serde_json::{Value, json};

use crate::support::mcp::{McpTools, text};

/// What the model reads, without what is another at each run.
async fn turn(app: &McpTools, said: &str, tool: &str, arguments: Value) -> (String, Value) {
    let result = app.result(tool, arguments.clone()).await;
    assert_eq!(result.is_error, Some(false), "{result:?}");
    let answer = result.structured_content.clone().unwrap();
    let id = answer["tracking_id"].as_str().unwrap_or("no id");
    let read = text(&result).replace(id, "quot_…").replace(&app.odoo.proxy.address.to_string(), "odoo");
    (format!("— {said}\n{tool} {arguments}\n{read}\n"), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn four_calls_from_words_to_the_total() {
    let app = McpTools::start().await;
    let said = "Cotiza dos robots BellaBot para Luis, de Almacenes Torres.";
    let (first, products) = turn(&app, said, "find_products", json!({ "q": "robot bellabot" })).await;
    let (second, customers) = turn(&app, "", "find_customers", json!({ "q": "Luis Torres" })).await;
    let luis = &customers["items"][0];
    let quotation = json!({
        "partner_name": luis["name"], "contact_name": luis["name"], "email": luis["email"], "phone": luis["phone"],
        "lead_name": "Robots BellaBot", "product_id": products["items"][0]["id"], "product_qty": "2",
    });
    let (third, made) = turn(&app, "", "dev_create_quotation", quotation).await;
    let output = &made["output"];
    let line = json!({ "line_id": output["products_added"][0]["line_id"], "qty": 3 });
    let change = json!({ "sale_id": output["sale_order_id"], "lines": [line] });
    let (fourth, changed) = turn(&app, "Mejor tres. ¿Cuánto es en total?", "dev_update_sale", change).await;
    assert_eq!(changed["amount_total"], json!(56700.0));
    insta::assert_snapshot!([first, second, third, fourth].join("\n"));
}
