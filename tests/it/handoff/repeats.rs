//! A repeat sends nothing and answers as the first did.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{World, customer};
use crate::support::app::TestApp;
use crate::support::twilio::Fault;

#[tokio::test]
async fn the_same_conversation_and_reason_are_sent_once_also_after_a_restart() {
    let mut world = World::start().await;
    let first = world.sent(&customer()).await;
    let mut again = customer();
    again["additional_context"] = json!("otra vez");
    assert_eq!(world.sent(&again).await, first);
    world = world.restart().await;
    assert_eq!(world.sent(&customer()).await, first);
    assert_eq!(world.twilio.accepted().len(), 1);

    let mut other = customer();
    other["reason"] = json!("Otra cosa");
    assert_ne!(world.sent(&other).await["handoff_id"], first["handoff_id"]);
    let mut other = customer();
    other["conversation_id"] = json!("conv_2");
    assert_ne!(world.sent(&other).await["handoff_id"], first["handoff_id"]);
    assert_eq!(world.twilio.accepted().len(), 3);
}

#[tokio::test]
async fn after_ten_minutes_a_conversation_may_ask_again() {
    let mut world = World::start().await;
    let first = world.sent(&customer()).await;
    let log = world.log(&first);
    let (odoo, folder) = world.app.stop().await;
    // As an earlier process would have left it a while ago.
    let earlier = |minutes: i64| {
        let at = chrono::Utc::now() - chrono::TimeDelta::minutes(minutes);
        let id = format!("sms_{}_00000001", at.timestamp());
        let mut log = log.clone();
        log["handoff_id"] = json!(id);
        let name = format!("{}_{id}.log", at.date_naive());
        std::fs::write(folder.path().join(name), log.to_string()).unwrap();
        id
    };
    for path in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|extension| extension == "log") {
            std::fs::remove_file(path).unwrap();
        }
    }
    earlier(11);
    world = World::after(world.twilio, (odoo, folder.clone())).await;
    let second = world.sent(&customer()).await;
    assert_eq!(world.twilio.accepted().len(), 2, "eleven minutes ago is another conversation");
    assert_eq!(world.sent(&customer()).await, second);
    assert_eq!(world.twilio.accepted().len(), 2);
}

#[tokio::test]
async fn the_same_key_is_sent_once_also_after_a_restart() {
    let mut world = World::start().await;
    let body = json!({ "user_phone": "33 1234 5678", "reason": "Precio" });
    let post = async |world: &World, body: &Value, key| {
        let response = world.post(body, Some(key)).await;
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let first = post(&world, &body, "key-1").await;
    assert_eq!(first.0, StatusCode::OK);
    assert_eq!(post(&world, &body, "key-1").await, first);
    world = world.restart().await;
    assert_eq!(post(&world, &body, "key-1").await, first);
    let (status, problem) =
        post(&world, &json!({ "user_phone": "33 1234 5678", "reason": "Plazo" }), "key-1").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
    );
    assert_eq!(world.twilio.accepted().len(), 1);
    post(&world, &body, "key-2").await;
    assert_eq!(world.twilio.accepted().len(), 2);
    let folder = std::fs::read_dir(world.app.log_dir()).unwrap();
    let texts: String =
        folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default()).collect();
    assert!(!texts.contains("key-1"), "keys are secrets of their callers");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_sent() {
    let world = World::start().await;
    let body = customer();
    let answers = futures::future::join_all((0..20).map(|_| world.sent(&body))).await;
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn one_that_was_refused_is_tried_again() {
    let world = World::start().await;
    world.twilio.fail_at(1, Fault::Refuse(20003));
    let (status, problem) = world.hand_off(&customer()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_GATEWAY, &json!("twilio_20003")), "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("TWILIO_AUTH_TOKEN") && detail.contains("sms_"), "{problem}");
    let answer = world.sent(&customer()).await;
    assert_eq!(world.twilio.accepted().len(), 1);
    assert!(detail.contains(answer["handoff_id"].as_str().unwrap()), "the same handoff");
    assert_eq!(world.app.logs().len(), 1);
}

#[tokio::test]
async fn another_message_that_speaks_of_it_is_not_it() {
    let world = World::with(|config| config.messages.deadline = Duration::from_millis(100)).await;
    world.twilio.plan(|n, _| Some(if n == 1 { Fault::CutBefore } else { Fault::ServerError(503) }));
    let (_, problem) = world.hand_off(&customer()).await;
    assert_eq!(problem["code"], "outcome_unknown", "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    let id = &detail[detail.find("sms_").unwrap()..detail.len() - 1];
    world.twilio.plan(|_, _| None);
    let mut other = customer();
    (other["conversation_id"], other["additional_context"]) = (json!("conv_2"), json!(format!("Falló {id}")));
    world.sent(&other).await;
    assert_eq!(world.sent(&customer()).await["handoff_id"], id);
    assert_eq!(world.twilio.accepted().len(), 2);
}

#[tokio::test]
async fn what_an_earlier_process_may_have_sent_is_given_time_to_be_listed() {
    let world = World::with(|config| config.messages.deadline = Duration::from_millis(100)).await;
    world.twilio.plan(|n, _| Some(if n == 1 { Fault::CutAfter } else { Fault::ServerError(503) }));
    world.hand_off(&customer()).await;
    world.twilio.plan(|_, _| None);
    let (twilio, earlier) = (world.twilio, world.app.stop().await);
    let settle = Duration::from_millis(300);
    let world =
        World::build(twilio, TestApp::builder().after(earlier), |config| config.messages.settle = settle)
            .await;
    let began = Instant::now();
    world.sent(&customer()).await;
    assert!(began.elapsed() >= settle, "{:?}", began.elapsed());
    assert_eq!(world.twilio.calls(), ["list"]);
}

#[tokio::test]
async fn the_key_of_a_repeat_is_one_of_the_first() {
    let mut world = World::start().await;
    let first: Value = world.post(&customer(), Some("key-1")).await.json().await.unwrap();
    let again: Value = world.post(&customer(), Some("key-2")).await.json().await.unwrap();
    assert_eq!(again, first);
    let mut other = customer();
    other["conversation_id"] = json!("conv_2");
    for _ in 0..2 {
        for key in ["key-1", "key-2"] {
            assert_eq!(world.post(&other, Some(key)).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        }
        world = world.restart().await;
    }
    assert_eq!(world.twilio.accepted().len(), 1);
}
