//! What Twilio reports of a message.

use std::time::Duration;

use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};

use super::{World, customer};
use crate::support::app::request;
use crate::support::twilio::{Fault, Message};

/// The service as Twilio sees it, behind a proxy that adds a path.
const PUBLIC: &str = "https://quotes.company.example/mcp-odoo";

async fn world() -> World {
    World::with(|config| config.messages.public_url = Some(Url::parse(PUBLIC).unwrap())).await
}

impl World {
    /// As Twilio does, at the address that the message was sent with.
    async fn report(&self, message: &Message, status: &str, code: Option<u32>) -> Response {
        let signed = message.status_callback.clone().unwrap();
        let url = signed.replace(PUBLIC, &self.app.url);
        self.twilio.callback(&signed, &url, message, status, code).await
    }
}

#[tokio::test]
async fn a_handoff_tells_whether_it_was_delivered_and_read() {
    let mut world = world().await;
    let answer = world.sent(&customer()).await;
    let message = world.twilio.accepted().pop().unwrap();
    let id = answer["handoff_id"].as_str().unwrap();
    assert_eq!(
        message.status_callback.clone().unwrap(),
        format!("{PUBLIC}/api/twilio/status?reference={id}")
    );
    // In any order, twice, and after a restart: it never goes back.
    for (reported, told) in [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("read", "read"),
        ("delivered", "read"),
    ] {
        assert_eq!(world.report(&message, reported, None).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(world.status(&answer).await["status"], told, "after {reported}");
        assert_eq!(world.log(&answer)["status"], told);
        if reported == "delivered" && told == "delivered" {
            let (twilio, earlier) = (world.twilio.clone(), world.app.stop().await);
            let public = |config: &mut mcp_odoo::config::Config| {
                config.messages.public_url = Some(Url::parse(PUBLIC).unwrap());
            };
            world =
                World::build(twilio, crate::support::app::TestApp::builder().after(earlier), public).await;
        }
    }
    let status = world.status(&answer).await;
    assert_eq!(status["message_sid"], message.sid);
    // Whole: an id of Twilio's may have any four digits.
    for said in ["1234 5678", "12345678", "Torres", "descuento"] {
        assert!(!status.to_string().contains(said), "what the customer said is not told: {status}");
    }
}

#[tokio::test]
async fn why_it_was_not_delivered_is_told_in_plain_words() {
    let world = world().await;
    let answer = world.sent(&customer()).await;
    let message = world.twilio.accepted().pop().unwrap();
    world.report(&message, "undelivered", Some(63016)).await;
    let status = world.status(&answer).await;
    assert_eq!((&status["status"], &status["error_code"]), (&json!("undelivered"), &json!("twilio_63016")));
    let error = status["error"].as_str().unwrap();
    assert!(error.contains("24 horas") && error.contains("TWILIO_CONTENT_SID"), "{error}");
    let (code, again) = world.hand_off(&customer()).await;
    assert_eq!((code, &again["status"]), (StatusCode::OK, &json!("undelivered")), "{again}");
    assert_eq!(again["message"], status["error"]);
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn a_report_says_that_twilio_took_a_message_whose_answer_was_lost() {
    let world = world().await;
    // Sent, the answer lost, and the look-up fails until the report is there.
    world.twilio.plan(|n, call| match call {
        "send" if n == 1 => Some(Fault::HangAfter),
        "list" => Some(Fault::ServerError(500)),
        _ => None,
    });
    let body = customer();
    let asking = world.hand_off(&body);
    let reporting = async {
        world.twilio.until_accepted(1).await;
        let message = world.twilio.accepted().pop().unwrap();
        assert_eq!(world.report(&message, "sent", None).await.status(), StatusCode::NO_CONTENT);
        message
    };
    let ((status, answer), message) = tokio::join!(asking, reporting);
    assert_eq!((status, &answer["message_sid"]), (StatusCode::OK, &json!(message.sid)), "{answer}");
    assert_eq!(world.twilio.accepted().len(), 1);
}

#[tokio::test]
async fn a_quotation_tells_that_its_message_was_not_delivered() {
    let world = world().await;
    let quoted = world.app.quote(&request("luis@report.example")).await;
    let id = quoted["tracking_id"].as_str().unwrap();
    world.twilio.until_accepted(1).await;
    while world.app.status(id).await["output"]["notification"]["sent"] != true {}
    let message = world.twilio.accepted().pop().unwrap();
    world.report(&message, "delivered", None).await;
    assert_eq!(world.app.status(id).await["output"]["notification"]["sent"], true);
    world.report(&message, "undelivered", Some(63016)).await;
    let status = world.app.status(id).await;
    let notification = &status["output"]["notification"];
    assert_eq!((&notification["sent"], &notification["message_sid"]), (&json!(false), &json!(message.sid)));
    assert!(notification["error"].as_str().unwrap().contains("24 horas"), "{notification}");
    assert_eq!(status["status"], "completed");
}

/// The next process cannot look it up, and is told by Twilio.
#[tokio::test]
async fn a_report_settles_what_an_earlier_process_may_have_sent() {
    let world = world().await;
    world.twilio.plan(|n, _| Some(if n == 1 { Fault::CutAfter } else { Fault::ServerError(503) }));
    let quoted = world.app.quote(&request("luis@resumed.example")).await;
    let id = quoted["tracking_id"].as_str().unwrap();
    world.twilio.until_accepted(1).await;
    let (twilio, earlier) = (world.twilio, world.app.stop().await);
    // Long enough for a slow machine to start the next process before it has passed.
    let deadline = Duration::from_secs(5);
    let change = |config: &mut mcp_odoo::config::Config| {
        config.messages.public_url = Some(Url::parse(PUBLIC).unwrap());
        config.messages.deadline = deadline;
    };
    let app = crate::support::app::TestApp::builder().after(earlier);
    let world = World::build(twilio, app, change).await;
    let message = world.twilio.accepted().pop().unwrap();
    assert_eq!(world.report(&message, "sent", None).await.status(), StatusCode::NO_CONTENT);
    let began = std::time::Instant::now();
    while began.elapsed() < deadline + deadline / 2 {
        let notification = world.app.status(id).await["output"]["notification"].clone();
        assert_eq!((&notification["sent"], &notification["error"]), (&json!(true), &Value::Null));
        assert_eq!(notification["message_sid"], message.sid);
    }
}

#[tokio::test]
async fn what_twilio_did_not_sign_changes_nothing() {
    let world = world().await;
    let answer = world.sent(&customer()).await;
    let message = world.twilio.accepted().pop().unwrap();
    let signed = message.status_callback.clone().unwrap();
    let url = signed.replace(PUBLIC, &world.app.url);
    let wrong = [
        world
            .twilio
            .callback("https://elsewhere.example/api/twilio/status", &url, &message, "read", None)
            .await,
        world.twilio.callback(&signed, &format!("{url}0"), &message, "read", None).await,
        world.app.client.post(&url).body("MessageSid=SM1&MessageStatus=read").send().await.unwrap(),
    ];
    for response in wrong {
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "invalid_signature");
    }
    assert_eq!(world.status(&answer).await["status"], "sent");
}

#[tokio::test]
async fn a_report_on_what_is_not_known_here_is_taken_and_dropped() {
    let world = world().await;
    let mut message = Message::new("whatsapp:+525512345678", "x");
    for reference in ["sms_1769767200_3f2a9c0d", "quot_0", "", "other"] {
        message.status_callback = Some(format!("{PUBLIC}/api/twilio/status?reference={reference}"));
        assert_eq!(
            world.report(&message, "read", None).await.status(),
            StatusCode::NO_CONTENT,
            "{reference}"
        );
    }
    assert!(world.app.logs().is_empty());
}

#[tokio::test]
async fn without_a_public_address_twilio_is_not_asked_to_report() {
    let world = World::with(|config| config.messages.answer_within = Duration::from_secs(30)).await;
    world.sent(&customer()).await;
    assert_eq!(world.twilio.accepted()[0].status_callback, None);
    let response =
        world.app.client.post(format!("{}/api/twilio/status", world.app.url)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.text().await.unwrap().contains("PUBLIC_URL"));
}
