//! Ways round the rules of the access file, each tried: what is hidden or closed is neither told, nor asked by, nor changed.

use serde_json::{Map, Value, json};

use crate::access::{access_file, client_of, start};
use crate::mcp::client::soon;
use crate::support::mcp::{Caller, text};
use crate::support::odoo::search;

const RULES: &str = "permissions = [\"read\", \"write\", \"delete\", \"call\"]\n\n[models]\n\
    \"sale.order\" = { read = true, create = true, update = true, call = true }\n\
    \"sale.order.line\" = { read = true, create = true }\n\
    \"crm.lead\" = { read = true }\n\
    \"res.partner\" = { read = true, create = true, update = true, hide = [\"vat\", \"phone\"] }\n\
    \"res.country\" = { read = true }\n";

/// What is hidden of customer 16, and names and log-ins of closed models.
const SECRETS: [&str; 7] = [
    "ATO850101AB1",
    "+52 33 5555 0101",
    "Mitchell Admin",
    "Laura",
    "Restaurant Expenses",
    "mitchell",
    "laura@",
];

fn reads() -> Vec<(&'static str, Value)> {
    let search = |model: &str, domain: Value| ("search_records", json!({ "model": model, "domain": domain }));
    vec![
        // Hidden fields.
        ("search_records", json!({ "model": "res.partner", "fields": ["name", "vat"] })),
        ("get_record", json!({ "model": "res.partner", "record_id": 16, "fields": ["vat"] })),
        ("get_record", json!({ "model": "res.partner", "record_id": 16, "fields": ["phone"] })),
        ("get_record", json!({ "model": "res.partner", "ids": [16, 28], "fields": ["vat"] })),
        ("describe_model", json!({ "model": "res.partner", "fields": ["vat"] })),
        search("res.partner", json!([["vat", "=", "ATO850101AB1"]])),
        search("res.partner", json!([["vat", "ilike", "ATO"]])),
        search("res.partner", json!("[('vat', 'like', 'A%')]")),
        search("res.partner", json!(["!", ["phone", "=", false]])),
        search("res.partner", json!(["|", ["id", "=", 0], ["phone", "like", "+52"]])),
        search("res.partner", json!([["parent_id.vat", "!=", false]])),
        search("res.partner", json!([["child_ids.vat", "!=", false]])),
        search("res.partner", json!([["parent_id", "any", [["vat", "!=", false]]]])),
        search(
            "res.partner",
            json!([["child_ids", "not any", [["parent_id", "any", [["vat", "!=", false]]]]]]),
        ),
        search("sale.order", json!([["partner_id.vat", "=", "ATO850101AB1"]])),
        search("sale.order", json!([["partner_id", "any", [["phone", "like", "+52"]]]])),
        search("sale.order", json!([["partner_id.parent_id.phone", "like", "+52"]])),
        ("search_records", json!({ "model": "res.partner", "order": "vat" })),
        ("search_records", json!({ "model": "res.partner", "order": "name, phone desc" })),
        ("search_records", json!({ "model": "sale.order", "order": "partner_id.vat" })),
        ("search_records", json!({ "model": "sale.order", "fields": ["partner_id.vat"] })),
        ("aggregate_records", json!({ "model": "res.partner", "group_by": ["vat"] })),
        ("aggregate_records", json!({ "model": "sale.order", "group_by": ["partner_id.vat"] })),
        ("aggregate_records", json!({ "model": "res.partner", "measures": ["vat:count_distinct"] })),
        ("aggregate_records", json!({ "model": "res.partner", "measures": ["phone:max"] })),
        ("aggregate_records", json!({ "model": "res.partner", "domain": [["vat", "=", "ATO850101AB1"]] })),
        // Tools of their own show what is hidden, so they are closed.
        ("find_customers", json!({ "q": "ATO850101AB1" })),
        ("find_customers", json!({ "q": "Torres" })),
        ("fetch", json!({ "id": "customer:16" })),
        // So is what they find by beside what they show.
        ("list_sales", json!({ "customer": "ATO850101AB1" })),
        ("list_sales", json!({ "customer": "+52 33 5555 0101" })),
        ("list_sales", json!({ "salesperson": "Mitchell" })),
        // By other names.
        ("odoo_search", json!({ "model": "res.partner", "fields": ["vat"] })),
        ("dev_read_record", json!({ "model": "res.partner", "record_id": 16, "fields": ["vat"] })),
        ("odoo_fields_get", json!({ "model": "res.partner", "fields": ["phone"] })),
        // Closed models.
        search("res.users", json!([])),
        ("get_record", json!({ "model": "res.users", "record_id": 2 })),
        ("get_record", json!({ "model": "product.product", "record_id": 1 })),
        ("aggregate_records", json!({ "model": "res.users", "group_by": ["login"] })),
        ("describe_model", json!({ "model": "product.product" })),
        search("ir.config_parameter", json!([])),
        search("mail.message", json!([["res_id", "=", 16]])),
        search("sale.order", json!([["partner_id", "ilike", "ATO850101AB1"]])),
        search("sale.order", json!([["partner_id", "=", "ATO850101AB1"]])),
        search("res.partner", json!([["display_name", "ilike", "ATO850101AB1"]])),
        search("sale.order", json!([["user_id.login", "ilike", "a"]])),
        search("sale.order", json!([["user_id", "ilike", "Mitchell"]])),
        search("sale.order", json!([["user_id", "=", "Mitchell Admin"]])),
        search("sale.order", json!([["user_id", "in", ["Mitchell Admin"]]])),
        search("sale.order", json!([["user_id", "any", [["login", "ilike", "a"]]]])),
        search("sale.order", json!([["order_line.product_id.name", "ilike", "Expenses"]])),
        search("sale.order", json!([["order_line", "any", [["product_id", "any", [["id", ">", 0]]]]]])),
        ("aggregate_records", json!({ "model": "sale.order", "group_by": ["user_id.login"] })),
        // Methods that read.
        ("call_method", json!({ "model": "sale.order", "method": "read", "ids": [7] })),
        (
            "call_method",
            json!({ "model": "sale.order", "method": "export_data", "ids": [7], "args": [["partner_id/vat"]] }),
        ),
        ("call_method", json!({ "model": "sale.order", "method": "name_search" })),
        ("call_method", json!({ "model": "sale.order", "method": "read_group" })),
        ("call_method", json!({ "model": "sale.order", "method": "web_read", "ids": [7] })),
        (
            "call_method",
            json!({ "model": "sale.order", "method": "update", "ids": [7], "args": [{ "note": "made" }] }),
        ),
        (
            "call_method",
            json!({ "model": "sale.order", "method": "grouped", "ids": [7], "args": ["partner_id"] }),
        ),
        (
            "get_report",
            json!({ "report_name": "sale.report_saleorder", "record_ids": [7], "format": "text" }),
        ),
        ("call_method", json!({ "model": "res.partner", "method": "address_get", "ids": [16] })),
        // It finds records of any model, by any domain.
        (
            "call_method",
            json!({ "model": "sale.order", "method": "get_activity_data",
                "kwargs": { "res_model": "res.partner", "domain": [["vat", "like", "ATO"]] } }),
        ),
        // Contexts.
        ("search_records", json!({ "model": "res.partner", "context": { "show_vat": true } })),
        ("search_records", json!({ "model": "res.partner", "context": { "uid": 1 } })),
        (
            "call_method",
            json!({ "model": "sale.order", "method": "action_confirm", "kwargs": { "context": { "su": true } } }),
        ),
    ]
}

