//! The salesperson is told of a quotation: once, and without delaying it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{LAURA, World};
use crate::support::app::request;
use crate::support::odoo::Made;
use crate::support::proxy::Fault as OdooFault;
use crate::support::twilio::Fault;

const EMAIL: &str = "luis@notified.example";

fn quotation() -> Value {
    let mut quotation = request(EMAIL);
    quotation["user_id"] = json!(8);
    quotation
}

impl World {
    /// The notification of a quotation once it is over.
    async fn notification(&self, tracking_id: &str) -> Value {
        loop {
            let notification = self.app.status(tracking_id).await["output"]["notification"].clone();
            if notification["sent"] == true || notification["error"].is_string() {
                return notification;
            }
        }
    }
}

#[tokio::test]
async fn its_salesperson_is_told_what_it_is() {
    let world = World::start().await;
    let quoted = world.app.quote(&quotation()).await;
    let (id, output) = (quoted["tracking_id"].as_str().unwrap(), &quoted["output"]);
    let notification = world.notification(id).await;
    let message = world.twilio.accepted().pop().unwrap();
    assert_eq!(
        notification,
        json!({ "sent": true, "method": "whatsapp", "message_sid": message.sid, "error": null })
    );
    assert_eq!(message.to, format!("whatsapp:{LAURA}"));
    let lines: Vec<&str> = message.body.lines().collect();
    let (order, total) =
        (output["sale_order_name"].as_str().unwrap(), output["amount_total"].as_f64().unwrap());
    let expected = [
        "*Nueva cotización*",
        "*Cliente:* Almacenes Torres (Luis Fernández)",
        "*Teléfono:* +52 155 1234 5678",
        "*Motivo:* Cotización Robot PUDU",
        "*Contexto:* Para restaurante",
        &format!("*Cotización:* {order} ({total:.2} {})", output["currency"].as_str().unwrap()),
    ];
    assert_eq!(lines[..6], expected);
    assert!(lines[6].starts_with("• 2 × ") && lines[6].ends_with("(99.50)"), "{}", lines[6]);
    assert_eq!(lines[8], output["odoo_url"].as_str().unwrap());
    assert_eq!(lines[9], format!("Ref: {id}"));
}

#[tokio::test]
async fn it_neither_delays_nor_fails_the_quotation() {
    for fault in [Fault::HangAfter, Fault::CutBefore, Fault::Refuse(20003)] {
        let world = World::with(|config| {
            config.messages.call_timeout = Duration::from_secs(600);
            config.messages.deadline = Duration::from_millis(200);
        })
        .await;
        world.twilio.plan(move |_, _| Some(fault));
        let quoted = world.app.quote(&quotation()).await;
        assert_eq!(quoted["status"], "completed", "{fault:?}");
        assert_eq!(
            quoted["output"]["notification"],
            json!({ "sent": false, "method": "whatsapp", "message_sid": null, "error": null }),
            "{fault:?}"
        );
        if fault != Fault::HangAfter {
            let notification = world.notification(quoted["tracking_id"].as_str().unwrap()).await;
            assert_eq!(notification["sent"], false, "{fault:?}");
        }
        assert_eq!(world.app.status(quoted["tracking_id"].as_str().unwrap()).await["status"], "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_it_is_sent_once() {
    let passing = [
        Fault::RateLimited(None),
        Fault::ServerError(500),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::HangAfter,
    ];
    for fault in passing {
        for failing in [1, 2, 3] {
            let world = World::start().await;
            world.twilio.plan(move |n, _| (n <= failing).then_some(fault));
            let quoted = world.app.quote(&quotation()).await;
            let notification = world.notification(quoted["tracking_id"].as_str().unwrap()).await;
            let accepted = world.twilio.accepted();
            assert_eq!(accepted.len(), 1, "{fault:?} at {failing}: {:?}", world.twilio.calls());
            assert_eq!(notification["message_sid"], accepted[0].sid, "{fault:?} at {failing}");
        }
    }
}

#[tokio::test]
async fn odoo_down_after_the_quotation_sends_it_to_the_fallback() {
    let world = World::start().await;
    world.app.proxy().plan(|_, call| (call == "res.users.read").then_some(OdooFault::Refuse));
    let quoted = world.app.quote(&quotation()).await;
    let notification = world.notification(quoted["tracking_id"].as_str().unwrap()).await;
    assert_eq!(notification["sent"], true);
    assert_eq!(world.twilio.accepted()[0].to, format!("whatsapp:{}", super::FALLBACK));
    Made::by_email(world.app.sandbox(), EMAIL).assert_exactly_once(&crate::support::app::REQUEST_LINES, "");
}

#[tokio::test]
async fn what_a_stopped_process_could_not_send_the_next_one_does() {
    for taken_before in [false, true] {
        let world = World::start().await;
        let fault = if taken_before { Fault::CutAfter } else { Fault::CutBefore };
        world.twilio.plan(move |n, _| Some(if n == 1 { fault } else { Fault::ServerError(503) }));
        let quoted = world.app.quote(&quotation()).await;
        let id = quoted["tracking_id"].as_str().unwrap();
        if taken_before {
            world.twilio.until_accepted(1).await;
        }
        let world = {
            let (twilio, earlier) = (world.twilio, world.app.stop().await);
            twilio.plan(|_, _| None);
            World::after(twilio, earlier).await
        };
        let notification = world.notification(id).await;
        let accepted = world.twilio.accepted();
        assert_eq!(accepted.len(), 1, "taken before: {taken_before}");
        assert_eq!(notification["message_sid"], accepted[0].sid);
        assert_eq!(world.twilio.calls()[0], "list", "what may have been sent is looked up first");
    }
}

#[tokio::test]
async fn a_failed_quotation_is_told_to_nobody() {
    let world = World::start().await;
    let mut quotation = quotation();
    quotation["products"] = json!([{ "product_id": 999_999 }]);
    let quoted = world.app.quote(&quotation).await;
    assert_eq!(quoted["status"], "failed");
    assert_eq!(quoted["output"]["notification"]["method"], Value::Null);
    let (twilio, _) = (world.twilio.clone(), world.app.stop().await);
    assert!(twilio.calls().is_empty());
}

/// The log folder is lost; the key leads to the quotation that stands, of which its salesperson was told.
#[tokio::test]
async fn nobody_is_told_again_of_a_quotation_that_stood_before() {
    let world = World::start().await;
    let id = world.app.accepted(&quotation(), Some("told once")).await;
    world.app.finished(&id).await;
    world.notification(&id).await;
    let (odoo, _) = world.app.stop().await;
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let World { app, twilio } = World::after(world.twilio, (odoo, folder)).await;
    let again = app.accepted(&quotation(), Some("told once")).await;
    let status = app.finished(&again).await;
    assert_eq!(status["output"]["steps"]["sale_order"], "existing", "{status}");
    assert_eq!(status["output"]["notification"]["method"], Value::Null, "{status}");
    assert_eq!(twilio.accepted().len(), 1);
    Made::by_email(app.sandbox(), EMAIL)
        .assert_exactly_once(&crate::support::app::REQUEST_LINES, "told once");
}
