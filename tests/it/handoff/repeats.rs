//! A repeat sends nothing and answers as the first did.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{World, customer};
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
