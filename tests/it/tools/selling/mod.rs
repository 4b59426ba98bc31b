//! What a salesperson has done with an order after it was quoted.

mod activities;
mod faults;
mod lines;
mod reports;
mod reports_closed;
mod steps;

use serde_json::{Map, Value, json};

use crate::support::mcp::McpTools;
use crate::support::odoo::search;

/// A new quotation.
fn quoted(app: &McpTools) -> i64 {
    let order = json!([{ "partner_id": 16, "order_line": [[0, 0, { "product_id": 26176 }]] }]);
    let made = app.sandbox().execute("sale.order", "create", vec![order], Map::new()).unwrap();
    made[0].as_i64().unwrap()
}

fn state(app: &McpTools, order: i64) -> Value {
    search(app.sandbox(), "sale.order", json!([["id", "=", order]]), &["state"])[0]["state"].clone()
}

fn set(app: &McpTools, order: i64, values: Value) {
    app.sandbox().execute("sale.order", "write", vec![json!([order]), values], Map::new()).unwrap();
}
