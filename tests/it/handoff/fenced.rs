//! Who has lost a piece of work to another worker sends nothing.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::{World, customer};
/// As another worker does that takes the work over.
fn take_over(world: &World) -> Value {
    let path = world.app.logs().pop().unwrap();
    let mut log: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    log["revision"] = json!(log["revision"].as_u64().unwrap() + 1);
    let beside = path.with_extension("new");
    fs::write(&beside, log.to_string()).unwrap();
    fs::rename(beside, &path).unwrap();
    log
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_that_another_worker_has_is_not_sent() {
    let world = World::with(|config| config.messages.answer_within = Duration::from_millis(500)).await;
    let (taken, odoo) = std::sync::mpsc::channel::<()>();
    // Odoo says who it is for when the log is another one's.
    world.app.proxy().plan(move |_, _| {
        let _ = odoo.recv();
        None
    });
    let body = customer();
    let taking = async {
        world.until_logged("queued").await;
        let log = take_over(&world);
        drop(taken);
        log
    };
    let ((_, answer), log) = tokio::join!(world.hand_off(&body), taking);
    assert_eq!(answer["status"], "queued", "what comes of it is for the other one to say: {answer}");
    let earlier = world.app.stop().await;
    assert!(world.twilio.accepted().is_empty());
    let path = fs::read_dir(earlier.1.path()).unwrap().map(|entry| entry.unwrap().path());
    let path = path.filter(|path| path.extension().is_some_and(|end| end == "log")).last().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap(), log);
}
