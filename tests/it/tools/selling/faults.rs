//! Every fault at every call: what was done is never told as failed, and what was not is never told as done.

use futures::future::join_all;
use mcp_odoo_core::odoo::ProtocolChoice;
use serde_json::{Value, json};

use super::{quoted, state};
use crate::support::mcp::{McpTools, text};
use crate::support::proxy::Fault;

pub const PROTOCOLS: [ProtocolChoice; 3] =
    [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc];
const STEPS: [(&str, &str); 2] = [("confirm_sale", "sale"), ("cancel_sale", "cancel")];

/// A service that has logged in.
pub async fn started(protocol: ProtocolChoice, fault: Fault) -> McpTools {
    let app = McpTools::builder().protocol(protocol).timeout(fault.timeout()).start_mcp().await;
    app.call("list_users", json!({})).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_at_any_call_is_overcome() {
    for protocol in PROTOCOLS {
        join_all(Fault::ALL.into_iter().map(|fault| {
            Box::pin(async move {
                let app = started(protocol, fault).await;
                for (tool, wanted) in STEPS {
                    // Looked at, done, looked at.
                    for at in 1..=3 {
                        let order = quoted(&app);
                        app.odoo.proxy.plan(move |n, _| (n == at).then_some(fault));
                        let told = app.call(tool, json!({ "sale_id": order })).await;
                        let context =
                            format!("{protocol:?} {fault:?} {tool} {at}: {:?}", app.odoo.proxy.calls());
                        assert_eq!(
                            (&told["state"], &state(&app, order)),
                            (&json!(wanted), &json!(wanted)),
                            "{context}"
                        );
                        assert_eq!(told.get("already"), None, "{context}");
                        assert!(app.odoo.proxy.calls().len() > 3, "{context}");
                    }
                }
            })
        }))
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_is_told_as_what_it_is() {
    let raised = [Fault::Raise];
    let faults = Fault::ALL.iter().chain(&raised).copied();
    join_all(faults.map(|fault| {
        Box::pin(async move {
            let app = started(ProtocolChoice::Json2, fault).await;
            for (tool, wanted) in STEPS {
                for from in 1..=3 {
                    let order = quoted(&app);
                    app.odoo.proxy.plan(move |n, _| (n >= from).then_some(fault));
                    let result = app.result(tool, json!({ "sale_id": order })).await;
                    let (said, is) = (text(&result), state(&app, order));
                    let context = format!("{fault:?} {tool} from {from}: {is} {said}");
                    assert_eq!(result.is_error, Some(true), "{context}");
                    if is == json!(wanted) {
                        assert!(said.ends_with("(outcome_unknown)"), "{context}");
                        assert!(said.contains("get_sale"), "{context}");
                    }
                    app.no_faults();
                    let told = app.call(tool, json!({ "sale_id": order })).await;
                    assert_eq!(told["state"], wanted, "{context}: the same call again");
                    assert_eq!(told.get("already").is_some(), is == json!(wanted), "{context}");
                }
            }
        })
    }))
    .await;
}

/// A hook of Odoo's own fails after its commit.
#[tokio::test(flavor = "multi_thread")]
async fn what_odoo_did_before_it_failed_is_told_as_done() {
    let app = started(ProtocolChoice::Json2, Fault::Raise).await;
    for (tool, wanted) in STEPS {
        let order = quoted(&app);
        app.odoo.proxy.plan(|_, name| name.contains(".action_").then_some(Fault::Raise));
        let told = app.call(tool, json!({ "sale_id": order })).await;
        assert_eq!((&told["state"], &state(&app, order)), (&json!(wanted), &Value::from(wanted)));
    }
}
