//! Every way to fail, its class, and what people are told.

use std::time::Duration;

use mcp_odoo_core::language::Language::{En, Es};
use mcp_odoo_core::twilio::{Channel, TwilioConfig};
use mcp_odoo_core::twilio::{Twilio, TwilioError, texts};
use reqwest::Url;

use super::{NUMBER, client, phone, send, text};
use crate::support::twilio::{Fault, Twilio as StandIn};

/// The number, its status, and a word of what people read.
const REFUSED: [(u32, u16, &str, &str); 21] = [
    (
        20003,
        401,
        "revise TWILIO_ACCOUNT_SID y TWILIO_AUTH_TOKEN",
        "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    ),
    (20005, 403, "no está activa", "is not active"),
    (20404, 404, "TWILIO_API_BASE", "TWILIO_API_BASE"),
    (21211, 400, "corríjalo en Odoo", "correct it in Odoo"),
    (21212, 400, "TWILIO_WHATSAPP_FROM", "TWILIO_WHATSAPP_FROM"),
    (21408, 400, "Geo permissions", "Geo permissions"),
    (21606, 400, "TWILIO_SMS_FROM", "TWILIO_SMS_FROM"),
    (21608, 400, "números verificados", "verified numbers only"),
    (21609, 400, "URL pública", "public URL"),
    (21610, 400, "responder START", "reply START"),
    (21614, 400, "no recibe mensajes", "takes no messages"),
    (21617, 400, "1600 caracteres", "1600 characters"),
    (21656, 400, "no corresponden a la plantilla", "do not fit the template"),
    (21910, 400, "este canal", "this channel"),
    (63003, 400, "usa WhatsApp", "uses WhatsApp"),
    (63007, 400, "revise TWILIO_WHATSAPP_FROM", "check TWILIO_WHATSAPP_FROM"),
    (63015, 400, "no se ha unido al sandbox", "has not joined the WhatsApp sandbox"),
    (63016, 400, "24 horas", "24 hours"),
    (63032, 400, "Meta decidió no entregar", "Meta chose not to deliver"),
    (63049, 400, "Meta decidió no entregar", "Meta chose not to deliver"),
    (55555, 400, "Something else is wrong; vea https://www.twilio.com/docs/api/errors/55555", "see https://"),
];

#[tokio::test]
async fn every_refusal_is_told_in_plain_words() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    for (number, http, es, en) in REFUSED {
        twilio.fail_at(1, Fault::Refuse(number));
        let error = send(&client, &text("Hola")).await.unwrap_err();
        let TwilioError::Refused { code, status, more_info, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*code, *status), (number, http));
        assert_eq!(
            more_info.as_deref(),
            Some(format!("https://www.twilio.com/docs/errors/{number}").as_str())
        );
        assert_eq!(error.code(), format!("twilio_{number}"));
        assert!(!error.is_transient() && !error.outcome_unknown() && error.retry_after().is_none());
        assert!(error.sentence(Es).contains(es), "{}", error.sentence(Es));
        assert!(error.sentence(En).contains(en), "{}", error.sentence(En));
        assert!(error.sentence(En).contains(&number.to_string()), "{}", error.sentence(En));
        let told = format!("{error} {error:?} {} {}", error.sentence(Es), error.sentence(En));
        assert!(!told.contains(NUMBER) && !told.contains("geheim"), "{told}");
    }
    assert!(twilio.accepted().is_empty());
}

#[tokio::test]
async fn the_free_text_window_names_the_remedy() {
    for language in [Es, En] {
        let said = texts::undelivered(63016, language);
        assert!(said.contains("Content Template") && said.contains("TWILIO_CONTENT_SID"), "{said}");
    }
    assert!(texts::undelivered(99999, En).ends_with("https://www.twilio.com/docs/api/errors/99999"));
}

#[tokio::test]
async fn a_phone_number_in_twilios_words_is_shortened() {
    let twilio = StandIn::start().await;
    twilio.fail_at(1, Fault::Refuse(21211));
    let error = send(&client(&twilio, Channel::Whatsapp), &text("Hola")).await.unwrap_err();
    let said =
        "Twilio refused this with HTTP 400, error 21211: The 'To' number +52…21 is not a valid phone number.";
    assert_eq!(error.to_string(), said);
}

#[tokio::test]
async fn what_the_stand_in_refuses_by_itself_is_what_twilio_refuses() {
    let twilio = StandIn::start().await;
    let refused = async |config: TwilioConfig, said: &str| {
        let error = send(&Twilio::new(config).unwrap(), &text(said)).await.unwrap_err();
        error.code()
    };
    let good = twilio.config(Channel::Whatsapp);
    let wrong_token = TwilioConfig { auth_token: "wrong".into(), ..good.clone() };
    assert_eq!(refused(wrong_token, "Hola").await, "twilio_20003");
    let account_sid = "ACffffffffffffffffffffffffffffffff".to_owned();
    assert_eq!(refused(TwilioConfig { account_sid, ..good.clone() }, "Hola").await, "twilio_20003");
    assert_eq!(refused(TwilioConfig { from: phone(), ..good.clone() }, "Hola").await, "twilio_63007");
    let sms = twilio.config(Channel::Sms);
    assert_eq!(refused(TwilioConfig { from: phone(), ..sms }, "Hola").await, "twilio_21606");
    assert_eq!(refused(good.clone(), &"ñ".repeat(1601)).await, "twilio_21617");
    assert_eq!(refused(good.clone(), "").await, "twilio_21619");
    assert!(send(&Twilio::new(good).unwrap(), &text(&"ñ".repeat(1600))).await.is_ok());
    assert_eq!(twilio.accepted().len(), 1);
}

