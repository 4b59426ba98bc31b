//! Their tools.

use serde_json::{Value, json};

use super::System::{self, Odoo, Panda, Records, Sales, Streaming};
use crate::support::app::TestApp;
use crate::support::mcp::McpTools;

/// A call, and where its answer has something.
type Row = (System, &'static str, Value, &'static str);

/// Read only; they can be called in any form, again and again.
pub fn reading() -> Vec<Row> {
    let companies = json!([["is_company", "=", true]]);
    let mexican = json!([["is_company", "=", true], ["country_id.code", "=", "MX"]]);
    vec![
        (
            Records,
            "search_records",
            json!({ "model": "res.partner", "domain": mexican, "fields": ["name", "email", "phone"], "limit": 10 }),
            "/items/0/email",
        ),
        (
            Records,
            "search_records",
            json!({ "model": "res.partner", "domain": mexican, "fields": null }),
            "/items/0/city",
        ),
        (
            Records,
            "search_records",
            json!({ "model": "res.partner", "fields": ["__all__"], "limit": 1 }),
            "/items/0/display_name",
        ),
        // As text, of JSON and of Python.
        (
            Records,
            "search_records",
            json!({ "model": "res.partner", "domain": mexican.to_string() }),
            "/items/0/name",
        ),
        (
            Records,
            "search_records",
            json!({ "model": "res.partner", "domain": "[('is_company', '=', True), ('country_id.code', '=', 'MX')]" }),
            "/items/0/name",
        ),
        (
            Records,
            "get_record",
            json!({ "model": "res.partner", "record_id": 16, "fields": ["name", "email", "street", "city"] }),
            "/record/street",
        ),
        (Records, "get_record", json!({ "model": "res.partner", "record_id": 16 }), "/record/vat"),
        (
            Records,
            "get_record",
            json!({ "model": "res.partner", "record_id": 16, "fields": ["__all__"] }),
            "/record/vat",
        ),
        (Records, "list_models", json!({}), "/items/0/model"),
        (
            Odoo,
            "odoo_search",
            json!({ "model": "res.partner", "domain": companies, "fields": ["name", "email", "phone"], "limit": 10 }),
            "/items/9/name",
        ),
        (Odoo, "odoo_search", json!({ "model": "res.partner", "limit": 20 }), "/items/19/name"),
        (
            Odoo,
            "odoo_search",
            json!({ "model": "product.product", "domain": [["default_code", "=", "FURN_7777"]] }),
            "/items/0/id",
        ),
        (
            Odoo,
            "odoo_fields_get",
            json!({ "model": "res.partner", "fields": ["name", "email"] }),
            "/fields/1/label",
        ),
        (
            Odoo,
            "odoo_report",
            json!({ "report_name": "sale.report_saleorder", "record_ids": [1], "format": "pdf" }),
            "/bytes",
        ),
        (
            Odoo,
            "odoo_report",
            json!({ "report_name": "sale.report_saleorder", "record_ids": [1], "format": "html" }),
            "/bytes",
        ),
        (Sales, "list_projects", json!({ "q": "robots", "limit": 10 }), "/items/0/name"),
        (Sales, "list_tasks", json!({ "assigned_to_name": "Laura", "limit": 5 }), "/items/0/name"),
        (Sales, "list_sales", json!({ "state": "sale", "limit": 10 }), "/items/2/name"),
        (Sales, "get_sale", json!({ "sale_id": 7, "include_lines": true }), "/record/lines/1/product/name"),
        (Sales, "find_users", json!({ "q": "Rivera" }), "/items/0/id"),
        (Sales, "list_users", json!({ "limit": 5 }), "/items/4/name"),
        (Sales, "get_task", json!({ "task_id": 13 }), "/record/assignees/0/name"),
        (Sales, "search", json!({ "query": "tareas del proyecto Instalación", "limit": 5 }), "/results/0/id"),
        (Sales, "fetch", json!({ "doc_id": "task:13" }), "/text"),
        (
            Sales,
            "dev_read_sale",
            json!({ "sale_id": 7, "fields": ["name", "partner_id", "amount_total"] }),
            "/record/amount_total",
        ),
        (
            Sales,
            "dev_read_record",
            json!({ "model": "project.task", "record_id": 13, "fields": ["name", "priority"] }),
            "/record/priority",
        ),
        (Sales, "get_salesperson_with_least_opportunities", json!({}), "/user_id"),
        (
            Streaming,
            "search_records",
            json!({ "model": "res.partner", "domain": companies, "limit": 10, "order": "name asc, id desc" }),
            "/items/9/name",
        ),
        (Streaming, "get_record", json!({ "model": "res.partner", "ids": [16] }), "/record/vat"),
        (
            Streaming,
            "get_record",
            json!({ "model": "res.partner", "ids": [16, 1], "fields": ["name"] }),
            "/items/1/name",
        ),
        (Streaming, "list_models", json!({}), "/items/0/model"),
    ]
}

