//! The real process with `DEV_ODOO_*` set: `dev_` tools work on that Odoo, all others read the one of `ODOO_*`.

use std::sync::Arc;

use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, request};
use crate::support::mcp::{Caller, McpTools};
use crate::support::odoo::search;
use crate::support::process::{Server, odoo_env};

struct TwoOdoos {
    read: Arc<Odoo>,
    written: Arc<Odoo>,
    caller: Caller,
    _server: Server,
    _folder: TempDir,
}

impl TwoOdoos {
    /// With these variables changed.
    async fn start(changed: &[(&str, &str)]) -> Self {
        let (read, written) = (Odoo::start(Options::default()).await, Odoo::start(Options::default()).await);
        let mut env: Vec<(String, String)> =
            odoo_env(&read).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        env.extend(odoo_env(&written).into_iter().map(|(name, value)| (format!("DEV_{name}"), value)));
        let env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let folder = TempDir::new().unwrap();
        let server = Server::start(folder.path(), &[&env, changed].concat()).await;
        let caller = Caller::connect(&server.url).await;
        Self { read, written, caller, _server: server, _folder: folder }
    }

    fn forget_calls(&self) {
        self.read.proxy.plan(|_, _| None);
        self.written.proxy.plan(|_, _| None);
    }
}

/// All that the tools could change.
fn contents(odoo: &Odoo) -> Vec<Vec<Value>> {
    [
        ("res.partner", ["name", "email"].as_slice()),
        ("crm.lead", &["name"]),
        ("sale.order", &["name", "origin", "note"]),
        ("sale.order.line", &["order_id", "product_id"]),
        ("project.project", &["name"]),
        ("project.task", &["name"]),
        ("res.users", &["name", "active"]),
        ("ir.model.data", &["name"]),
    ]
    .map(|(model, fields)| search(&odoo.sandbox, model, json!([]), fields))
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tool_works_on_its_own() {
    let app = TwoOdoos::start(&[]).await;
    let writers = [
        ("dev_create_quotation", request("two@mcp.example")),
        ("dev_create_sale", json!({ "partner_id": 16 })),
        ("dev_create_sale_line", json!({ "order_id": 7, "product_id": 1 })),
        ("dev_update_sale", json!({ "sale_id": 7, "values": { "origin": "of the written one" } })),
    ];
    let readers = [
        ("get_salesperson_with_least_opportunities", json!({})),
        ("list_sales", json!({ "limit": 1 })),
        ("get_sale", json!({ "sale_id": 7 })),
        ("list_projects", json!({})),
        ("list_tasks", json!({ "assigned_to_name": "Carlos" })),
        ("get_task", json!({ "task_id": 13 })),
        ("list_users", json!({})),
        ("find_users", json!({ "q": "laura" })),
        ("find_products", json!({ "q": "robot" })),
        ("find_customers", json!({ "q": "torres" })),
        ("search", json!({ "query": "robot" })),
        ("fetch", json!({ "doc_id": "project:5" })),
        ("get_report", json!({ "report_name": "sale.report_saleorder", "record_ids": [7] })),
        ("sale_pdf", json!({ "sale_id": 7 })),
        ("list_models", json!({})),
        ("describe_model", json!({ "model": "crm.lead" })),
        ("search_records", json!({ "model": "crm.lead" })),
        ("get_record", json!({ "model": "sale.order", "record_id": 7 })),
        ("aggregate_records", json!({ "model": "sale.order", "group_by": ["state"] })),
    ];
    // An id of the one that is read would be another record there.
    let refused = [
        ("confirm_sale", json!({ "sale_id": 7 })),
        ("cancel_sale", json!({ "sale_id": 7 })),
        ("update_sale_lines", json!({ "sale_id": 7, "lines": [{ "line_id": 11, "qty": 1 }] })),
        ("schedule_activity", json!({ "model": "sale.order", "record_id": 7, "summary": "Llamar" })),
        ("create_record", json!({ "model": "res.partner", "values": { "name": "Torres" } })),
        ("update_record", json!({ "model": "res.partner", "record_id": 16, "values": { "name": "Torres" } })),
        ("delete_record", json!({ "model": "res.partner", "record_id": 16 })),
        ("call_method", json!({ "model": "sale.order", "method": "action_lock", "ids": [7] })),
        ("post_message", json!({ "model": "sale.order", "record_id": 7, "body": "x" })),
    ];
    // Two others read what was written, and one sends messages.
    let counted = writers.len() + readers.len() + refused.len() + 3;
    assert_eq!(app.caller.tools.len(), counted, "every tool is called here");
    let as_it_was = contents(&app.read);
    let mut tracking_id = Value::Null;
    for (tool, arguments) in writers {
        let before = contents(&app.written);
        app.forget_calls();
        let answer = app.caller.call(tool, arguments).await;
        assert_ne!(contents(&app.written), before, "{tool}");
        assert_eq!(app.read.proxy.calls(), Vec::<String>::new(), "{tool}");
        tracking_id = answer.get("tracking_id").cloned().unwrap_or(tracking_id);
    }
    let written = contents(&app.written);
    for (tool, arguments) in readers {
        app.forget_calls();
        app.caller.call(tool, arguments).await;
        assert!(!app.read.proxy.calls().is_empty(), "{tool}");
        assert_eq!(app.written.proxy.calls(), Vec::<String>::new(), "{tool}");
    }
    for (tool, arguments) in refused {
        app.forget_calls();
        let said = app.caller.error(tool, arguments).await;
        assert!(said.ends_with("(two_odoos)"), "{tool}: {said}");
        assert_eq!(app.written.proxy.calls(), Vec::<String>::new(), "{tool}");
    }
    app.forget_calls();
    let fields = json!({ "sale_id": 7, "fields": ["origin"] });
    let read = app.caller.call("dev_read_sale", fields).await;
    assert_eq!(read["record"]["origin"], "of the written one");
    app.caller.call("dev_get_quotation_status", json!({ "tracking_id": tracking_id })).await;
    assert_eq!(app.read.proxy.calls(), Vec::<String>::new());
    assert_eq!((contents(&app.read), contents(&app.written)), (as_it_was, written));
}

/// An id is looked for where it can be found.
#[tokio::test(flavor = "multi_thread")]
async fn ids_of_one_are_not_those_of_the_other() {
    let app = TwoOdoos::start(&[]).await;
    let made = app.caller.call("dev_create_sale", json!({ "partner_id": 16 })).await["id"].clone();
    let said = app.caller.error("get_sale", json!({ "sale_id": made })).await;
    assert!(said.contains("look its id up with list_sales"), "{said}");
    for (tool, arguments) in [
        ("dev_read_sale", json!({ "sale_id": 999 })),
        ("dev_update_sale", json!({ "sale_id": 999, "values": { "origin": "x" } })),
    ] {
        let said = app.caller.error(tool, arguments).await;
        assert!(said.contains("there is no sale with id 999 in the Odoo of DEV_ODOO_*"), "{tool}: {said}");
        assert!(!said.contains("list_sales") && said.ends_with("(not_found)"), "{tool}: {said}");
    }
    let instructions = |caller: &Caller| caller.client.peer_info().unwrap().instructions.clone().unwrap();
    let told = instructions(&app.caller);
    for said in ["There are two Odoos", "dev_read_sale", "Hay dos Odoo"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    let one = McpTools::start().await;
    assert!(!instructions(&one.caller).contains("two Odoos"), "where there is but one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_names_its_own_variables() {
    let app = TwoOdoos::start(&[("DEV_ODOO_API_KEY", "wrong")]).await;
    app.caller.call("list_sales", json!({})).await;
    for (tool, arguments) in [
        ("dev_create_sale", json!({ "partner_id": 16 })),
        ("dev_create_sale_line", json!({ "order_id": 7, "product_id": 1 })),
        ("dev_read_sale", json!({ "sale_id": 7 })),
        ("dev_update_sale", json!({ "sale_id": 7, "values": { "origin": "x" } })),
    ] {
        let said = app.caller.error(tool, arguments).await;
        assert!(said.contains("check DEV_ODOO_LOGIN and DEV_ODOO_API_KEY"), "{tool}: {said}");
    }
    let app = TwoOdoos::start(&[("ODOO_API_KEY", "wrong")]).await;
    let said = app.caller.error("list_sales", json!({})).await;
    assert!(said.contains("check ODOO_LOGIN and ODOO_API_KEY"), "{said}");
    app.caller.call("dev_read_sale", json!({ "sale_id": 7 })).await;
}
