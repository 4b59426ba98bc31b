//! Amounts come with their currency, and a sum of several is told as none.

use mcp_odoo_sandbox::Version;
use serde_json::{Map, Value, json};

use super::WAYS;
use crate::access::{client_of, start};
use crate::support::app::TestApp;
use crate::support::mcp::{Caller, McpTools};

const EURO: i64 = 2;
const PESO: i64 = 33;

fn write(app: &TestApp, model: &str, id: i64, values: Value) {
    app.sandbox().execute(model, "write", vec![json!([id]), values], Map::new()).unwrap();
}

/// The orders of two, one of them in euros.
fn orders(group_by: &[&str]) -> Value {
    json!({
        "model": "sale.order", "domain": [["id", "in", [6, 7]]], "group_by": group_by,
        "measures": ["amount_total:sum", "amount_total:max", "amount_total:count_distinct"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_is_in_one_currency_or_none() {
    for (version, protocol) in WAYS {
        let mcp = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        write(&mcp.app, "sale.order", 6, json!({ "currency_id": EURO }));
        let way = format!("{version:?} {protocol:?}");
        let all = mcp.call("aggregate_records", orders(&[])).await;
        let mixed = json!({ "mixed": "several currencies: add currency_id to group_by" });
        let group = &all["items"][0];
        assert_eq!(
            (&group["amount_total:sum"], &group["amount_total:max"]),
            (&mixed, &mixed),
            "{way}: {all}"
        );
        assert_eq!((&group["count"], &group["amount_total:count_distinct"]), (&json!(2), &json!(2)), "{way}");
        mcp.no_faults();
        let by_currency = mcp.call("aggregate_records", orders(&["currency_id"])).await;
        assert_eq!(mcp.odoo.proxy.calls().len(), 1, "{way}: what the currencies are is known");
        let items = by_currency["items"].as_array().unwrap();
        let sums: Vec<&Value> = items.iter().map(|group| &group["amount_total:sum"]).collect();
        assert_eq!(sums.len(), 2, "{way}: {by_currency}");
        assert!(sums.contains(&&json!({ "amount": 39540.0, "currency": "USD" })), "{way}: {sums:?}");
        assert!(sums.iter().any(|sum| sum["currency"] == "EUR"), "{way}: {sums:?}");
        let said = mcp.result("aggregate_records", orders(&["currency_id"])).await;
        assert!(crate::support::mcp::text(&said).contains("amount_total:sum 39540.0 USD"), "{way}: {said:?}");
        let none = json!({ "model": "sale.order", "domain": [["id", "<", 0]], "measures": ["amount_total"] });
        let none = mcp.call("aggregate_records", none).await;
        assert!(!none["items"][0]["amount_total:sum"].is_object(), "{way}: {none}");
    }
}

/// What opportunities are expected to bring, by group.
async fn revenue(mcp: &McpTools, more: Value) -> Vec<Value> {
    let mut asked = json!({ "model": "crm.lead", "measures": ["expected_revenue"] });
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let groups = mcp.call("aggregate_records", asked).await;
    groups["items"].as_array().unwrap().iter().map(|group| group["expected_revenue:sum"].clone()).collect()
}

/// Where the currency is the company's, nothing of a record tells it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_companys_currency_is_told_by_the_company() {
    for (version, protocol) in WAYS {
        let mcp = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let way = format!("{version:?} {protocol:?}");
        assert_eq!(revenue(&mcp, json!({})).await[0]["currency"], "USD", "{way}");
        write(&mcp.app, "crm.lead", 1, json!({ "company_id": 2 }));
        assert_eq!(revenue(&mcp, json!({})).await[0]["currency"], "USD", "{way}: both companies have it");
    }
    let mcp = McpTools::start().await;
    write(&mcp.app, "res.company", 2, json!({ "currency_id": PESO }));
    write(&mcp.app, "crm.lead", 1, json!({ "company_id": 2 }));
    let mixed = revenue(&mcp, json!({})).await;
    assert!(mixed[0]["mixed"].as_str().unwrap().contains("add company_id"), "{mixed:?}");
    let currencies = async |more: Value| -> Vec<Value> {
        revenue(&mcp, more).await.iter().map(|sum| sum["currency"].clone()).collect()
    };
    // Those of no company are in that of whoever reads, which no column says.
    let by_company = json!({ "group_by": ["company_id"] });
    assert_eq!(currencies(by_company).await, [json!("USD"), json!("MXN"), Value::Null]);
    assert_eq!(currencies(json!({ "context": { "allowed_company_ids": [2] } })).await, ["MXN"]);
}

/// Not every model keeps records to the companies that are worked in.
#[tokio::test(flavor = "multi_thread")]
async fn records_of_another_company_are_told_in_its_currency_or_none() {
    let mcp = McpTools::start().await;
    write(&mcp.app, "res.company", 2, json!({ "currency_id": PESO }));
    let here = json!({ "context": { "allowed_company_ids": [1] } });
    assert_eq!(revenue(&mcp, here.clone()).await[0]["currency"], "USD");
    for (other, least) in [(2, 1), (2, 2), (99, 1)] {
        mcp.odoo.proxy.edit(move |call, groups| {
            if call == "crm.lead.formatted_read_group" {
                groups[0]["company_id:min"] = json!(least);
                groups[0]["company_id:max"] = json!(other);
            }
        });
        let sum = revenue(&mcp, here.clone()).await;
        assert!(sum[0]["mixed"].as_str().unwrap().contains("add company_id"), "{least} {other}: {sum:?}");
    }
}

/// Odoo 16 leaves out what is worked out of a field that it groups by, and says nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_measure_of_what_is_grouped_by_is_told_or_refused() {
    for (version, protocol) in WAYS {
        let mcp = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let asked = json!({
            "model": "sale.order", "group_by": ["date_order:month"], "measures": ["amount_total", "date_order:max"],
        });
        if version == Version::V16 {
            let error = mcp.error("aggregate_records", asked).await;
            assert!(error.contains("take date_order out of one"), "{error}");
            continue;
        }
        let groups = mcp.call("aggregate_records", asked).await;
        assert!(groups["items"][0]["date_order:max"].is_string(), "{version:?} {protocol:?}: {groups}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_currency_that_is_hidden_is_not_told() {
    let rules =
        "permissions = [\"read\"]\n\n[models]\n\"sale.order\" = { read = true, hide = [\"currency_id\"] }\n";
    let (app, _folder) = start(&[("reads", rules)]).await;
    let reads = Caller::connect_by(client_of("reads"), &app.url).await;
    let all = reads.call("aggregate_records", orders(&[])).await;
    assert!(all["items"][0]["amount_total:sum"].is_number(), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_or_made_is_told_with_it() {
    for (version, protocol) in WAYS {
        let mcp = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let values = json!({ "name": "Robot", "expected_revenue": 10 });
        let made = mcp.call("create_record", json!({ "model": "crm.lead", "values": values })).await;
        assert_eq!(
            made["record"]["expected_revenue"],
            json!({ "amount": 10.0, "currency": "USD" }),
            "{made}"
        );
        let change =
            json!({ "model": "crm.lead", "record_id": made["id"], "values": { "expected_revenue": 12.5 } });
        let changed = mcp.call("update_record", change).await;
        let money = |amount: f64| json!({ "amount": amount, "currency": "USD" });
        let told = json!([{ "field": "expected_revenue", "old": money(10.0), "new": money(12.5) }]);
        assert_eq!(changed["changed"], told, "{version:?} {protocol:?}");
    }
}
