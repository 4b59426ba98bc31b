//! Callers who work for another company than the others of their tenant.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{World, customer};
use crate::access::{access_file, client_of};

const NORTH: &str = "permissions = [\"handoffs\"]\ncompany = 2\n";
/// Sees what all have asked for.
const BOSS: &str = "permissions = [\"handoffs\", \"admin\"]\n";
const LOST: &str = "permissions = [\"handoffs\"]\ncompany = 99\n";
/// The only salesperson of the second company, with the most work of the first.
const ADMIN: i64 = 2;

async fn start(has_fallback: bool) -> (World, TempDir) {
    let folder = TempDir::new().unwrap();
    let file = access_file(folder.path(), &[("north", NORTH), ("boss", BOSS), ("lost", LOST)]);
    let world = World::with(|config| {
        config.access.file = Some(file);
        if !has_fallback {
            config.messages.phones.fallback = None;
        }
    });
    (world.await, folder)
}

async fn hand_off(world: &World, caller: &str, key: Option<&str>) -> (StatusCode, Value) {
    let request = client_of(caller).post(format!("{}/api/elevenlabs/handoff", world.app.url));
    let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
    let response = request.json(&customer()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_salesperson_is_one_of_the_callers_company() {
    let (world, _folder) = start(true).await;
    let (_, north) = hand_off(&world, "north", Some("same")).await;
    assert_eq!(north["assigned_user_id"], ADMIN, "{north}");
    assert_eq!(world.log(&north)["company"], 2);
    // The same conversation and reason, but not the same people; a key is for one request only.
    let (_, boss) = hand_off(&world, "boss", None).await;
    assert_ne!(boss["assigned_user_id"], ADMIN, "{boss}");
    assert_ne!(boss["handoff_id"], north["handoff_id"]);
    assert_eq!(hand_off(&world, "boss", Some("same")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hand_off(&world, "north", Some("same")).await.1["handoff_id"], north["handoff_id"]);
    assert_eq!(world.twilio.accepted().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_none_goes_to_the_number_for_all_or_is_told() {
    let (world, _folder) = start(true).await;
    let (_, answer) = hand_off(&world, "lost", None).await;
    assert_eq!(
        (&answer["status"], &answer["selected_number"]),
        (&json!("ok"), &json!(super::FALLBACK)),
        "{answer}"
    );
    assert_eq!(answer["assigned_user_id"], Value::Null, "{answer}");
    assert_eq!(
        answer["message"],
        "Notificación WhatsApp enviada al número de respaldo: el servicio no trabaja en Odoo para la empresa de quien pide; \
         avise al administrador"
    );
    assert_eq!(world.log(&answer)["route"], "wrong_company");
    let (world, _folder) = start(false).await;
    let (status, problem) = hand_off(&world, "lost", None).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{problem}");
    assert_eq!(problem["code"], "company_not_found", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("2 (YourCompany Norte)"), "{problem}");
    assert!(world.twilio.accepted().is_empty());
}
