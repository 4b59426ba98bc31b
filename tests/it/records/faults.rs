//! Every call fails once, in every way: it is done once, or told as unknown with how to find out; never as failed when it
//! was done, and never as done when it was not.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use serde_json::{Value, json};

use crate::support::mcp::{McpTools, text};
use crate::support::odoo::search;
use crate::support::proxy::Fault;

/// One thing that is done, and how to see how often it was.
struct Deed {
    tool: &'static str,
    arguments: Value,
    done: fn(&McpTools) -> usize,
}

fn named(app: &McpTools, name: &str) -> usize {
    search(app.sandbox(), "res.partner", json!([["name", "=", name]]), &["id"]).len()
}

/// All of both, or none.
fn together(done: usize) -> usize {
    assert!([0, 2].contains(&done), "one of two");
    done / 2
}

fn deeds() -> Vec<Deed> {
    vec![
        Deed {
            tool: "create_record",
            arguments: json!({ "model": "res.partner", "values": { "name": "Once" } }),
            done: |app| named(app, "Once"),
        },
        Deed {
            tool: "update_record",
            arguments: json!({ "model": "res.partner", "record_id": 16, "values": { "name": "Changed" } }),
            done: |app| named(app, "Changed"),
        },
        Deed {
            tool: "delete_record",
            arguments: json!({ "model": "crm.lead", "record_id": 1 }),
            done: |app| 1 - search(app.sandbox(), "crm.lead", json!([["id", "=", 1]]), &["id"]).len(),
        },
        Deed {
            tool: "odoo_write",
            arguments: json!({ "model": "res.partner", "ids": [16, 28], "values": { "name": "Changed" } }),
            done: |app| together(named(app, "Changed")),
        },
        Deed {
            tool: "odoo_unlink",
            arguments: json!({ "model": "res.partner", "ids": [28, 34] }),
            done: |app| {
                let both = json!([["id", "in", [28, 34]]]);
                together(2 - search(app.sandbox(), "res.partner", both, &["id"]).len())
            },
        },
        Deed {
            tool: "call_method",
            arguments: json!({ "model": "sale.order", "method": "action_confirm", "ids": [7] }),
            done: |app| {
                search(app.sandbox(), "sale.order", json!([["id", "=", 7], ["state", "=", "sale"]]), &["id"])
                    .len()
            },
        },
    ]
}

async fn sweep(protocol: ProtocolChoice) {
    for Deed { tool, arguments, done } in deeds() {
        let start = async |timeout| McpTools::builder().protocol(protocol).timeout(timeout).start_mcp().await;
        let patient = start(Duration::from_secs(30)).await;
        patient.no_faults();
        patient.call(tool, arguments.clone()).await;
        let calls = patient.odoo.proxy.calls().len();
        for fault in Fault::ALL.into_iter().chain([Fault::Raise]) {
            for at in 1..=calls {
                let app = start(fault.timeout()).await;
                app.odoo.proxy.plan(move |n, _| (n == at).then_some(fault));
                let result = app.result(tool, arguments.clone()).await;
                let said = text(&result);
                let context =
                    format!("{protocol:?} {tool} {fault:?} at {at}: {said} {:?}", app.odoo.proxy.calls());
                match (result.is_error, done(&app)) {
                    (Some(false), 1) => {}
                    (Some(true), times) if said.contains("outcome_unknown") => {
                        assert!(times <= 1, "{context}");
                        assert!(said.contains("get_record") || said.contains("idempotency_key"), "{context}");
                    }
                    (Some(true), 0) => {}
                    (_, times) => panic!("done {times} times. {context}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_jsonrpc() {
    sweep(ProtocolChoice::JsonRpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_xmlrpc() {
    sweep(ProtocolChoice::XmlRpc).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_over_json2() {
    sweep(ProtocolChoice::Json2).await;
}
