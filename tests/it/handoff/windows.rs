//! What a window that was killed still had to tell: whoever holds `LOG_DIR` tells it, once.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mcp_odoo_sandbox::Options;
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FALLBACK, World, customer};
use crate::mcp::stdio_shared::Window;
use crate::support::app::{Odoo, TestApp, request};
use crate::support::process::borrowed;
use crate::support::twilio::{Fault, Twilio};

/// What a window left: the reference of its quotation, and its handoff.
struct Left {
    quotation: String,
    handoff: String,
}

/// The logs in this folder, by the word that their names have.
fn logs(folder: &Path, word: &str) -> Vec<Value> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = names.filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.contains(word) && name.ends_with(".log")
    });
    named.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// A second window on this folder makes a quotation and accepts a handoff, and is killed while both are being told.
async fn killed(folder: &Path, odoo: &Odoo, twilio: &Twilio, fault: Fault, n: usize) -> Left {
    let mut env = twilio.env().to_vec();
    env.push(("VENDEDOR_WHATSAPP", FALLBACK.to_owned()));
    env.push(("LOG_DIR", folder.to_str().unwrap().to_owned()));
    let elsewhere = TempDir::new().unwrap();
    let window = Window::open(elsewhere.path(), odoo, &borrowed(&env)).await;
    let before = twilio.accepted().len();
    twilio.plan(move |_, _| Some(fault));
    let made = window.call("dev_create_quotation", request(&format!("{n}@windows.example"))).await;
    assert_eq!(made["status"], "completed", "{made}");
    let mut body = customer();
    body["conversation_id"] = json!(format!("conv-window-{n}-x"));
    let call =
        CallToolRequestParams::new("message_notification").with_arguments(body.as_object().unwrap().clone());
    let client = window.client.peer().clone();
    let asking = tokio::spawn(async move { client.call_tool(call).await });
    let own = folder.join("stdio-2");
    let handoff = loop {
        let (handoffs, quotations) = (logs(&own, "_sms_"), logs(&own, "_quot_"));
        if let ([handoff], [quotation]) = (handoffs.as_slice(), quotations.as_slice())
            && !handoff["vendor_sms"].is_null()
            && quotation["vendor_sms"].is_string()
        {
            assert_eq!((&handoff["status"], &quotation["status"]), (&json!("queued"), &json!("completed")));
            let notification = &quotation["output"]["notification"];
            assert!(notification["method"].is_string() && notification["sent"] == false, "{quotation}");
            break handoff["handoff_id"].as_str().unwrap().to_owned();
        }
        tokio::task::yield_now().await;
    };
    if fault == Fault::HangAfter {
        twilio.until_accepted(before + 2).await;
    }
    window.kill().await;
    let _ = asking.await.unwrap();
    Left { quotation: made["tracking_id"].as_str().unwrap().to_owned(), handoff }
}

/// Both are told by this service, and were told once.
async fn told(world: &World, left: &Left, n: usize) {
    let told = async {
        loop {
            let handoff = world.app.get_json(&format!("/api/handoff/{}", left.handoff)).await;
            let quotation = world.app.status(&left.quotation).await;
            if handoff["status"] == "sent" && quotation["output"]["notification"]["sent"] == true {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), told).await.expect("both are told");
    for mark in [format!("conv-window-{n}-x"), format!("Ref: {}", left.quotation)] {
        let accepted = world.twilio.accepted();
        assert_eq!(accepted.iter().filter(|message| message.body.contains(&mark)).count(), 1, "{mark}");
    }
    for word in ["_sms_", "_quot_"] {
        assert!(logs(&world.app.log_dir().join("stdio-2"), word).is_empty());
    }
}

/// The first round may be taken in by the look at the start, the second only by a later one.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_folder_tells_it_without_a_restart() {
    let world = World::with(|config| config.tasks.adopt_every = Duration::from_millis(10)).await;
    for (n, fault) in [Fault::CutBefore, Fault::HangAfter].into_iter().enumerate() {
        let left = killed(world.app.log_dir(), &world.app.odoo, &world.twilio, fault, n).await;
        world.twilio.plan(|_, _| None);
        told(&world, &left, n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_the_folder_next_tells_it() {
    let (mut odoo, mut folder) = (Odoo::start(Options::default()).await, Arc::new(TempDir::new().unwrap()));
    let mut twilio = Arc::new(Twilio::start().await);
    for (n, fault) in [Fault::CutBefore, Fault::HangAfter].into_iter().enumerate() {
        let held = File::create(folder.path().join(".lock")).unwrap();
        held.lock().unwrap();
        let left = killed(folder.path(), &odoo, &twilio, fault, n).await;
        held.unlock().unwrap();
        twilio.plan(|_, _| None);
        let world = World::build(twilio, TestApp::builder().after((odoo, folder)), |_| {}).await;
        told(&world, &left, n).await;
        (odoo, folder) = world.app.stop().await;
        twilio = world.twilio;
    }
}
