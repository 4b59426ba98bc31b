//! The rules of the access file hold for reports, too.

use serde_json::{Value, json};

use crate::access::{client_of, start};
use crate::mcp::client::{Streamable, call};

/// What the tools and REST answer to who may read, under these rules.
async fn answers(rules: &str) -> Vec<String> {
    let rest = format!("permissions = [\"read\"]\n\n[models]\n{rules}");
    let (app, _folder) = start(&[("reader", &rest)]).await;
    let session = Streamable::connect(&client_of("reader"), &app.url, "2025-11-25").await;
    let report = json!({ "report_name": "sale.report_saleorder", "record_ids": [7] });
    let mut said = Vec::new();
    for (tool, arguments) in [("get_report", report), ("sale_pdf", json!({ "sale_id": 7 }))] {
        said.push(session.ask(&call(7, tool, &arguments)).await.to_string());
    }
    let url = format!("{}/odoo/report/sale.report_saleorder/7", app.url);
    let answer = client_of("reader").get(url).send().await.unwrap();
    said.push(match answer.status().is_success() {
        true => "application/pdf".to_owned(),
        false => answer.json::<Value>().await.unwrap().to_string(),
    });
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_shows_nothing_that_a_rule_closes_or_hides() {
    for (rules, says) in [
        ("preset = \"sales\"", "application/pdf"),
        ("\"res.partner\" = { read = true }", "model_closed"),
        ("\"sale.order\" = { update = true }", "model_closed"),
        ("\"sale.order\" = { read = true, hide = [\"amount_total\"] }", "the access file hides"),
        // The customer's, which the report shows.
        (
            "preset = \"sales\"\n\"res.partner\" = { read = true, hide = [\"phone\"] }",
            "the access file hides",
        ),
        // Of a model that has nothing to do with orders.
        (
            "preset = \"sales\"\n\"project.task\" = { read = true, hide = [\"description\"] }",
            "application/pdf",
        ),
    ] {
        for said in answers(rules).await {
            assert!(said.contains(says), "{rules}: {said}");
        }
    }
}
