//! Odoo that is down, busy, late or broken: what is tried again, for how long, and what is said.

use std::time::Duration;

use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_sandbox::Options;
use serde_json::{Map, Value, json};

use crate::support::app::{REQUEST_LINES, TestApp, request};
use crate::support::events::Events;
use crate::support::odoo::Made;
use crate::support::proxy::Fault;

async fn until_waiting(events: &mut Events) -> Value {
    loop {
        let event = events.next().await.expect("it must wait before it ends");
        if event["progress"].as_str().unwrap().contains("se reintenta en ") {
            return event;
        }
    }
}

/// Gives up after a moment; waits as little for Odoo.
async fn impatient() -> TestApp {
    let builder = TestApp::builder().timeout(Duration::from_millis(300));
    builder.configure(|config| config.tasks.deadline = Duration::from_millis(600)).start().await
}

#[tokio::test]
async fn the_progress_says_why_a_quotation_waits() {
    for fault in Fault::ALL {
        let proxy = |status| format!("El proxy de Odoo respondió HTTP {status}");
        let cause = match fault {
            Fault::Refuse | Fault::CutAfter => "Se perdió la conexión con Odoo".to_owned(),
            Fault::BadGateway => proxy(502),
            Fault::Late => "Odoo no respondió a tiempo".to_owned(),
            Fault::Garbage => "Odoo dio una respuesta incomprensible".to_owned(),
            Fault::Conflict => "Odoo está ocupado con los mismos registros".to_owned(),
            Fault::Overloaded => proxy(503),
            // It ends; final for a read.
            Fault::Held | Fault::Raise => continue,
            Fault::Page(status) | Fault::Bare(status) | Fault::TurnedAway(status) => proxy(status),
        };
        let says = format!("{cause}; se reintenta en 1 s...");
        let app = TestApp::builder().timeout(Duration::from_millis(300)).start().await;
        app.proxy().plan(move |_, name| (name != "version").then_some(fault));
        let id = app.accepted(&request("waits@retry.example"), None).await;
        let mut events = app.events(&id).await;
        let waiting = until_waiting(&mut events).await;
        assert_eq!(waiting["progress"], says, "{fault:?}");
        assert_eq!(
            (&waiting["status"], &waiting["error"]),
            (&json!("processing"), &Value::Null),
            "{fault:?}"
        );
        assert_eq!(app.status(&id).await["status"], "processing", "{fault:?}");
        app.proxy().plan(|_, _| None);
        let last = events.last().await;
        assert_eq!(last["status"], "completed", "{fault:?}: {last}");
        let made = Made::by_email(app.sandbox(), "waits@retry.example");
        made.assert_exactly_once(&REQUEST_LINES, &format!("{fault:?}"));
    }
}

#[tokio::test]
async fn what_was_accepted_while_odoo_was_down_is_made_when_it_is_back() {
    let app = TestApp::start().await;
    let email = |n| format!("down{n}@retry.example");
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let mut waiting = Vec::new();
    for n in 0..10 {
        let id = app.accepted(&request(&email(n)), None).await;
        let mut events = app.events(&id).await;
        until_waiting(&mut events).await;
        waiting.push(events);
    }
    assert_eq!(app.get_json("/health").await["ok"], true);
    let tried = app.proxy().calls().len();
    assert!(tried >= 10, "{tried}");
    app.proxy().plan(|_, _| None);
    for (n, events) in waiting.into_iter().enumerate() {
        let last = events.last().await;
        assert_eq!(last["status"], "completed", "{last}");
        Made::by_email(app.sandbox(), &email(n)).assert_exactly_once(&REQUEST_LINES, &email(n));
    }
}

#[tokio::test]
async fn out_of_time_with_nothing_made_says_what_odoo_did() {
    let cases = [
        (Fault::Refuse, "odoo_connection_lost"),
        (Fault::Late, "odoo_timeout"),
        (Fault::Conflict, "odoo_conflict"),
        (Fault::Overloaded, "odoo_gateway_error"),
    ];
    for (fault, code) in cases {
        let app = impatient().await;
        app.proxy().plan(move |_, name| (name != "version").then_some(fault));
        let id = app.accepted(&request("late@retry.example"), Some("late")).await;
        let last = app.finished(&id).await;
        assert_eq!((&last["status"], &last["error_code"]), (&json!("failed"), &json!(code)), "{fault:?}");
        let error = last["error"].as_str().unwrap();
        assert!(error.contains("; repita la solicitud con la misma Idempotency-Key (no se duplicará nada)"));
        assert!(!error.contains("no se sabe"), "only reading was tried: {error}");
        assert!(last["output"]["sale_order_id"].is_null(), "{last}");
        assert!(Made::by_email(app.sandbox(), "late@retry.example").partners.is_empty());
        repeats_well(&app, "late@retry.example", "late", &id).await;
    }
}