#[tokio::test]
async fn too_many_requests_say_how_long_to_wait() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    let day = Duration::from_secs(24 * 3600);
    let cases = [
        (Fault::RateLimited(Some(7)), Some(Duration::from_secs(7))),
        (Fault::RateLimited(Some(u64::MAX)), Some(day)),
        (Fault::RateLimited(None), None),
        (Fault::Refuse(20429), None),
        (Fault::Refuse(63018), None),
    ];
    for (fault, pause) in cases {
        twilio.fail_at(1, fault);
        let error = send(&client, &text("Hola")).await.unwrap_err();
        assert_eq!(error, TwilioError::RateLimited { retry_after: pause });
        assert_eq!((error.retry_after(), error.code().as_str()), (pause, "twilio_rate_limited"));
        assert!(error.is_transient() && !error.outcome_unknown());
    }
    assert!(twilio.accepted().is_empty());
}

#[tokio::test]
async fn how_long_to_wait_may_be_a_date() {
    let twilio = StandIn::start().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let told = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let answer = {
        let told = std::sync::Arc::clone(&told);
        move || {
            let date = told.lock().unwrap().clone();
            async move { (axum::http::StatusCode::SERVICE_UNAVAILABLE, [("retry-after", date)]) }
        }
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = Twilio::new(TwilioConfig { api_base, ..twilio.config(Channel::Sms) }).unwrap();
    let retry_after = async |date: String| {
        *told.lock().unwrap() = date;
        send(&client, &text("Hola")).await.unwrap_err().retry_after()
    };
    let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(5);
    let pause = retry_after(soon.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).await.unwrap();
    assert!(pause > Duration::from_secs(200) && pause <= Duration::from_secs(300), "{pause:?}");
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()).await, Some(Duration::ZERO));
    assert_eq!(retry_after("soon".to_owned()).await, None);
    assert_eq!(retry_after("-1".to_owned()).await, None);
}

#[tokio::test]
async fn what_may_have_been_sent_is_told_from_what_was_not() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    let cases = [
        (Fault::ServerError(500), "twilio_unavailable", false),
        (Fault::ServerError(503), "twilio_unavailable", false),
        (Fault::BadGateway, "twilio_unavailable", true),
        (Fault::CutBefore, "twilio_connection_lost", false),
        (Fault::CutAfter, "twilio_connection_lost", true),
        (Fault::HangAfter, "twilio_timeout", true),
        (Fault::Garbage, "twilio_malformed_answer", true),
    ];
    for (fault, code, accepted) in cases {
        let before = twilio.accepted().len();
        twilio.fail_at(1, fault);
        let error = send(&client, &text("Hola, Eva")).await.unwrap_err();
        assert_eq!(error.code(), code, "{fault:?}");
        assert!(error.is_transient() && error.outcome_unknown(), "{fault:?}");
        assert_eq!(twilio.accepted().len() - before, usize::from(accepted), "{fault:?}");
        assert_eq!(twilio.calls(), ["send"], "the client tries nothing twice: {fault:?}");
        assert!(!format!("{error} {error:?} {}", error.sentence(Es)).contains("geheim"));
    }
    twilio.fail_at(1, Fault::Delay(Duration::from_millis(50)));
    assert!(send(&client, &text("Hola")).await.is_ok());
}

#[tokio::test]
async fn nobody_there_is_surely_not_sent_and_works_again_later() {
    let twilio = StandIn::start().await;
    let client = client(&twilio, Channel::Whatsapp);
    // A connection is kept, and must not make the outcome unknown.
    send(&client, &text("uno")).await.unwrap();
    twilio.stop().await;
    let error = send(&client, &text("dos")).await.unwrap_err();
    assert_eq!(error.code(), "twilio_unreachable", "{error}");
    assert!(error.is_transient() && !error.outcome_unknown());
    assert!(!error.to_string().contains(&twilio.address.to_string()), "{error}");
    twilio.restart().await;
    send(&client, &text("tres")).await.unwrap();
    let bodies: Vec<String> = twilio.accepted().into_iter().map(|message| message.body).collect();
    assert_eq!(bodies, ["uno", "tres"]);
}

#[tokio::test]
async fn another_server_than_twilio_is_named() {
    let twilio = StandIn::start().await;
    let api_base = Url::parse(&format!("http://{}/elsewhere", twilio.address)).unwrap();
    let config = TwilioConfig { api_base, ..twilio.config(Channel::Sms) };
    // The path of the API begins at the root.
    assert!(send(&Twilio::new(config).unwrap(), &text("Hola")).await.is_ok());
    let silent = axum::Router::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, silent).await });
    let config = TwilioConfig { api_base, ..twilio.config(Channel::Sms) };
    let error = send(&Twilio::new(config).unwrap(), &text("Hola")).await.unwrap_err();
    assert_eq!(error.code(), "twilio_http_404");
    assert!(error.sentence(En).contains("TWILIO_API_BASE"), "{}", error.sentence(En));
    assert!(!error.outcome_unknown() && !error.is_transient());
}