/// In this order, on the records of the demo.
fn writing() -> Vec<Row> {
    vec![
        (
            Records,
            "create_record",
            json!({ "model": "res.partner", "values": { "name": "New Customer", "email": "customer@example.com", "is_company": true } }),
            "/record/email",
        ),
        (
            Records,
            "update_record",
            json!({ "model": "res.partner", "record_id": 16, "values": { "phone": "+1234567890", "website": "https://example.com" } }),
            "/changed/1/new",
        ),
        (Records, "delete_record", json!({ "model": "res.partner", "record_id": 34 }), "/before/name"),
        (
            Odoo,
            "odoo_create",
            json!({ "model": "res.partner", "values": { "name": "New Company", "email": "info@newcompany.com", "is_company": true } }),
            "/id",
        ),
        (
            Odoo,
            "odoo_create",
            json!({ "model": "product.product", "values": { "name": "Nouveau Produit", "default_code": "PROD001" } }),
            "/id",
        ),
        (
            Odoo,
            "odoo_write",
            json!({ "model": "res.partner", "ids": [16], "values": { "email": "updated@email.com" } }),
            "/changed/0/new",
        ),
        (
            Odoo,
            "odoo_write",
            json!({ "model": "res.partner", "ids": [1, 16, 27], "values": { "email": "updated@email.com" } }),
            "/records/2/changed/0/new",
        ),
        (Odoo, "odoo_unlink", json!({ "model": "res.partner", "ids": [28] }), "/before/name"),
        (Odoo, "odoo_unlink", json!({ "model": "crm.lead", "ids": [1, 2, 3] }), "/records/2/before/name"),
        (Odoo, "odoo_call", json!({ "model": "account.move", "method": "action_post", "args": [[7]] }), ""),
        (
            Panda,
            "odoo_create",
            json!({ "model": "res.partner", "values": { "name": "John Doe", "email": "john@example.com" } }),
            "/id",
        ),
        (
            Panda,
            "odoo_write",
            json!({ "model": "res.partner", "ids": [16], "values": { "name": "John Doe Updated" } }),
            "/changed/0/old",
        ),
        (Panda, "odoo_call", json!({ "model": "res.partner", "method": "action_archive", "ids": [27] }), ""),
        (
            Sales,
            "dev_create_sale",
            json!({ "partner_id": 16, "user_id": 8, "note": "[TEST-DEV] Orden de prueba" }),
            "/name",
        ),
        (
            Sales,
            "dev_create_sale_line",
            json!({ "order_id": 1, "product_id": 5, "product_uom_qty": 10.0, "price_unit": 500.0 }),
            "/line_id",
        ),
        (Sales, "dev_update_sale", json!({ "sale_id": 1, "values": { "note": "Orden actualizada" } }), "/ok"),
        (
            Sales,
            "dev_create_record",
            json!({ "model": "res.partner", "values": { "name": "Cliente", "email": "cliente@empresa.com", "phone": "+34 912345678" } }),
            "/record/phone",
        ),
        (
            Sales,
            "dev_update_record",
            json!({ "model": "project.task", "record_id": 12, "values": { "priority": "1" } }),
            "/changed/0/new",
        ),
        (
            Streaming,
            "create_record",
            json!({ "model": "res.partner", "values": { "name": "Acme Corp", "email": "contact@acme.com" } }),
            "/id",
        ),
        (
            Streaming,
            "update_record",
            json!({ "model": "res.partner", "ids": [16], "values": { "phone": "+1234567890" } }),
            "/changed/0/new",
        ),
        (Streaming, "delete_record", json!({ "model": "crm.lead", "ids": [4] }), "/before/name"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn they_answer_as_the_documents_write_them() {
    let app = McpTools::start().await;
    for (system, tool, arguments, has) in reading().into_iter().chain(writing()) {
        let answer = app.call(tool, arguments.clone()).await;
        let found = answer.pointer(has);
        assert!(
            found.is_some_and(|found| !found.is_null()),
            "{system:?} {tool} {arguments}: no {has} in {answer}"
        );
    }
    let posted =
        app.call("get_record", json!({ "model": "account.move", "record_id": 7, "fields": ["state"] })).await;
    assert_eq!(posted["record"]["state"]["value"], "posted", "what odoo_call has done: {posted}");
}

/// Each in the form that its documents call tools in, without sessions.
#[tokio::test]
async fn they_answer_in_the_form_of_their_documents() {
    let app = TestApp::start().await;
    for (system, tool, arguments, has) in reading() {
        let (path, body, at) = match system {
            Odoo => ("/mcp/tools/call", json!({ "method": tool, "params": arguments, "id": "1" }), ""),
            Sales => ("/mcp/tools/call", json!({ "tool": tool, "arguments": arguments }), ""),
            Records | Panda | Streaming => {
                let params = json!({ "name": tool, "arguments": arguments });
                (
                    "/mcp",
                    json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params }),
                    "/result",
                )
            }
        };
        let answer = app.client.post(format!("{}{path}", app.url)).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let found = answer.pointer(&format!("{at}/structuredContent{has}"));
        assert!(found.is_some(), "{body}: no {has} in {answer}");
    }
}

/// Odoo gives a report of several records to sessions, which passwords open.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_several_records_needs_a_password() {
    let app = McpTools::builder().password("admin").start_mcp().await;
    let asked = json!({ "report_name": "sale.report_saleorder", "record_ids": [1, 2, 3], "format": "pdf" });
    assert_eq!(app.call("odoo_report", asked).await["record_ids"], json!([1, 2, 3]));
}

/// What is written otherwise here is told so that the next call is right.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_covered_is_refused_by_name() {
    let app = McpTools::start().await;
    let rows = [
        ("odoo_call", json!({ "model": "account.move", "method": "post", "args": [[1, 2, 3]] }), "post"),
        (
            "dev_read_record",
            json!({ "model": "project.task", "record_id": 13, "fields": ["name", "priority", "user_id"] }),
            "user_ids",
        ),
    ];
    for (tool, arguments, word) in rows {
        let error = app.error(tool, arguments).await;
        assert!(error.contains(word), "{tool}: {error}");
    }
}
