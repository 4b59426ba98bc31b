//! The disk refuses in the middle of a handoff.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{World, customer};
use crate::support::proxy::Fault as OdooFault;
use crate::support::twilio::Fault;

/// The log folder, out of the service's reach.
struct Away {
    folder: PathBuf,
    aside: PathBuf,
}

impl Away {
    fn take(world: &World) -> Self {
        let folder = world.app.log_dir().to_owned();
        let aside = folder.with_extension("away");
        std::fs::rename(&folder, &aside).unwrap();
        Self { folder, aside }
    }

    fn bring_back(self) {
        std::fs::rename(self.aside, self.folder).unwrap();
    }
}

impl World {
    pub(super) async fn until_logged(&self, status: &str) {
        let read = || {
            let log = self.app.logs().pop().and_then(|path| std::fs::read(path).ok());
            log.and_then(|log| serde_json::from_slice::<Value>(&log).ok())
        };
        let logged = async {
            while read().is_none_or(|log| log["status"] != status) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), logged).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_it_ended_is_written_when_the_disk_is_back() {
    let world = World::start().await;
    world.twilio.fail_at(1, Fault::Delay(Duration::from_millis(100)));
    let body = customer();
    let taking = async {
        world.twilio.until_accepted(1).await;
        Away::take(&world)
    };
    let (answer, away) = tokio::join!(world.sent(&body), taking);
    away.bring_back();
    world.until_logged("sent").await;
    assert_eq!(world.log(&answer)["message_sid"], world.twilio.accepted()[0].sid);
    assert_eq!(world.status(&answer).await["status"], "sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_sent_before_is_not_forgotten() {
    let world = World::with(|config| {
        config.messages.deadline = Duration::from_millis(100);
        config.messages.odoo_within = Duration::from_millis(500);
    })
    .await;
    world.twilio.plan(|n, _| Some(if n == 1 { Fault::CutAfter } else { Fault::ServerError(503) }));
    let (_, problem) = world.hand_off(&customer()).await;
    assert_eq!(problem["code"], "outcome_unknown", "{problem}");

    // The repeat cannot write to whom it goes.
    world.twilio.plan(|_, _| None);
    world.app.proxy().plan(|_, _| Some(OdooFault::Late));
    let body = customer();
    let taking = async {
        world.until_logged("queued").await;
        Away::take(&world)
    };
    let ((status, problem), away) = tokio::join!(world.hand_off(&body), taking);
    let told = (status, &problem["code"]);
    assert_eq!(told, (StatusCode::BAD_GATEWAY, &json!("outcome_unknown")), "{problem}");
    away.bring_back();
    world.until_logged("failed").await;

    world.app.proxy().plan(|_, _| None);
    let answer = loop {
        // The first try ends a moment after its log says so.
        if let (StatusCode::OK, answer) = world.hand_off(&customer()).await {
            break answer;
        }
    };
    assert_eq!(world.twilio.accepted().len(), 1);
    assert_eq!(answer["message_sid"], world.twilio.accepted()[0].sid);
}

/// As a disk leaves it that kept a log and said that it did not.
#[tokio::test]
async fn one_on_disk_that_nobody_sends_is_sent_by_its_repeat() {
    let world = World::start().await;
    let first = world.sent(&customer()).await;
    let mut log = world.log(&first);
    (log["status"], log["message_sid"]) = (json!("queued"), Value::Null);
    std::fs::write(world.app.logs().pop().unwrap(), log.to_string()).unwrap();
    assert_eq!(world.sent(&customer()).await, first);
    assert_eq!(world.twilio.accepted().len(), 1);
}
