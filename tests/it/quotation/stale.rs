//! A database that lost its last commits, and an Odoo whose cache still knows the records.

use mcp_odoo_core::quotation::id::partner_external_name;
use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::odoo::{Made, search};

const EMAIL: &str = "pablo@stale.example";

/// The external ids of the quotation's records.
fn external_ids(app: &TestApp) -> Vec<String> {
    let domain = json!([["module", "=", "mcp/odoo"]]);
    let found = search(app.sandbox(), "ir.model.data", domain, &["complete_name"]);
    found.iter().map(|id| id["complete_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_lost_is_made_again() {
    let app = TestApp::start().await;
    let first = app.accepted(&request(EMAIL), Some("lost")).await;
    app.finished(&first).await;
    let mut known = external_ids(&app);
    assert_eq!(known.len(), 5, "{known:?}");
    // What hangs on others goes first.
    let rank = |name: &String| ["_line_", "_order_", "_lead_"].iter().position(|part| name.contains(part));
    known.sort_by_key(|name| rank(name).unwrap_or(3));
    app.sandbox().lose(&known.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    assert!(Made::by_email(app.sandbox(), EMAIL).partners.is_empty());
    let reference = json!([["mcp/odoo"], [partner_external_name(EMAIL, None, 0)]]);
    let args: Vec<Value> = reference.as_array().unwrap().iter().map(|it| it[0].clone()).collect();
    let stale = app.sandbox().execute("ir.model.data", "check_object_reference", args, Map::new()).unwrap();
    assert_eq!(stale, json!(["res.partner", false]));
    let (odoo, _) = app.stop().await;
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let app = TestApp::builder().after((odoo, folder)).start().await;
    let again = app.accepted(&request(EMAIL), Some("lost")).await;
    let status = app.finished(&again).await;
    assert_eq!(status["status"], "completed", "{status}");
    Made::by_email(app.sandbox(), EMAIL).assert_exactly_once(&REQUEST_LINES, "made again");
}
