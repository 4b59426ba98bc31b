//! `schedule_activity`.

use futures::future::join_all;
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Version;
use serde_json::{Value, json};

use super::faults::{PROTOCOLS, started};
use crate::support::mcp::{McpTools, text};
use crate::support::odoo::search;
use crate::support::proxy::Fault;

fn activities(app: &McpTools) -> Vec<Value> {
    let fields = ["summary", "res_model", "res_id", "user_id", "activity_type_id", "date_deadline"];
    search(
        app.sandbox(),
        "mail.activity",
        json!([["res_model", "=", "sale.order"], ["res_id", "=", 7]]),
        &fields,
    )
}

fn call_torres(key: &str) -> Value {
    json!({
        "model": "sale.order", "record_id": 7, "summary": "Llamar a Torres", "note": "Precio < 40 mil",
        "due_date": "2027-01-15", "user": "Laura", "activity_type": "Call", "idempotency_key": key,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_is_planned_once_and_told_as_it_is() {
    for (version, protocol) in [
        (Version::V18, ProtocolChoice::JsonRpc),
        (Version::V18, ProtocolChoice::XmlRpc),
        (Version::V19, ProtocolChoice::Json2),
    ] {
        let app = McpTools::builder().version(version).protocol(protocol).start_mcp().await;
        let told = app.call("schedule_activity", call_torres("one")).await;
        let there = activities(&app);
        assert_eq!(there.len(), 1, "{there:?}");
        let expected = json!({
            "id": there[0]["id"], "model": "sale.order", "record_id": 7, "summary": "Llamar a Torres",
            "note": "Precio < 40 mil", "due_date": "2027-01-15",
            "user": { "id": there[0]["user_id"][0], "name": there[0]["user_id"][1] },
            "activity_type": { "id": there[0]["activity_type_id"][0], "name": "Call" },
        });
        assert_eq!(told, expected, "{version:?} {protocol:?}");
        assert!(told["user"]["name"].as_str().unwrap().starts_with("Laura"), "{told}");
        assert_eq!(app.call("schedule_activity", call_torres("one")).await, told, "a repeat");
        app.call("schedule_activity", call_torres("two")).await;
        assert_eq!(activities(&app).len(), 2);
        let plain = json!({ "model": "sale.order", "record_id": 7, "summary": "Algo" });
        let told = app.call("schedule_activity", plain).await;
        assert!(told["activity_type"]["name"].as_str().unwrap().starts_with("To"), "{told}");
        assert!(told["due_date"].is_string(), "{told}");
        assert_eq!(told["user"]["id"], 2, "whose else would it be? {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_by_argument() {
    let app = McpTools::start().await;
    for (change, says) in [
        (json!({ "model": "no.such" }), "- model: there is no such model"),
        (json!({ "model": "res.currency" }), "- model: records of res.currency can have no activities"),
        (json!({ "record_id": 9999 }), "- record_id: there is no record 9999 of sale.order"),
        (json!({ "user": "Nadie" }), "- user: nothing in Odoo is called"),
        (json!({ "activity_type": "Nada" }), "- activity_type: nothing in Odoo is called"),
        (json!({ "due_date": "mañana" }), "- due_date: must be a date such as 2026-12-31"),
        (json!({ "summary": " " }), "- summary: must have 1 to 256 characters"),
    ] {
        let mut arguments = call_torres("one");
        arguments.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let said = app.error("schedule_activity", arguments).await;
        assert!(said.contains(says), "{says}: {said}");
    }
    assert_eq!(activities(&app), Vec::<Value>::new());
}

/// Whatever fails once: there is one, and it is told.
#[tokio::test(flavor = "multi_thread")]
async fn one_fault_at_any_call_is_overcome() {
    for protocol in PROTOCOLS {
        join_all(Fault::ALL.into_iter().map(|fault| {
            Box::pin(async move {
                let app = started(protocol, fault).await;
                // Fields and languages are known from then on.
                app.call("schedule_activity", call_torres("zero")).await;
                app.no_faults();
                app.call("schedule_activity", call_torres("first")).await;
                let calls = app.odoo.proxy.calls().len();
                for at in 1..=calls {
                    let before = activities(&app).len();
                    app.odoo.proxy.plan(move |n, _| (n == at).then_some(fault));
                    let result = app.result("schedule_activity", call_torres(&format!("key {at}"))).await;
                    let context =
                        format!("{protocol:?} {fault:?} {at}: {result:?} {:?}", app.odoo.proxy.calls());
                    // A name that is not found out stops it before anything is made.
                    let made = activities(&app).len() - before;
                    assert_eq!(made, usize::from(result.is_error == Some(false)), "{context}");
                    app.no_faults();
                    app.call("schedule_activity", call_torres(&format!("key {at}"))).await;
                    assert_eq!(activities(&app).len(), before + 1, "{context}");
                }
            })
        }))
        .await;
    }
}

/// What stays lost is told with the key that makes a repeat safe.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_stays_is_told_as_what_it_is() {
    join_all([Fault::CutAfter, Fault::BadGateway, Fault::Late, Fault::Garbage, Fault::Page(404)].map(
        |fault| {
            Box::pin(async move {
                let app = started(ProtocolChoice::Json2, fault).await;
                app.odoo.proxy.plan(move |_, name| {
                    (name.ends_with(".load") || name.ends_with("check_object_reference")).then_some(fault)
                });
                let mut arguments = call_torres("unused");
                arguments.as_object_mut().unwrap().remove("idempotency_key");
                let result = app.result("schedule_activity", arguments.clone()).await;
                let said = text(&result);
                assert!(said.ends_with("(outcome_unknown)"), "{fault:?}: {said}");
                let key = said.split('"').nth(1).expect("a key").to_owned();
                app.no_faults();
                arguments["idempotency_key"] = json!(key);
                app.call("schedule_activity", arguments).await;
                assert_eq!(activities(&app).len(), 1, "{fault:?}");
            })
        },
    ))
    .await;
}
