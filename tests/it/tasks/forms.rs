//! Log files of quotations in every form that they ever had: each is read, and loses nothing when it is written again.

use std::fs;
use std::time::Duration;

use mcp_odoo_core::journal::{Journal, Target};
use mcp_odoo_core::odoo::ProtocolChoice;
use mcp_odoo_core::quotation::document::Quotation;
use mcp_odoo_core::store::{Put, Store};
use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Odoo, REQUEST_LINES, TestApp, request};
use crate::support::odoo::Made;

const NUMBER: &str = "+525555550140";

/// What changed in the logs, oldest first, each with all that came before.
const FORMS: [fn(&mut Value); 8] = [
    // What the contract names, and nothing else.
    |_| {},
    // The first commit.
    |log| {
        log["progress"] = json!("Creando lead...");
        log["error_code"] = Value::Null;
        log["input"]["ciudad"] = Value::Null;
        log["input"]["x_studio_producto"] = Value::Null;
        log["output"] = json!({
            "partner_id": 41, "partner_name": "Torres", "products_added": [], "steps": { "partner": "created" },
            "notification": { "sent": false, "method": null, "message_sid": null, "error": null },
        });
    },
    // Messages: the number stood in what is told, for an afternoon.
    |log| log["output"]["notification"]["selected_number"] = json!(NUMBER),
    // It stands beside it.
    |log| {
        log["output"]["notification"].as_object_mut().unwrap().remove("selected_number");
        log["vendor_sms"] = json!(NUMBER);
    },
    // External ids are remembered.
    |log| log["external_ids"] = json!({ "reference": log["tracking_id"], "request": "d7da6c94f32429d5" }),
    // Products and salespeople by their names; totals and warnings.
    |log| {
        log["output"]["amount_untaxed"] = json!(99.5);
        log["output"]["amount_tax"] = json!(15.92);
        log["output"]["warnings"] = json!(["Odoo redondeó la cantidad"]);
        log["input"]["salesperson"] = json!("Laura");
    },
    // Versions.
    |log| log["version"] = json!(1),
    // Tenant, owner, deadline, revision.
    |log| {
        let now = json!({
            "tenant": "default", "owner": "local", "deadline_at": "2026-01-30T10:15:00", "kind": "quotation", "revision": 3,
        });
        log.as_object_mut().unwrap().extend(now.as_object().unwrap().clone());
    },
];

/// An unfinished quotation in this form.
fn log(form: usize, odoo: &str) -> Value {
    let id = format!("quot_form{form}");
    let mut input = request(&format!("form{form}@forms.example"));
    input.as_object_mut().unwrap().remove("user_id");
    let mut log = json!({
        "tracking_id": id, "timestamp": "2026-01-30T10:00:00", "date": "2026-01-30", "time": "10:00:00",
        "status": "processing", "input": input, "output": null, "error": null, "updated_at": "2026-01-30T10:00:01",
        "odoo": odoo,
    });
    FORMS.iter().take(form + 1).for_each(|change| change(&mut log));
    log
}

fn write(folder: &TempDir, log: &Value) {
    let name = format!("2026-01-30_{}.log", log["tracking_id"].as_str().unwrap());
    fs::write(folder.path().join(name), log.to_string()).unwrap();
}

fn read(folder: &TempDir, form: usize) -> Value {
    let path = folder.path().join(format!("2026-01-30_quot_form{form}.log"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// That all that stood there does, but what was to change.
fn assert_carried(before: &Value, now: &Value, at: &str, form: usize) {
    match (before, now) {
        (Value::Object(before), Value::Object(_)) => {
            for (key, value) in
                before.iter().filter(|(key, _)| !["revision", "updated_at"].contains(&key.as_str()))
            {
                assert_carried(value, &now[key], &format!("{at}/{key}"), form);
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            before.iter().zip(now).for_each(|(before, now)| assert_carried(before, now, at, form));
        }
        // Numbers are written as what they are.
        (Value::Number(before), Value::Number(now)) => {
            assert_eq!(before.as_f64(), now.as_f64(), "{form} {at}")
        }
        _ => assert_eq!(before, now, "{form} {at}"),
    }
}

#[tokio::test]
async fn every_form_is_read_and_written_again_with_all_that_it_had() {
    let folder = TempDir::new().unwrap();
    (0..FORMS.len()).for_each(|form| write(&folder, &log(form, "https://odoo.example acme")));
    let journal = Journal::open(folder.path(), Target::embedded()).unwrap();
    for form in 0..FORMS.len() {
        let before = log(form, "https://odoo.example acme");
        let id = before["tracking_id"].as_str().unwrap();
        let stored = journal.load::<Quotation>(id).await.unwrap().expect("it is understood");
        let (head, quotation) = (&stored.document.head, &stored.document.content);
        assert_eq!(quotation.status.created_at.to_string(), "2026-01-30T10:00:00");
        assert_eq!(quotation.external_ids.reference(), id, "{form}");
        assert_eq!(head.vendor_sms.as_deref(), (form >= 2).then_some(NUMBER), "{form}");
        let now = form == FORMS.len() - 1;
        assert_eq!(
            (head.tenant.as_str(), head.owner.as_str()),
            ("default", if now { "local" } else { "anonymous" })
        );
        assert_eq!((head.deadline_at.is_some(), stored.revision), (now, if now { 3 } else { 1 }));
        assert_eq!(journal.save(&stored.document, stored.revision).await.unwrap(), Put::Done);
        let after = read(&folder, form);
        assert_carried(&before, &after, "", form);
        assert_eq!((&after["kind"], &after["revision"]), (&json!("quotation"), &json!(stored.revision + 1)));
    }
}

#[tokio::test]
async fn every_form_is_taken_up() {
    let (odoo, folder) = (Odoo::start(Options::default()).await, TempDir::new().unwrap());
    let target = Target::server(&odoo.config(ProtocolChoice::Auto, Duration::from_secs(10)));
    (0..FORMS.len()).for_each(|form| write(&folder, &log(form, target.name())));
    let app = TestApp::builder().after((odoo, folder.into())).start().await;
    for form in 0..FORMS.len() {
        let last = app.finished(&format!("quot_form{form}")).await;
        assert_eq!((&last["status"], &last["error"]), (&json!("completed"), &Value::Null), "{form}: {last}");
        let email = format!("form{form}@forms.example");
        Made::by_email(app.sandbox(), &email).assert_exactly_once(&REQUEST_LINES, &email);
    }
}
