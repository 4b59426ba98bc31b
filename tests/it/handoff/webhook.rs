//! Handoffs that ElevenLabs must have signed.

use chrono::{TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use serde_json::Value;
use sha2::Sha256;

use super::{World, customer};

const SECRET: &str = "wsec_4711";
pub const HEADER: &str = "ElevenLabs-Signature";

async fn world() -> World {
    World::with(|config| config.messages.webhook_secret = Some(SECRET.into())).await
}

pub fn hash(secret: &str, time: i64, body: &str) -> String {
    let mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(format!("{time}.{body}"));
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn post(world: &World, body: &str, signature: Option<&str>) -> (StatusCode, Value) {
    let request = world
        .app
        .client
        .post(format!("{}/api/elevenlabs/handoff", world.app.url))
        .header("content-type", "application/json")
        .body(body.to_owned());
    let request = signature.into_iter().fold(request, |request, value| request.header(HEADER, value));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn only_what_is_signed_now_is_taken() {
    let world = world().await;
    let body = customer().to_string();
    let (now, minutes) = (Utc::now(), |minutes: i64| TimeDelta::minutes(minutes));
    let signed = |at: chrono::DateTime<Utc>, body: &str| {
        let time = at.timestamp();
        format!("t={time},v0={}", hash(SECRET, time, body))
    };
    let time = now.timestamp();
    let wrong = [
        ("missing", None),
        ("empty", Some(String::new())),
        ("wrong secret", Some(format!("t={time},v0={}", hash("wsec_0", time, &body)))),
        ("old", Some(signed(now - minutes(31), &body))),
        ("from the future", Some(signed(now + minutes(31), &body))),
        ("another body", Some(signed(now, &body.replace("descuento", "descuenta")))),
        ("time changed", Some(signed(now, &body).replace(&format!("t={time}"), &format!("t={}", time + 1)))),
        ("without a time", Some(format!("v0={}", hash(SECRET, time, &body)))),
        ("another version", Some(format!("t={time},v1={}", hash(SECRET, time, &body)))),
    ];
    for (what, signature) in wrong {
        let (status, problem) = post(&world, &body, signature.as_deref()).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNAUTHORIZED, &"invalid_signature".into()),
            "{what}"
        );
    }
    assert!(world.twilio.accepted().is_empty() && world.app.logs().is_empty());

    let several = format!("t={time},v0={},v0={}", hash("before", time, &body), hash(SECRET, time, &body));
    for signature in [signed(now - minutes(29), &body), signed(now, &body), several] {
        let (status, answer) = post(&world, &body, Some(&signature)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn a_replay_sends_nothing() {
    let world = world().await;
    // Without a conversation nothing in the request itself says that it is a repeat.
    let body = r#"{"user_phone":"33 1234 5678","reason":"Precio"}"#;
    let time = Utc::now().timestamp();
    let signature = format!("t={time},v0={}", hash(SECRET, time, body));
    let first = post(&world, body, Some(&signature)).await;
    assert_eq!(first.0, StatusCode::OK);
    assert_eq!(post(&world, body, Some(&signature)).await, first);
    let spelled_otherwise = format!("v0={},v0={},t={time}", hash("x", time, body), hash(SECRET, time, body));
    assert_eq!(post(&world, body, Some(&spelled_otherwise)).await, first);
    // The key of a request is not signed.
    let request = world.app.client.post(format!("{}/api/elevenlabs/handoff", world.app.url));
    let request = request.header("content-type", "application/json").body(body);
    let with_key = request.header(HEADER, &signature).header("Idempotency-Key", "another");
    assert_eq!(with_key.send().await.unwrap().json::<Value>().await.unwrap(), first.1);
    assert_eq!(world.twilio.accepted().len(), 1);
    // The same said once more is signed anew.
    let signature = format!("t={},v0={}", time + 1, hash(SECRET, time + 1, body));
    assert_ne!(post(&world, body, Some(&signature)).await.1["handoff_id"], first.1["handoff_id"]);
}
