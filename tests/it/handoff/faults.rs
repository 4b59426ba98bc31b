//! Twilio or Odoo fails at each point of a handoff: it arrives once, and the caller is told the truth.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{FALLBACK, World, customer};
use crate::support::app::TestApp;
use crate::support::proxy::Fault as OdooFault;
use crate::support::twilio::Fault;

/// What may pass.
const PASSING: [Fault; 8] = [
    Fault::RateLimited(None),
    Fault::ServerError(500),
    Fault::ServerError(503),
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::HangAfter,
    Fault::BadGateway,
    Fault::Garbage,
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_at_twilio_one_message_arrives() {
    for fault in PASSING {
        for failing in [1, 2, 3] {
            let world = World::start().await;
            // The first `failing` calls of every kind: sending, and looking up what was sent.
            world.twilio.plan(move |n, _| (n <= failing).then_some(fault));
            let answer = world.sent(&customer()).await;
            let accepted = world.twilio.accepted();
            let context = format!("{fault:?} at {failing} calls: {:?}", world.twilio.calls());
            assert_eq!(accepted.len(), 1, "{context}");
            assert_eq!(answer["message_sid"], accepted[0].sid, "{context}");
            assert_eq!(world.log(&answer)["status"], "sent", "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_at_odoo_one_message_arrives() {
    let calls = {
        let world = World::start().await;
        world.sent(&customer()).await;
        world.app.proxy().calls().len()
    };
    for fault in OdooFault::ALL {
        for at in 1..=calls {
            let world = World::with(|config| config.messages.odoo_within = Duration::from_millis(200)).await;
            world.app.proxy().plan(move |n, _| (n == at).then_some(fault));
            let answer = world.sent(&customer()).await;
            assert_eq!(world.twilio.accepted().len(), 1, "{fault:?} at {at}");
            let number = &answer["selected_number"];
            assert_eq!(world.twilio.accepted()[0].to, format!("whatsapp:{}", number.as_str().unwrap()));
        }
    }
    println!("{} faults at each of {calls} calls", OdooFault::ALL.len());
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let world = World::start().await;
    world.twilio.fail_at(1, Fault::RateLimited(Some(1)));
    let began = std::time::Instant::now();
    world.sent(&customer()).await;
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(world.twilio.calls(), ["send", "send"]);
}

#[tokio::test]
async fn the_caller_does_not_wait_for_a_twilio_that_is_down() {
    let world = World::with(|config| config.messages.answer_within = Duration::from_millis(100)).await;
    world.twilio.stop().await;
    let response = world.post(&customer(), None).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["status"], "queued", "{answer}");
    assert_eq!(location, format!("/api/handoff/{}", answer["handoff_id"].as_str().unwrap()));
    assert_eq!(world.status(&answer).await["status"], "queued");
    assert_eq!(world.log(&answer)["status"], "queued");
    world.twilio.restart().await;
    world.twilio.until_accepted(1).await;
    while world.status(&answer).await["status"] != "sent" {}
    assert_eq!(world.log(&answer)["message_sid"], world.twilio.accepted()[0].sid);
    assert_eq!(world.sent(&customer()).await["handoff_id"], answer["handoff_id"]);
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn what_a_stopped_process_could_not_send_the_next_one_does_that_may() {
    let world = World::with(|config| config.messages.answer_within = Duration::from_millis(100)).await;
    world.twilio.stop().await;
    let (_, answer) = world.hand_off(&customer()).await;
    assert_eq!(answer["status"], "queued", "{answer}");
    let (twilio, earlier) = (world.twilio, world.app.stop().await);
    twilio.restart().await;
    // Not where nothing may be sent.
    let read_only = |config: &mut mcp_odoo::config::Config| config.access.read_only = true;
    let waits = World::build(twilio, TestApp::builder().after(earlier), read_only).await;
    assert_eq!(waits.status(&answer).await["status"], "queued");
    let (twilio, earlier) = (waits.twilio, waits.app.stop().await);
    assert!(twilio.accepted().is_empty());
    let world = World::after(twilio, earlier).await;
    world.twilio.until_accepted(1).await;
    assert_eq!(world.sent(&customer()).await["handoff_id"], answer["handoff_id"]);
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn out_of_time_the_caller_is_told_whether_it_may_have_been_sent() {
    let short = |config: &mut mcp_odoo::config::Config| {
        config.messages.deadline = Duration::from_millis(100);
    };
    let world = World::with(short).await;
    world.twilio.stop().await;
    let (status, problem) = world.hand_off(&customer()).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_GATEWAY, &json!("twilio_unreachable")),
        "{problem}"
    );

    let world = World::with(short).await;
    world.twilio.plan(|n, _| Some(if n == 1 { Fault::CutAfter } else { Fault::ServerError(503) }));
    let (status, problem) = world.hand_off(&customer()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_GATEWAY, &json!("outcome_unknown")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("no se enviará dos veces"), "{problem}");
    // A repeat finds it, also in the next process.
    world.twilio.plan(|_, _| None);
    let world = world.restart().await;
    let answer = world.sent(&customer()).await;
    assert_eq!(answer["message_sid"], world.twilio.accepted()[0].sid);
    assert_eq!(world.twilio.accepted().len(), 1);
    assert_eq!(world.twilio.calls(), ["list"]);
}

#[tokio::test]
async fn a_number_that_twilio_refuses_gives_way_to_the_fallback() {
    let world = World::start().await;
    let lead = world.create("crm.lead", json!({ "name": "x", "type": "opportunity", "user_id": 8 }));
    let mut body = customer();
    body["lead_id"] = json!(lead);
    for (n, code) in [21211, 21614, 63003, 63015].into_iter().enumerate() {
        body["conversation_id"] = json!(n.to_string());
        world.twilio.fail_at(1, Fault::Refuse(code));
        let answer = world.sent(&body).await;
        assert_eq!(answer["selected_number"], FALLBACK, "{code}");
        assert_eq!(world.twilio.accepted().len(), n + 1);
    }
    // What is wrong with the account is wrong with every number.
    body["conversation_id"] = json!("account");
    world.twilio.fail_at(1, Fault::Refuse(21606));
    let (status, problem) = world.hand_off(&body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_GATEWAY, &json!("twilio_21606")), "{problem}");
    assert_eq!(world.twilio.calls().len(), 1);
}

#[tokio::test]
async fn an_odoo_that_is_down_without_a_fallback_is_asked_again() {
    let world = World::with(|config| config.messages.phones.fallback = None).await;
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    world.app.proxy().plan(move |n, _| {
        count.store(n, std::sync::atomic::Ordering::Relaxed);
        (n <= 3).then_some(OdooFault::Refuse)
    });
    let lead = world.create("crm.lead", json!({ "name": "x", "type": "opportunity", "user_id": 8 }));
    let mut body = customer();
    body["lead_id"] = json!(lead);
    let answer = world.sent(&body).await;
    assert_eq!(answer["assigned_user_id"], 8, "{answer}");
    assert!(asked.load(std::sync::atomic::Ordering::Relaxed) > 3);
}
