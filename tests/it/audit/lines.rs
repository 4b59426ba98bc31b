//! What a line says, and that there is one.

use std::collections::BTreeSet;

use mcp_odoo_tools::tools;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::lines;
use crate::access::{client_of, start};
use crate::support::app::{TestApp, request};
use crate::support::mcp::Caller;
use crate::support::proxy::Fault;
use crate::support::{http_client, http_client_with};

const TWILIO: &str = "/api/twilio/status";

fn operations(lines: &[Value]) -> Vec<(&str, &str)> {
    lines
        .iter()
        .map(|line| (line["operation"].as_str().unwrap(), line["outcome"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn every_request_over_rest_writes_one() {
    let app = TestApp::builder()
        .configure(|config| config.messages.webhook_secret = Some("wsec_4711".into()))
        .start()
        .await;
    let id = app.quote(&request("eva@musterfrau.example")).await["tracking_id"].as_str().unwrap().to_owned();
    app.status(&id).await;
    for path in ["quotation/status/quot_none", "quotation/status/%20", "handoff/sms_none"] {
        assert_eq!(app.get(&format!("/api/{path}")).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let post = |path: &str, body: &'static str| {
        let request =
            app.client.post(format!("{}{path}", app.url)).header("content-type", "application/json");
        request.header("x-request-id", "6f1c1f0e-0a0b-4c0d-8e0f-000000000001").body(body).send()
    };
    for (body, status) in [("{ torn", 400), ("{\"email\":\"eva@musterfrau.example\"}", 422)] {
        assert_eq!(post("/api/quotation/async", body).await.unwrap().status(), status);
    }
    assert_eq!(post("/api/elevenlabs/handoff", "{}").await.unwrap().status(), 401);
    assert_eq!(post(TWILIO, "").await.unwrap().status(), 503);
    for path in ["/health", "/openapi.json", "/nothing"] {
        app.get(path).await;
    }
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    let expected = [
        ("dev_create_quotation", "ok"),
        ("follow_quotation", "ok"),
        ("dev_get_quotation_status", "ok"),
        ("dev_get_quotation_status", "quotation_not_found"),
        ("dev_get_quotation_status", "quotation_not_found"),
        ("get_handoff_status", "handoff_not_found"),
        ("dev_create_quotation", "invalid_json"),
        ("dev_create_quotation", "invalid_request"),
        ("message_notification", "invalid_signature"),
        ("report_message", "not_configured"),
    ];
    assert_eq!(operations(&lines), expected);
    let status = &lines[2];
    for (name, value) in [
        ("caller", json!("anonymous")),
        ("tenant", json!("default")),
        ("ip", json!("127.0.0.1")),
        ("transport", json!("rest")),
        ("model", json!("sale.order")),
    ] {
        assert_eq!(status[name], value, "{status}");
    }
    assert_eq!(status["ids"][0], json!(id));
    assert!(status["ids"][1].is_i64() && status["milliseconds"].is_u64(), "{status}");
    assert!(status["time"].as_str().unwrap().ends_with('Z'), "{status}");
    assert_eq!(lines[6]["request_id"], "6f1c1f0e-0a0b-4c0d-8e0f-000000000001");
    let text = json!(lines).to_string();
    for value in ["musterfrau", "Torres", "1234 5678", "torn"] {
        assert!(!text.contains(value), "{value}");
    }
}

#[tokio::test]
async fn every_tool_writes_one() {
    const KEY: &str = "a key that is known to us";
    let all = |config: &mut mcp_odoo::config::Config| {
        config.toolsets = "all".parse().unwrap();
        // What strangers are refused is counted.
        config.access.api_key = Some(KEY.into());
    };
    let app = TestApp::builder().configure(all).start().await;
    let caller = Caller::connect_by(http_client_with(&[("x-api-key", KEY)]), &app.url).await;
    for tool in tools() {
        let said = caller.error(tool.spec.name, json!({ "nonsense_of_eva": "eva@musterfrau.example" })).await;
        assert!(said.contains("invalid_arguments"), "{said}");
    }
    let made = caller.call("dev_create_sale", json!({ "partner_id": 9 })).await;
    let id = made["id"].as_i64().unwrap();
    caller.call("get_sale", json!({ "sale_id": id })).await;
    caller.error("get_sale", json!({ "sale_id": 987_654 })).await;
    caller.call("list_projects", json!({ "limit": 2 })).await;
    caller.error("dev_get_quotation_status", json!({ "tracking_id": "no id, eva" })).await;
    for (tool, about) in [
        ("create_record", json!({ "model": "res.partner", "values": { "name": "Noted" } })),
        ("search_records", json!({ "model": "res.partner" })),
        ("describe_model", json!({ "model": "crm.lead" })),
    ] {
        caller.call(tool, about).await;
    }
    for model in ["eva@musterfrau.example", "+34 600 000 000", "No_model"] {
        caller.error("search_records", json!({ "model": model })).await;
    }
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    caller.error("list_users", json!({})).await;
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    let (refused, done) = lines.split_at(tools().len());
    let named: BTreeSet<&str> = operations(refused).into_iter().map(|(name, _)| name).collect();
    // What has two names is noted under one of them.
    assert_eq!(named, tools().iter().map(|tool| tool.operation.name).collect());
    assert!(refused.iter().all(|line| line["outcome"] == "invalid_arguments" && line["transport"] == "mcp"));
    let ids: Vec<&Value> = done.iter().map(|line| &line["ids"]).collect();
    assert_eq!(ids[..3], [&json!([id]), &json!([id]), &json!([987_654])]);
    assert_eq!(ids[3].as_array().unwrap().len(), 2);
    let outcomes = ["ok", "ok", "not_found", "ok", "quotation_not_found"];
    assert_eq!(
        done.iter().map(|line| line["outcome"].as_str().unwrap()).take(5).collect::<Vec<_>>(),
        outcomes
    );
    let models: Vec<&Value> = done[5..].iter().map(|line| &line["model"]).collect();
    let none = &Value::Null;
    let named = ["res.partner", "res.partner", "crm.lead"].map(|model| json!(model));
    assert_eq!(models, [&named[0], &named[1], &named[2], none, none, none, &json!("res.users")]);
    assert_ne!(done[11]["outcome"], "ok");
    assert!(!json!(lines).to_string().contains("eva"));
}

/// What nobody waits for any more is noted, too.
#[tokio::test]
async fn a_cancelled_call_writes_one() {
    let app = TestApp::start().await;
    let caller = Caller::connect(&app.url).await;
    caller.call("list_users", json!({})).await;
    let (met, meeting) = oneshot::channel();
    let mut met = Some(met);
    app.proxy().plan(move |_, _| {
        if let Some(met) = met.take() {
            met.send(()).unwrap();
        }
        Some(Fault::Late)
    });
    let asked = caller.begin("list_users", json!({})).await;
    meeting.await.unwrap();
    asked.cancel(None).await.unwrap();
    // Messages of a session are taken in their order.
    app.proxy().plan(|_, _| None);
    caller.call("list_projects", json!({})).await;
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    assert_eq!(
        operations(&lines),
        [("list_users", "ok"), ("list_users", "cancelled"), ("list_projects", "ok")]
    );
}

/// Nobody without a key fills the disk: the first is told, and how many more there were.
#[tokio::test]
async fn who_tries_again_and_again_writes_two_lines() {
    let app = TestApp::builder()
        .configure(|config| {
            config.access.api_key = Some("a key that is known to us".into());
            config.messages.webhook_secret = Some("wsec_4711".into());
        })
        .start()
        .await;
    for n in 0..50 {
        let wrong = app.client.get(format!("{}/api/quotation/status/quot_1", app.url));
        let answer = wrong.header("x-api-key", format!("mcpo_{n}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let unsigned = app.client.post(format!("{}/api/elevenlabs/handoff", app.url)).json(&json!({}));
        assert_eq!(unsigned.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    let mut said: Vec<_> = lines
        .iter()
        .map(|line| (line["outcome"].as_str().unwrap(), line["repeated"].as_u64().unwrap_or_default()))
        .collect();
    said.sort_unstable();
    // A minute may have ended meanwhile.
    let told =
        |code| said.iter().filter(move |line| line.0 == code).map(|line| line.1 + u64::from(line.1 == 0));
    for code in ["unknown_key", "invalid_signature"] {
        assert_eq!(told(code).sum::<u64>(), 50, "{said:?}");
        assert!(told(code).count() <= 6, "{said:?}");
    }
    assert!(lines.iter().all(|line| line["ip"] == "127.0.0.1"), "{lines:?}");
}

/// In an open service, too: what strangers are refused is counted, what callers with a key are refused is noted each time.
#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_are_refused_is_counted() {
    const TIMES: usize = 20;
    let reads = "permissions = ['read']";
    let (app, _folder) = start(&[("anonymous", reads), ("web", reads)]).await;
    let callers = [http_client(), client_of("web")];
    for client in callers {
        let caller = Caller::connect_by(client.clone(), &app.url).await;
        for _ in 0..TIMES {
            caller.error("search_records", json!({ "model": [] })).await;
            caller.error("get_record", json!({ "model": "ir.config_parameter", "record_id": 1 })).await;
            let answer = client.get(format!("{}/api/quotation/status/quot_1", app.url)).send().await;
            assert_eq!(answer.unwrap().status(), StatusCode::FORBIDDEN);
        }
    }
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    for code in ["invalid_arguments", "model_closed", "forbidden"] {
        let of =
            |caller| lines.iter().filter(move |line| line["outcome"] == code && line["caller"] == caller);
        assert_eq!(of("web").count(), TIMES, "{lines:?}");
        let counted: u64 = of("anonymous").map(|line| line["repeated"].as_u64().unwrap_or(1)).sum();
        assert_eq!(counted, TIMES as u64, "{lines:?}");
        // A minute may have ended meanwhile.
        assert!(of("anonymous").count() <= 6, "{lines:?}");
    }
}

#[tokio::test]
async fn who_is_turned_away_at_the_gate_is_noted_without_the_key() {
    let app = TestApp::builder()
        .configure(|config| config.access.api_key = Some("a key that is known to us".into()))
        .start()
        .await;
    for (path, key) in [("/api/quotation/status/quot_1", Some("mcpo_wrong")), ("/mcp", None)] {
        let request = app.client.get(format!("{}{path}", app.url));
        let answer =
            key.into_iter().fold(request, |request, key| request.header("x-api-key", key)).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let (_, folder) = app.stop().await;
    let lines = lines(folder.path());
    assert_eq!(operations(&lines), [("log_in", "unknown_key"), ("log_in", "no_key")]);
    let ways: Vec<_> = lines.iter().map(|line| (&line["caller"], &line["transport"])).collect();
    assert_eq!(ways, [(&json!("unknown"), &json!("rest")), (&json!("unknown"), &json!("mcp"))]);
    assert!(!json!(lines).to_string().contains("mcpo_"));
}