/// The fault is gone: the same key gives the same quotation, made once.
async fn repeats_well(app: &TestApp, email: &str, key: &str, id: &str) {
    app.proxy().plan(|_, _| None);
    assert_eq!(app.accepted(&request(email), Some(key)).await, id);
    let last = app.finished(id).await;
    assert_eq!((&last["status"], &last["error"]), (&json!("completed"), &Value::Null), "{last}");
    Made::by_email(app.sandbox(), email).assert_exactly_once(&REQUEST_LINES, key);
}

#[tokio::test]
async fn out_of_time_after_a_lost_answer_says_that_the_outcome_is_unknown() {
    let steps = ["res.partner.load", "crm.lead.load"];
    // Whatever the later tries meet, they cannot tell what became of the one that was lost.
    for (step, after) in steps.into_iter().flat_map(|step| {
        [Fault::CutAfter, Fault::Refuse, Fault::Overloaded, Fault::Conflict].map(|after| (step, after))
    }) {
        let case = format!("{step}, then {after:?}");
        let app = impatient().await;
        let mut lost = false;
        app.proxy().plan(move |_, name| {
            let first = !lost && name == step;
            let fault = if first { Fault::CutAfter } else { after };
            lost |= first;
            lost.then_some(fault)
        });
        let id = app.accepted(&request("lost@retry.example"), Some("lost")).await;
        let last = app.finished(&id).await;
        let expected = (&json!("failed"), &json!("outcome_unknown"));
        assert_eq!((&last["status"], &last["error_code"]), expected, "{case}: {last}");
        let error = last["error"].as_str().unwrap();
        let advice =
            "y no se sabe si la cotización se creó; repita la solicitud con la misma Idempotency-Key";
        assert!(error.contains(advice), "{case}: {error}");
        let made = Made::by_email(app.sandbox(), "lost@retry.example");
        assert_eq!(made.orders.len(), usize::from(step == "crm.lead.load"), "{case}");
        let known = &last["output"];
        assert!(known["lead_id"].is_null() && known["sale_order_id"].is_null(), "{case}: {known}");
        repeats_well(&app, "lost@retry.example", "lost", &id).await;
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_named_and_leaves_the_outcome_open() {
    // Where a user is shut out by being archived. That may pass: until the deadline it is waited for.
    let builder = TestApp::builder().protocol(ProtocolChoice::JsonRpc);
    let app = builder.configure(|config| config.tasks.deadline = Duration::from_secs(2)).start().await;
    let (sandbox, mut lost) = (app.sandbox().clone(), false);
    app.proxy().plan(move |_, name| {
        if lost {
            let archive = vec![json!([2]), json!({ "active": false })];
            sandbox.execute("res.users", "write", archive, Map::new()).unwrap();
        }
        lost |= name == "crm.lead.load";
        (name == "crm.lead.load").then_some(Fault::CutAfter)
    });
    let id = app.accepted(&request("refused@retry.example"), Some("refused")).await;
    let last = app.finished(&id).await;
    assert_eq!(last["error_code"], "outcome_unknown", "{last}");
    let error = last["error"].as_str().unwrap();
    assert!(
        error.contains("ODOO_API_KEY") && error.contains("y no se sabe si la cotización se creó"),
        "{last}"
    );
}

#[tokio::test]
async fn what_the_request_itself_caused_stays_failed() {
    let app = TestApp::start().await;
    let mut body = request("wrong@retry.example");
    body["products"] = json!([{ "product_id": 999_999 }]);
    let id = app.accepted(&body, Some("wrong")).await;
    let last = app.finished(&id).await;
    assert_eq!(last["error_code"], "product_not_found");
    app.proxy().plan(|_, _| None);
    let answer: Value = app.post(&body, Some("wrong")).await.json().await.unwrap();
    assert_eq!((&answer["tracking_id"], &answer["status"]), (&json!(id), &json!("failed")));
    assert_eq!(answer["message"], "La cotización no se completó");
    assert_eq!(app.finished(&id).await, last, "it is told as it was");
    assert!(app.proxy().calls().is_empty(), "it is not tried again");
}

/// One worker and a full queue: the others are behind who was tried already.
#[tokio::test]
async fn a_retry_does_not_queue_behind_everybody() {
    const OTHERS: usize = 60;
    let options = Options { latency: Duration::from_millis(10), ..Options::default() };
    let builder = TestApp::builder().sandbox(options).configure(|config| {
        (config.tasks.workers, config.tasks.queue_capacity) = (1, OTHERS + 1);
    });
    let app = builder.start().await;
    let mut conflicts = 1;
    app.proxy().plan(move |_, name| {
        let fault = name == "crm.lead.load" && std::mem::take(&mut conflicts) > 0;
        fault.then_some(Fault::Conflict)
    });
    let first = app.accepted(&request("first@retry.example"), None).await;
    let mut events = app.events(&first).await;
    let mut others = Vec::new();
    for n in 0..OTHERS {
        others.push(app.accepted(&request(&format!("{n}@retry.example")), None).await);
    }
    until_waiting(&mut events).await;
    assert_eq!(events.last().await["status"], "completed");
    let last = app.status(others.last().unwrap()).await;
    assert_eq!(last["status"], "queued", "it was made before the others: {last}");
}
