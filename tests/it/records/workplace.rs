//! Where a caller works holds for every tool: those of any record, those with fields of their own, and reports.

use serde_json::{Map, Value, json};

use super::WAYS;
use crate::access::{client_of, start};
use crate::support::app::TestApp;
use crate::support::mcp::Caller;

const NORTH: &str =
    "permissions = [\"read\", \"write\"]\ncompany = 2\nlang = \"en_US\"\ntz = \"America/Monterrey\"\n";
const BOTH: &str = "permissions = [\"read\", \"write\"]\n";

/// An order of the second company, and its customer.
fn of_the_north(app: &TestApp) -> (i64, i64) {
    let make = |model: &str, values: Value| {
        let context = json!({ "context": { "allowed_company_ids": [2, 1] } });
        let context = Map::clone(context.as_object().unwrap());
        app.odoo.sandbox.execute(model, "create", vec![values], context).unwrap().as_i64().unwrap()
    };
    let partner = make("res.partner", json!({ "name": "Cliente del norte", "company_id": 2 }));
    (make("sale.order", json!({ "partner_id": partner })), partner)
}

/// What each caller reads, or is told instead.
async fn told(caller: &Caller, tool: &str, arguments: Value) -> Value {
    let result = caller.result(tool, arguments).await;
    result.structured_content.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_with_fields_of_their_own_go_by_it() {
    let (app, _folder) = start(&[("north", NORTH), ("both", BOTH)]).await;
    let (order, partner) = of_the_north(&app);
    let north = Caller::connect_by(client_of("north"), &app.url).await;
    let both = Caller::connect_by(client_of("both"), &app.url).await;
    let names = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let sales = json!({ "limit": 100 });
    assert_eq!(names(&told(&north, "list_sales", sales.clone()).await), [order]);
    let all = names(&told(&both, "list_sales", sales).await);
    assert!(all.contains(&order) && all.contains(&7), "{all:?}");
    for (tool, arguments) in [
        ("get_sale", json!({ "sale_id": 7 })),
        ("confirm_sale", json!({ "sale_id": 7 })),
        ("cancel_sale", json!({ "sale_id": 7 })),
        ("dev_update_sale", json!({ "sale_id": 7, "values": { "origin": "x" } })),
        ("sale_pdf", json!({ "sale_id": 7 })),
        ("get_record", json!({ "model": "sale.order", "record_id": 7 })),
    ] {
        let said = north.error(tool, arguments).await;
        assert!(said.contains("access"), "{tool}: {said}");
    }
    // What is made is made there.
    let made = north.call("dev_create_sale", json!({ "partner_id": partner })).await["id"].clone();
    let read = json!({ "model": "sale.order", "record_id": made, "fields": ["company_id"] });
    assert_eq!(both.call("get_record", read).await["record"]["company_id"]["id"], 2);
    assert_eq!(north.call("confirm_sale", json!({ "sale_id": order })).await["state"], "sale");
    // Its own company, not all of its company's customers' secrets: others see theirs.
    assert!(
        told(&north, "find_customers", json!({ "q": "norte" }))
            .await
            .to_string()
            .contains("Cliente del norte")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_none_is_refused_by_every_tool() {
    let (app, _folder) = start(&[("lost", "permissions = [\"read\", \"write\"]\ncompany = 99\n")]).await;
    let lost = Caller::connect_by(client_of("lost"), &app.url).await;
    for (tool, arguments) in [
        ("list_sales", json!({})),
        ("find_products", json!({ "q": "robot" })),
        ("search", json!({ "query": "robot" })),
        ("list_projects", json!({})),
        ("confirm_sale", json!({ "sale_id": 7 })),
        ("sale_pdf", json!({ "sale_id": 7 })),
        ("search_records", json!({ "model": "sale.order" })),
    ] {
        let said = lost.error(tool, arguments).await;
        assert!(said.contains("this service works for YourCompany (id 1)"), "{tool}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_says_otherwise_to_every_tool_of_any_record() {
    let app = TestApp::start().await;
    let caller = Caller::connect(&app.url).await;
    let partner = |more: Value| {
        let mut asked = json!({ "model": "res.partner", "context": { "allowed_company_ids": [99] } });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    for (tool, arguments) in [
        ("search_records", partner(json!({}))),
        ("get_record", partner(json!({ "record_id": 16 }))),
        ("list_models", json!({ "context": { "allowed_company_ids": [99] } })),
        ("describe_model", partner(json!({}))),
        ("aggregate_records", partner(json!({}))),
        ("create_record", partner(json!({ "values": { "name": "x" } }))),
        ("update_record", partner(json!({ "record_id": 16, "values": { "name": "x" } }))),
        ("delete_record", partner(json!({ "record_id": 34 }))),
        ("call_method", partner(json!({ "ids": [16], "method": "action_archive" }))),
        ("post_message", partner(json!({ "record_id": 16, "body": "x" }))),
        ("odoo_write", partner(json!({ "ids": [16], "values": { "name": "x" } }))),
        ("odoo_unlink", partner(json!({ "ids": [34] }))),
    ] {
        let said = caller.error(tool, arguments).await;
        assert!(said.contains("this service works for YourCompany (id 1)"), "{tool}: {said}");
    }
}

/// Nothing changes on the wire for who works nowhere in particular.
#[tokio::test(flavor = "multi_thread")]
async fn without_one_nothing_of_it_is_sent() {
    let app = TestApp::builder().protocol(mcp_odoo_core::odoo::ProtocolChoice::Json2).start().await;
    let caller = Caller::connect(&app.url).await;
    app.odoo.proxy.keep_bodies();
    for (tool, arguments) in [
        ("list_sales", json!({})),
        ("find_customers", json!({ "q": "torres" })),
        ("get_sale", json!({ "sale_id": 7 })),
        ("list_tasks", json!({})),
        ("search", json!({ "query": "robot" })),
        ("confirm_sale", json!({ "sale_id": 7 })),
    ] {
        caller.call(tool, arguments).await;
    }
    let bodies = app.odoo.proxy.bodies();
    assert!(bodies.len() > 6);
    for (name, body) in bodies {
        let context = body.get("context").cloned().unwrap_or_default().to_string();
        assert!(!context.contains("allowed_company_ids") && !context.contains("\"tz\""), "{name}: {context}");
    }
}

/// Odoo would take a zone that is none for UTC, and say nothing; it knows old names, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_zone_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let caller = Caller::connect(&app.url).await;
    let days =
        |tz: &str| json!({ "model": "sale.order", "group_by": ["date_order:day"], "context": { "tz": tz } });
    for tz in ["America/Mexico_City", "US/Pacific", "Asia/Calcutta"] {
        caller.call("aggregate_records", days(tz)).await;
    }
    let said = caller.error("aggregate_records", days("America/Mexico_Ciudad")).await;
    assert!(
        said.contains("context.tz: must be a time zone that there is, such as America/Mexico_City"),
        "{said}"
    );
}

/// An evening of UTC is the next morning in Tokyo, and what was early is the evening before in Mexico.
#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_the_time_zone() {
    for (version, protocol) in WAYS {
        let app = TestApp::builder().version(version).protocol(protocol).start().await;
        let caller = Caller::connect(&app.url).await;
        for (tz, from, label) in [
            (json!("Asia/Tokyo"), "2026-11-11T15:00:00Z", "12 Nov 2026"),
            (json!("America/Mexico_City"), "2026-11-11T06:00:00Z", "11 Nov 2026"),
            (Value::Null, "2026-11-11T00:00:00Z", "11 Nov 2026"),
        ] {
            let asked = json!({ "model": "sale.order", "domain": [["id", "=", 7]], "group_by": ["date_order:day"],
                "context": { "tz": tz } });
            let found = caller.call("aggregate_records", asked).await;
            let day = &found["items"][0]["date_order:day"];
            assert_eq!(
                (&day["from"], &day["label"]),
                (&json!(from), &json!(label)),
                "{version:?} {tz}: {found}"
            );
        }
    }
}
