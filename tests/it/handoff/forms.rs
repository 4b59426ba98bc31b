//! Log files of handoffs in every form that they ever had.

use std::fs;

use mcp_odoo_core::handoff::document::Handoff;
use mcp_odoo_core::journal::{Journal, Target};
use mcp_odoo_core::store::{Put, Store};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::{LAURA, World, customer};

const ID: &str = "sms_1769767200_0a1b2c3d";
const NAME: &str = "2026-01-30_sms_1769767200_0a1b2c3d.log";

/// What the contract names, then what changed, each with all that came before.
fn forms() -> Vec<Map<String, Value>> {
    let more = [
        json!({
            "additional_context": "x", "channel": "whatsapp", "route": "no_number", "error_code": null, "key": "b2c3",
            "odoo": "https://odoo.example acme",
        }),
        json!({ "keys": ["b2c3", "c3d4"] }),
        json!({ "version": 1 }),
        json!({
            "tenant": "default", "owner": "local", "deadline_at": "2026-01-30T10:05:00", "kind": "handoff", "revision": 4,
        }),
        // Of a later version.
        json!({ "version": 9, "priority": { "level": 3 }, "revision": 5 }),
    ];
    let mut log = json!({
        "handoff_id": ID, "timestamp": "2026-01-30T10:00:00", "date": "2026-01-30", "time": "10:00:00",
        "status": "queued", "user_phone": "+525512345678", "reason": "precio", "user_name": null,
        "conversation_id": "conv_1", "lead_id": 7, "sale_order_id": null, "assigned_user_id": 8, "vendor_sms": LAURA,
        "message_sid": null, "error": null, "updated_at": "2026-01-30T10:00:00",
    });
    let log = log.as_object_mut().unwrap();
    let mut forms = vec![log.clone()];
    for more in more {
        if more.get("keys").is_some() {
            log.remove("key");
        }
        log.extend(more.as_object().unwrap().clone());
        forms.push(log.clone());
    }
    forms
}

#[tokio::test]
async fn every_form_is_read_and_written_again_with_all_that_it_had() {
    for (form, before) in forms().into_iter().enumerate() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join(NAME), serde_json::to_string(&before).unwrap()).unwrap();
        let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
        let mut stored = journal.load::<Handoff>(ID).await.unwrap().expect("it is understood");
        let (head, handoff) = (&stored.document.head, &stored.document.content);
        assert_eq!((head.vendor_sms.as_deref(), handoff.request.lead_id), (Some(LAURA), Some(7)), "{form}");
        let keys: &[&str] = [&[][..], &["b2c3"], &["b2c3", "c3d4"]][form.min(2)];
        assert_eq!(handoff.keys, keys, "{form}");
        stored.document.content.status.message_sid = Some("SM1".to_owned());
        assert_eq!(journal.save(&stored.document, stored.revision).await.unwrap(), Put::Done);
        let now: Map<String, Value> =
            serde_json::from_slice(&fs::read(folder.path().join(NAME)).unwrap()).unwrap();
        assert_eq!(now["message_sid"], "SM1");
        assert_eq!(now["keys"], json!(keys), "{form}");
        for (key, value) in
            before.iter().filter(|(key, _)| !["message_sid", "revision", "key"].contains(&key.as_str()))
        {
            assert_eq!(&now[key], value, "{form} {key}");
        }
    }
}

/// As the first version wrote it.
#[tokio::test]
async fn a_key_that_stood_alone_is_known() {
    let world = World::start().await;
    let mut body = customer();
    body.as_object_mut().unwrap().remove("conversation_id");
    let first: Value = world.post(&body, Some("alone")).await.json().await.unwrap();
    let mut log = world.log(&first);
    let path = world.app.logs().remove(0);
    let (twilio, earlier) = (world.twilio, world.app.stop().await);
    log["key"] = log["keys"][0].clone();
    assert!(log["key"].is_string());
    for later in ["keys", "version", "kind", "tenant", "owner", "deadline_at", "revision"] {
        log.as_object_mut().unwrap().remove(later);
    }
    fs::write(path, log.to_string()).unwrap();
    let world = World::after(twilio, earlier).await;
    let again: Value = world.post(&body, Some("alone")).await.json().await.unwrap();
    assert_eq!(again, first);
    assert_eq!(world.twilio.accepted().len(), 1);
}
