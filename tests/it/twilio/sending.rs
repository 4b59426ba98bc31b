//! What is sent, and what Twilio makes of it.

use std::collections::BTreeMap;

use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::Channel;
use mcp_odoo_core::twilio::{Account, AccountStatus, Content, Outgoing, Twilio};
use reqwest::Url;

use super::{NUMBER, client, phone, send, text};
use crate::support::twilio::{FROM, Twilio as StandIn};

#[tokio::test]
async fn a_text_arrives_to_the_letter_on_both_channels() {
    let twilio = StandIn::start().await;
    let said = "*Nuevo lead* & más: ¿50 % + IVA?\n_Línea_ = 2; \"comillas\" 😀";
    for (channel, prefix) in [(Channel::Whatsapp, "whatsapp:"), (Channel::Sms, "")] {
        let accepted = send(&client(&twilio, channel), &text(said)).await.unwrap();
        let message = twilio.accepted().pop().unwrap();
        assert_eq!((accepted.sid, accepted.status.as_str()), (message.sid, "queued"));
        assert_eq!(message.body, said);
        assert_eq!(message.to, format!("{prefix}{NUMBER}"));
        assert_eq!(message.from, format!("{prefix}{FROM}"));
        assert_eq!((message.content_sid, message.status_callback), (None, None));
    }
    assert_eq!(twilio.calls(), ["send", "send"]);
}

#[tokio::test]
async fn a_template_is_sent_with_its_variables() {
    let twilio = StandIn::start().await;
    let sid = "HX00112233445566778899aabbccddeeff".to_owned();
    let variables: BTreeMap<String, String> =
        [("1", "Laura \"La Jefa\" & Cía."), ("2", "\\ {{1}}"), ("10", "ñ")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    let content = Content::Template { sid: sid.clone(), variables: variables.clone() };
    send(&client(&twilio, Channel::Whatsapp), &content).await.unwrap();
    let message = twilio.accepted().pop().unwrap();
    assert_eq!((message.content_sid, message.variables), (Some(sid), variables));
}

#[tokio::test]
async fn twilio_is_told_where_to_report_delivery() {
    let twilio = StandIn::start().await;
    let callback = Url::parse("https://mcp.example/api/twilio/status?handoff=a%26b&x=1").unwrap();
    let outgoing = Outgoing { to: &phone(), content: &text("Hola"), status_callback: Some(&callback) };
    client(&twilio, Channel::Whatsapp).send(&outgoing).await.unwrap();
    assert_eq!(twilio.accepted().pop().unwrap().status_callback.as_deref(), Some(callback.as_str()));
}

#[tokio::test]
async fn the_account_is_told() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Sms);
    let cases = [
        ("active", "Full", AccountStatus::Active, false),
        ("active", "Trial", AccountStatus::Active, true),
        ("suspended", "Full", AccountStatus::Suspended, false),
        ("closed", "Full", AccountStatus::Closed, false),
    ];
    for (status, kind, expected, is_trial) in cases {
        twilio.account("status", status);
        twilio.account("type", kind);
        assert_eq!(client.account().await.unwrap(), Account { status: expected, is_trial });
    }
}

#[tokio::test]
async fn nothing_secret_or_personal_is_printed() {
    let twilio = StandIn::start().await;
    let config = twilio.config(Channel::Whatsapp);
    let client = Twilio::new(config.clone()).unwrap();
    send(&client, &text("Llame a Eva Torres")).await.unwrap();
    let listed = client.recent(&phone(), chrono::DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(listed[0].body, "Llame a Eva Torres");
    let content = text("Llame a Eva Torres");
    let to = Phone::parse(NUMBER, CountryCode::default()).unwrap();
    let outgoing = Outgoing { to: &to, content: &content, status_callback: None };
    let template =
        Content::Template { sid: "HX1".to_owned(), variables: [("1".into(), "Eva".into())].into() };
    let printed = format!("{config:?} {client:?} {outgoing:?} {listed:?} {template:?}");
    for hidden in ["geheim", "AC0011", "5558765", "87654321", "4155238", "Eva", "Llame"] {
        assert!(!printed.contains(hidden), "{hidden} in {printed}");
    }
}