fn changes() -> Vec<(&'static str, Value)> {
    let update = |model: &str, id: i64, values: Value| {
        ("update_record", json!({ "model": model, "record_id": id, "values": values }))
    };
    let create = |model: &str, values: Value| ("create_record", json!({ "model": model, "values": values }));
    vec![
        ("update_sale_lines", json!({ "sale_id": 7, "lines": [{ "line_id": 11, "discount": 50 }] })),
        ("update_sale_lines", json!({ "sale_id": 7, "lines": [{ "line_id": 12, "remove": true }] })),
        ("dev_update_sale", json!({ "sale_id": 7, "lines": [{ "line_id": 12, "remove": true }] })),
        ("dev_update_sale", json!({ "sale_id": 7, "values": { "partner_id": "ATO850101AB1" } })),
        ("dev_update_sale", json!({ "sale_id": 7, "values": { "user_id": "Mitchell Admin" } })),
        ("dev_create_sale", json!({ "partner_id": "ATO850101AB1" })),
        ("dev_create_sale", json!({ "partner_id": 16, "user_id": "laura@yourcompany.example.com" })),
        ("dev_create_sale_line", json!({ "order_id": 7, "product_id": "Restaurant" })),
        create("sale.order", json!({ "partner_id": "ATO850101AB1" })),
        update("sale.order", 7, json!({ "partner_id": "ATO850101AB1" })),
        update("sale.order", 7, json!({ "partner_id": "Azure Interior" })),
        update("res.partner", 16, json!({ "vat": "XAXX010101000" })),
        update("res.partner", 16, json!({ "phone": null })),
        update("res.partner", 16, json!({ "category_id": [[0, 0, { "name": "made" }]] })),
        update("res.partner", 16, json!({ "user_ids": [[0, 0, { "login": "made" }]] })),
        update("sale.order", 7, json!({ "user_id": "Mitchell Admin" })),
        update("sale.order", 7, json!({ "order_line": [[1, 1, { "price_unit": 0 }]] })),
        update("res.users", 2, json!({ "login": "made" })),
        update("crm.lead", 1, json!({ "name": "made" })),
        create("res.partner", json!({ "name": "made", "vat": "XAXX010101000" })),
        create("res.partner", json!({ "name": "made", "category_id": [[0, 0, { "name": "made" }]] })),
        create("res.partner", json!({ "name": "made", "user_ids": [{ "login": "made", "name": "made" }] })),
        create("res.partner", json!({ "name": "made", "user_id": "Mitchell Admin" })),
        create("res.users", json!({ "name": "made", "login": "made" })),
        create("product.product", json!({ "name": "made" })),
        ("delete_record", json!({ "model": "sale.order", "record_id": 8 })),
        ("delete_record", json!({ "model": "res.partner", "record_id": 16 })),
        ("odoo_unlink", json!({ "model": "res.partner", "ids": [16] })),
        ("odoo_unlink", json!({ "model": "res.partner", "ids": [28, 34] })),
        ("odoo_write", json!({ "model": "res.partner", "ids": [16, 28], "values": { "vat": "X" } })),
        ("odoo_write", json!({ "model": "res.users", "ids": [2, 6], "values": { "login": "made" } })),
        ("odoo_write", json!({ "model": "res.partner", "ids": [16], "values": { "vat": "X" } })),
        ("post_message", json!({ "model": "crm.lead", "record_id": 1, "body": "made" })),
        ("post_message", json!({ "model": "res.users", "record_id": 2, "body": "made" })),
        (
            "call_method",
            json!({ "model": "sale.order", "method": "write", "ids": [7], "args": [{ "note": "made" }] }),
        ),
        ("call_method", json!({ "model": "sale.order", "method": "copy", "ids": [7] })),
        ("odoo_call", json!({ "model": "crm.lead", "method": "action_set_lost", "ids": [1] })),
        ("dev_update_record", json!({ "model": "res.partner", "record_id": 16, "values": { "vat": "X" } })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_round_the_rules() {
    let (app, _folder) = start(&[("bot", RULES)]).await;
    let caller = Caller::connect_by(client_of("bot"), &app.url).await;
    let contents = || {
        [
            "res.partner",
            "res.users",
            "product.product",
            "crm.lead",
            "sale.order",
            "sale.order.line",
            "mail.message",
        ]
        .map(|model| search(&app.odoo.sandbox, model, json!([]), &[]))
    };
    let before = contents();
    assert!(reads().len() + changes().len() >= 40);
    for (tool, arguments) in reads().into_iter().chain(changes()) {
        let result = caller.result(tool, arguments.clone()).await;
        let said = text(&result);
        assert_eq!(result.is_error, Some(true), "{tool} {arguments}: {said}");
        // What the caller wrote may be said back to them.
        let asked = arguments.to_string();
        for secret in SECRETS.iter().filter(|secret| !asked.contains(**secret)) {
            assert!(!said.contains(secret), "{tool} {arguments}: {said}");
        }
    }
    assert_eq!(contents(), before, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_in_no_answer() {
    let (app, _folder) = start(&[("bot", RULES)]).await;
    let caller = Caller::connect_by(client_of("bot"), &app.url).await;
    // A list of records of a closed model.
    let odoo = |model: &str, method: &str, args: Vec<Value>| {
        app.odoo.sandbox.execute(model, method, args, Map::new())
    };
    let tag = odoo("res.partner.category", "create", vec![json!({ "name": "Laura" })]).unwrap();
    odoo("res.partner", "write", vec![json!([16]), json!({ "category_id": [[6, 0, [tag]]] })]).unwrap();
    for (tool, arguments) in [
        ("get_record", json!({ "model": "res.partner", "record_id": 16 })),
        ("search_records", json!({ "model": "res.partner", "domain": [["parent_id", "=", 16]] })),
        ("search_records", json!({ "model": "sale.order", "fields": ["name", "user_id", "partner_id"] })),
        ("get_record", json!({ "model": "sale.order", "record_id": 7 })),
        ("get_record", json!({ "model": "res.partner", "ids": [16, 28] })),
        ("aggregate_records", json!({ "model": "sale.order", "group_by": ["user_id"] })),
        ("describe_model", json!({ "model": "res.partner" })),
        ("list_models", json!({})),
        ("update_record", json!({ "model": "sale.order", "record_id": 7, "values": { "user_id": 2 } })),
    ] {
        let answer = caller.call(tool, arguments.clone()).await.to_string();
        for secret in SECRETS {
            assert!(!answer.contains(secret), "{tool} {arguments}: {answer}");
        }
        assert!(!answer.contains("\"vat\"") && !answer.contains("product.product\""), "{tool}: {answer}");
    }
    // What is not hidden is told.
    let partner = caller.call("get_record", json!({ "model": "res.partner", "record_id": 16 })).await;
    assert_eq!(partner["record"]["name"], "Almacenes Torres");
    assert_eq!(partner["record"]["category_id"], json!([tag]));
    let orders = caller
        .call("search_records", json!({ "model": "sale.order", "fields": ["user_id"], "limit": 1 }))
        .await;
    assert_eq!(orders["items"][0]["user_id"].as_object().unwrap().len(), 1, "{orders}");
}

/// A name that is hidden is told nowhere, and nobody finds by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_name_is_not_told_of_what_points_to_it() {
    let rules = RULES.replace("hide = [\"vat\", \"phone\"]", "hide = [\"name\"]");
    let (app, _folder) = start(&[("bot", rules.as_str())]).await;
    let caller = Caller::connect_by(client_of("bot"), &app.url).await;
    for (tool, arguments) in [
        ("search_records", json!({ "model": "sale.order", "fields": ["partner_id"] })),
        ("aggregate_records", json!({ "model": "sale.order", "group_by": ["partner_id"] })),
        ("search_records", json!({ "model": "res.partner", "domain": [["id", "=", 16]] })),
    ] {
        let answer = caller.call(tool, arguments).await.to_string();
        assert!(!answer.contains("Torres"), "{tool}: {answer}");
    }
    for domain in
        [json!([["partner_id", "ilike", "torres"]]), json!([["partner_id.display_name", "ilike", "torres"]])]
    {
        let error = caller.error("search_records", json!({ "model": "sale.order", "domain": domain })).await;
        assert!(!error.contains("Almacenes"), "{error}");
    }
}

/// A tool with fields of its own is closed by each field that it shows, also the less obvious.
#[tokio::test(flavor = "multi_thread")]
async fn a_tool_of_its_own_is_closed_by_whatever_it_shows() {
    for (model, field, tool, arguments) in [
        ("product.product", "description_sale", "find_products", json!({ "q": "robot" })),
        ("product.product", "type", "fetch", json!({ "id": "product:26174" })),
        ("project.task", "parent_id", "get_task", json!({ "task_id": 13 })),
        ("project.project", "date", "list_projects", json!({})),
        ("res.users", "email", "list_users", json!({})),
        ("res.partner", "mobile", "find_customers", json!({ "q": "torres" })),
    ] {
        let rules = format!(
            "permissions = [\"read\"]\n\n[models]\npreset = \"read-all\"\n\"{model}\" = {{ read = true, hide = [\"{field}\"] }}"
        );
        let (app, _folder) = start(&[("bot", rules.as_str())]).await;
        let error = Caller::connect_by(client_of("bot"), &app.url).await.error(tool, arguments).await;
        assert!(error.contains("model_closed") && error.contains(field), "{tool}: {error}");
    }
}

/// A user's city is their partner's: Odoo writes it there, where the rules may let nothing be changed.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_field_mirrors_is_not_changed_through_it() {
    for (may, code) in [("false", "model_closed"), ("true", "")] {
        let rules = format!(
            "permissions = [\"read\", \"write\"]\n\n[models]\n\"res.users\" = {{ read = true, update = true }}\n\
             \"res.partner\" = {{ read = true, update = {may} }}\n"
        );
        let (app, _folder) = start(&[("bot", rules.as_str())]).await;
        let caller = Caller::connect_by(client_of("bot"), &app.url).await;
        let update = json!({ "model": "res.users", "record_id": 8, "values": { "city": "Puebla" } });
        let told = text(&caller.result("update_record", update).await);
        let city = search(app.sandbox(), "res.partner", json!([["id", "=", 40]]), &["city"]);
        assert_eq!(city[0]["city"] == "Puebla", code.is_empty(), "{told}");
        assert!(told.contains(code), "{told}");
    }
}

/// What is hidden is worked out once, for the rules of then: with others it is worked out again.
#[tokio::test(flavor = "multi_thread")]
async fn other_rules_hide_other_fields() {
    let rules = |hidden: &str, more: &str| {
        format!(
            "permissions = [{more}\"read\"]\n\n[models]\n\"res.partner\" = {{ read = true, hide = [\"{hidden}\"] }}"
        )
    };
    let (app, folder) = start(&[("bot", rules("vat", "").as_str())]).await;
    let caller = Caller::connect_by(client_of("bot"), &app.url).await;
    let read = async || {
        let partner = caller.call("get_record", json!({ "model": "res.partner", "record_id": 16 })).await;
        ["vat", "email"].map(|field| partner["record"][field].is_string())
    };
    assert_eq!((read().await, read().await), ([false, true], [false, true]));
    let client = client_of("bot");
    let shown = async || {
        let listed =
            client.post(format!("{}/mcp/tools/list", app.url)).json(&json!({})).send().await.unwrap();
        listed.json::<Value>().await.unwrap()["tools"].as_array().unwrap().len()
    };
    let before = shown().await;
    // Who may do more is shown more: so it is known when the file was read.
    access_file(folder.path(), &[("bot", rules("email", "\"handoffs\", ").as_str())]);
    soon(async { while shown().await == before {} }).await;
    assert_eq!(read().await, [true, false]);
}
