//! What versions up to 0.1.0 left half made: they made opportunity, order and lines in calls of their own, under
//! another prefix.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_core::journal::Target;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_core::quotation::id::{ExternalIds, TrackingId};
use mcp_odoo_sandbox::{Options, Sandbox};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;

const EMAIL: &str = "old@older.example";
const ID: &str = "quot_older";

/// How far the older version came.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Made1 {
    Nothing,
    Partner,
    Lead,
    Order,
    Everything,
}

struct Older {
    odoo: Arc<Odoo>,
    body: Value,
    lead: Option<Value>,
}

fn load(sandbox: &Sandbox, model: &str, columns: &[&str], rows: Value) -> Value {
    let context = json!({ "mode": "update", "noupdate": true, "active_test": false });
    let kwargs = Map::from_iter([("context".to_owned(), context)]);
    let answer = sandbox.execute(model, "load", vec![json!(columns), rows], kwargs).unwrap();
    assert_ne!(answer["ids"], false, "{answer}");
    answer["ids"][0].clone()
}

impl Older {
    async fn new(body: Value, far: Made1) -> Self {
        let odoo = Odoo::start(Options::default()).await;
        let id: TrackingId = ID.parse().unwrap();
        let input = serde_json::from_value(body.clone()).unwrap();
        let ids = ExternalIds::new(&id, &input);
        let name = |record: &str| format!("mcp_odoo.{}", ids.name(record));
        let mut this = Self { odoo, body, lead: None };
        let sandbox = this.odoo.sandbox.clone();
        if far >= Made1::Partner {
            let partner = load(
                &sandbox,
                "res.partner",
                &["id", "name", "email"],
                json!([["mcp_odoo.partner_x", "Torres", EMAIL]]),
            );
            if far >= Made1::Lead {
                let columns = ["id", "name", "type", "partner_id/.id", "email_from", "user_id/.id"];
                let row = json!([[name("lead"), "Robot", "opportunity", partner.to_string(), EMAIL, "2"]]);
                this.lead = Some(load(&sandbox, "crm.lead", &columns, row));
            }
            if far >= Made1::Order {
                let lead = this.lead.as_ref().unwrap();
                let columns = ["id", "partner_id/.id", "opportunity_id/.id", "origin", "user_id/.id"];
                let row =
                    [name("order"), partner.to_string(), lead.to_string(), ID.to_owned(), "2".to_owned()];
                load(&sandbox, "sale.order", &columns, json!([row]));
                let lines = this.body["products"].as_array().unwrap().clone();
                let with_price = |line: &Value| line.get("price").is_some();
                let mixed = lines.iter().any(with_price) && !lines.iter().all(with_price);
                for (n, line) in (1..).zip(&lines) {
                    if mixed && with_price(line) && far < Made1::Everything {
                        continue;
                    }
                    let mut columns =
                        vec!["id", "order_id/id", "product_id/.id", "product_uom_qty", "sequence"];
                    let qty = line.get("qty").map_or("1".to_owned(), Value::to_string);
                    let mut row = vec![
                        name(&format!("line_{n}")),
                        name("order"),
                        line["product_id"].to_string(),
                        qty,
                        n.to_string(),
                    ];
                    if with_price(line) {
                        columns.push("price_unit");
                        row.push(line["price"].to_string());
                    }
                    load(&sandbox, "sale.order.line", &columns, json!([row]));
                }
            }
        }
        this
    }

    /// A service that finds the log of the older version.
    async fn taken_up(&self) -> Value {
        let logs = Arc::new(TempDir::new().unwrap());
        let target = Target::server(&self.odoo.config(ProtocolChoice::Auto, Duration::from_secs(10)));
        let record = json!({
            "odoo": target.name(), "tracking_id": ID, "timestamp": "2026-01-30T10:00:00", "date": "2026-01-30",
            "time": "10:00:00", "status": "processing", "input": self.body, "output": null, "error": null,
            "updated_at": "2026-01-30T10:00:00",
        });
        fs::write(logs.path().join(format!("2026-01-30_{ID}.log")), record.to_string()).unwrap();
        let app = TestApp::builder().after((Arc::clone(&self.odoo), logs)).start().await;
        app.finished(ID).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_it_was_cut_off_it_is_finished_once() {
    for far in [Made1::Nothing, Made1::Partner, Made1::Lead, Made1::Order] {
        let older = Older::new(request(EMAIL), far).await;
        let status = older.taken_up().await;
        assert_eq!(status["status"], "completed", "{far:?}: {status}");
        let made = Made::by_email(&older.odoo.sandbox, EMAIL);
        made.assert_exactly_once(&REQUEST_LINES, &format!("{far:?}"));
        if let Some(lead) = &older.lead {
            assert_eq!((&made.leads[0]["id"], &status["output"]["lead_id"]), (lead, lead), "{far:?}");
            assert_eq!(made.orders[0]["user_id"][0], 2, "{far:?}");
        }
    }
}

fn mixed() -> Value {
    let mut body = request(EMAIL);
    body["products"] =
        json!([{ "product_id": 26174, "price": 5 }, { "product_id": 1 }, { "product_id": 2, "price": 7 }]);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_lines_with_a_price_are_added() {
    let older = Older::new(mixed(), Made1::Order).await;
    let status = older.taken_up().await;
    assert_eq!(status["status"], "completed", "{status}");
    let made = Made::by_email(&older.odoo.sandbox, EMAIL);
    let mut lines = made.line_values();
    lines.sort_by_key(|line| line.0);
    assert_eq!(lines, [(1, 1.0, 14.0), (2, 1.0, 7.0), (26174, 1.0, 5.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_staff_deleted_stays_deleted() {
    let older = Older::new(mixed(), Made1::Everything).await;
    let made = Made::by_email(&older.odoo.sandbox, EMAIL);
    let last = made.lines.iter().find(|line| line["product_id"][0] == 2).unwrap();
    older.odoo.sandbox.execute("sale.order.line", "unlink", vec![json!([last["id"]])], Map::new()).unwrap();
    let status = older.taken_up().await;
    assert_eq!(status["status"], "completed", "{status}");
    assert_eq!(Made::by_email(&older.odoo.sandbox, EMAIL).lines.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_staff_deleted_is_told() {
    let older = Older::new(request(EMAIL), Made1::Order).await;
    let made = Made::by_email(&older.odoo.sandbox, EMAIL);
    older
        .odoo
        .sandbox
        .execute("sale.order", "unlink", vec![json!([made.orders[0]["id"]])], Map::new())
        .unwrap();
    let status = older.taken_up().await;
    assert_eq!(status["error_code"], "order_deleted", "{status}");
    assert!(Made::by_email(&older.odoo.sandbox, EMAIL).orders.is_empty());
}
