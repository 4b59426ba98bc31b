//! Looks into the embedded Odoo, past the network.

use mcp_odoo_sandbox::Sandbox;
use serde_json::{Map, Value, json};

/// The records that match.
pub fn search(sandbox: &Sandbox, model: &str, domain: Value, fields: &[&str]) -> Vec<Value> {
    let kwargs = Map::from_iter([("fields".to_owned(), json!(fields)), ("order".to_owned(), json!("id"))]);
    let found = sandbox.execute(model, "search_read", vec![domain], kwargs).unwrap();
    found.as_array().unwrap().clone()
}

/// Everything that quotations for this e-mail address left in Odoo.
#[derive(Debug)]
pub struct Made {
    pub partners: Vec<Value>,
    pub leads: Vec<Value>,
    pub orders: Vec<Value>,
    pub lines: Vec<Value>,
}

impl Made {
    pub fn by_email(sandbox: &Sandbox, email: &str) -> Self {
        let partners = search(
            sandbox,
            "res.partner",
            json!([["email_normalized", "=", email]]),
            &["name", "phone", "city"],
        );
        let leads = search(
            sandbox,
            "crm.lead",
            json!([["email_from", "=", email]]),
            &["name", "type", "partner_id", "user_id", "contact_name", "description"],
        );
        let ids: Vec<&Value> = partners.iter().map(|partner| &partner["id"]).collect();
        let orders = search(
            sandbox,
            "sale.order",
            json!([["partner_id", "in", ids]]),
            &["name", "opportunity_id", "user_id", "origin", "state", "amount_total"],
        );
        let ids: Vec<&Value> = orders.iter().map(|order| &order["id"]).collect();
        let lines = search(
            sandbox,
            "sale.order.line",
            json!([["order_id", "in", ids]]),
            &["product_id", "product_uom_qty", "price_unit", "order_id", "sequence"],
        );
        Self { partners, leads, orders, lines }
    }

    /// Product, quantity and unit price of each line.
    pub fn line_values(&self) -> Vec<(i64, f64, f64)> {
        let value = |line: &Value| {
            let product = line["product_id"][0].as_i64().unwrap();
            (product, line["product_uom_qty"].as_f64().unwrap(), line["price_unit"].as_f64().unwrap())
        };
        self.lines.iter().map(value).collect()
    }

    /// Fails unless there is exactly one partner, opportunity and order, with these lines.
    pub fn assert_exactly_once(&self, lines: &[(i64, f64, f64)], context: &str) {
        assert_eq!(self.partners.len(), 1, "partners, {context}: {self:?}");
        assert_eq!(self.leads.len(), 1, "leads, {context}: {self:?}");
        assert_eq!(self.orders.len(), 1, "orders, {context}: {self:?}");
        assert_eq!(self.line_values(), lines, "lines, {context}");
        assert_eq!(self.leads[0]["type"], "opportunity", "{context}");
        assert_eq!(self.leads[0]["partner_id"][0], self.partners[0]["id"], "{context}");
        assert_eq!(self.orders[0]["opportunity_id"][0], self.leads[0]["id"], "{context}");
        assert_eq!(self.orders[0]["user_id"], self.leads[0]["user_id"], "{context}");
        assert_eq!(self.orders[0]["state"], "draft", "{context}");
    }
}
