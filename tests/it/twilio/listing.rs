//! Finding out what Twilio took over when nobody knows.

use std::collections::BTreeSet;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use mcp_odoo_core::twilio::Channel;
use mcp_odoo_core::twilio::{Twilio, TwilioError};

use super::{NUMBER, client, phone, send, text};
use crate::support::twilio::{Fault, Message, Twilio as StandIn};

/// As Twilio tells it, to the second.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_while_it_still_waits() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    for fault in [Fault::CutAfter, Fault::HangAfter, Fault::Garbage, Fault::BadGateway] {
        let since = Utc::now();
        twilio.fail_at(1, fault);
        let said = format!("Handoff {fault:?}\ncon salto");
        assert!(send(&client, &text(&said)).await.unwrap_err().outcome_unknown());
        let message = twilio.accepted().pop().unwrap();
        assert_eq!(message.sent, None, "it waits in the queue");
        let listed = client.recent(&phone(), since).await.unwrap();
        let found = listed.iter().find(|listed| listed.body == said).unwrap();
        assert_eq!((&found.sid, found.status.as_str(), found.error_code), (&message.sid, "queued", None));
        assert!(found.date_created >= since.trunc_subsecs(0));
    }
}

#[tokio::test]
async fn a_message_whose_sender_was_stopped_is_found() {
    let twilio = StandIn::start().await;
    let client = Twilio::new(twilio.config(Channel::Whatsapp)).unwrap();
    let since = now();
    twilio.fail_at(1, Fault::HangAfter);
    let sending = tokio::spawn({
        let client = client.clone();
        async move { send(&client, &text("Hola")).await }
    });
    twilio.until_accepted(1).await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    let listed = client.recent(&phone(), since).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.body.as_str()).collect::<Vec<_>>(), ["Hola"]);
}

#[tokio::test]
async fn only_that_number_on_that_channel_and_since_then() {
    let twilio = StandIn::start().await;
    let (now, minute) = (now(), TimeDelta::minutes(1));
    let old = Message {
        created: now - minute,
        sent: Some(now - minute),
        ..Message::new("whatsapp:+5215587654321", "old")
    };
    let other = Message::new("whatsapp:+5215500000000", "other");
    let sms = Message::new(NUMBER, "sms");
    let failed = Message {
        created: now,
        sent: Some(now),
        status: "undelivered".to_owned(),
        error_code: Some(63016),
        ..Message::new("whatsapp:+5215587654321", "failed")
    };
    twilio.messages(|messages| messages.extend([old, other, sms, failed]));
    let listed = client(&twilio, Channel::Whatsapp).recent(&phone(), now).await.unwrap();
    let [failed] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((failed.body.as_str(), failed.status.as_str()), ("failed", "undelivered"));
    assert_eq!((failed.error_code, failed.date_created), (Some(63016), now));
    let listed = client(&twilio, Channel::Sms).recent(&phone(), now).await.unwrap();
    assert_eq!(listed.iter().map(|listed| listed.body.as_str()).collect::<Vec<_>>(), ["sms"]);
}

#[tokio::test]
async fn every_page_is_read_until_older_ones_come() {
    let twilio = StandIn::start().await;
    let now = now();
    let to = format!("whatsapp:{NUMBER}");
    let message = |age: i64| {
        let at = now - TimeDelta::seconds(age);
        Message { created: at, sent: Some(at), ..Message::new(&to, &age.to_string()) }
    };
    twilio.messages(|messages| messages.extend((0..40).map(message)));
    twilio.largest_page(3);
    let client = client(&twilio, Channel::Whatsapp);
    let listed = client.recent(&phone(), now - TimeDelta::seconds(9)).await.unwrap();
    let bodies: BTreeSet<u32> = listed.iter().map(|listed| listed.body.parse().unwrap()).collect();
    assert_eq!(bodies, (0..=9).collect());
    assert_eq!(twilio.calls().len(), 4, "the fourth page has an older one");
    // What cannot be looked through is not said to be absent.
    let error = client.recent(&phone(), now - TimeDelta::seconds(30)).await.unwrap_err();
    assert_eq!(error.code(), "twilio_malformed_answer");
    twilio.largest_page(8);
    assert_eq!(client.recent(&phone(), DateTime::UNIX_EPOCH).await.unwrap().len(), 40);
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_host() {
    let (twilio, other) = (StandIn::start().await, StandIn::start().await);
    let to = format!("whatsapp:{NUMBER}");
    twilio.messages(|messages| messages.extend((0..3).map(|_| Message::new(&to, "Hola"))));
    twilio.largest_page(1);
    for host in [format!("http://{}", other.address), "//evil.example".to_owned()] {
        twilio.next_page_host(&host);
        let error = client(&twilio, Channel::Whatsapp).recent(&phone(), now()).await.unwrap_err();
        assert_eq!(error, TwilioError::Malformed("the next page is elsewhere".to_owned()));
    }
    assert!(other.calls().is_empty());
}

#[tokio::test]
async fn a_failure_of_the_list_is_told() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    let cases = [
        (Fault::Refuse(20003), "twilio_20003"),
        (Fault::RateLimited(Some(1)), "twilio_rate_limited"),
        (Fault::ServerError(503), "twilio_unavailable"),
        (Fault::CutAfter, "twilio_connection_lost"),
        (Fault::HangAfter, "twilio_timeout"),
        (Fault::Garbage, "twilio_malformed_answer"),
    ];
    for (fault, code) in cases {
        twilio.fail_at(1, fault);
        assert_eq!(client.recent(&phone(), now()).await.unwrap_err().code(), code);
        twilio.fail_at(1, fault);
        assert_eq!(client.account().await.unwrap_err().code(), code);
    }
}
