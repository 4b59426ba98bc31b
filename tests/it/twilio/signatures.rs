//! Who may call: requests signed by Twilio and by ElevenLabs.

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use mcp_odoo_core::elevenlabs;
use mcp_odoo_core::twilio::signature;
use secrecy::SecretString;
use sha2::Sha256;

use crate::support::twilio::{self, Message, TOKEN, Twilio as StandIn};

/// The worked example of Twilio's documentation and of its libraries' tests.
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
const FORM: [(&str, &str); 5] = [
    ("Digits", "1234"),
    ("To", "+18005551212"),
    ("From", "+14158675309"),
    ("Caller", "+14158675309"),
    ("CallSid", "CA1234567890ABCDE"),
];

fn owned(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn twilio_says(url: &str, form: &[(&str, &str)], signature: &str) -> Result<(), signature::SignatureError> {
    signature::verify(&"12345".into(), url, &owned(form), Some(signature))
}

#[test]
fn twilios_worked_examples_are_valid() {
    assert_eq!(twilio_says(URL, &FORM, SIGNATURE), Ok(()));
    // The order in the body does not matter.
    let mut form = FORM;
    form.reverse();
    assert_eq!(twilio_says(URL, &form, SIGNATURE), Ok(()));
    // A name given twice: both values count, sorted, each once.
    let twice = [
        ("Sid", "CA123"),
        ("SidAccount", "AC123"),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    ];
    assert_eq!(twilio_says(URL, &twice, "IK+Dwps556ElfBT0I3Rgjkr1wJU="), Ok(()));
}

#[test]
fn twilio_may_leave_out_the_port_or_put_in_the_usual_one() {
    // Of the tests of Twilio's libraries.
    let url = "http://MyCompany.com/myapp.php?foo=1&bar=2";
    assert_eq!(twilio_says(url, &FORM, "XY7AlKOKL6im4yWyX84gldUrtis="), Ok(()));
    for (signed, ours) in [
        ("https://a.example/x?y=1", "https://a.example:8443/x?y=1"),
        ("https://a.example:443/x", "https://a.example/x"),
        ("https://a.example", "https://a.example:443"),
        ("http://[::1]/x", "http://[::1]:8000/x"),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ] {
        assert_eq!(twilio_says(ours, &FORM, &twilio::signature("12345", signed, &FORM)), Ok(()), "{ours}");
    }
    for (signed, ours) in [
        ("https://a.example:8443/x", "https://a.example:9443/x"),
        ("https://a.example:8443/x", "https://a.example/x"),
        ("https://a.example/x:1", "https://a.example/x"),
    ] {
        let signature = twilio::signature("12345", signed, &FORM);
        assert!(twilio_says(ours, &FORM, &signature).is_err(), "{ours}");
    }
}

#[test]
fn any_change_breaks_twilios_signature() {
    use signature::SignatureError::{Malformed, Mismatch, Missing};
    for url in ["https://mycompany.com/myapp.php?foo=1&bar=3", "http://mycompany.com/myapp.php?foo=1&bar=2"] {
        assert_eq!(twilio_says(url, &FORM, SIGNATURE), Err(Mismatch));
    }
    for i in 0..FORM.len() {
        let mut changed = FORM;
        changed[i].1 = "changed";
        assert_eq!(twilio_says(URL, &changed, SIGNATURE), Err(Mismatch));
        let mut less = FORM.to_vec();
        less.remove(i);
        assert_eq!(twilio_says(URL, &less, SIGNATURE), Err(Mismatch));
    }
    let other = signature::verify(&"12346".into(), URL, &owned(&FORM), Some(SIGNATURE));
    assert_eq!(other, Err(Mismatch));
    assert_eq!(twilio_says(URL, &FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B9="), Err(Malformed));
    assert_eq!(twilio_says(URL, &FORM, "SSOYDt4T1cUTdK1PDd93/VVr8B8="), Err(Mismatch));
    for malformed in ["", "no base64!", "RSOY", "王", &"A".repeat(100_000)] {
        assert_eq!(twilio_says(URL, &FORM, malformed), Err(Malformed));
    }
    assert_eq!(signature::verify(&"12345".into(), URL, &owned(&FORM), None), Err(Missing));
}

#[tokio::test]
async fn a_status_callback_of_the_stand_in_is_signed_as_it_arrives() {
    let (send, mut received) = tokio::sync::mpsc::channel(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/twilio/status?handoff=a%26b", listener.local_addr().unwrap());
    let take = axum::routing::post(move |headers: axum::http::HeaderMap, body: String| async move {
        send.send((headers, body)).await.unwrap();
    });
    let router = axum::Router::new().route("/api/twilio/status", take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let twilio = StandIn::start().await;
    let message = Message::new("whatsapp:+5215587654321", "Hola");
    for (status, error_code) in [("delivered", None), ("undelivered", Some(63016))] {
        let answer = twilio.callback(&url, &url, &message, status, error_code).await;
        assert!(answer.status().is_success());
        let (headers, body) = received.recv().await.unwrap();
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        assert!(form.contains(&("MessageStatus".to_owned(), status.to_owned())));
        let signature = headers[signature::HEADER].to_str().unwrap();
        assert_eq!(signature::verify(&TOKEN.into(), &url, &form, Some(signature)), Ok(()));
        let longer = format!("{url}&more");
        assert!(signature::verify(&TOKEN.into(), &longer, &form, Some(signature)).is_err());
    }
    assert_eq!(twilio::signature("12345", URL, &FORM), SIGNATURE);
}

const BODY: &[u8] = br#"{"user_phone": "+5215587654321", "reason": "Quiere hablar con ventas"}"#;

fn secret() -> SecretString {
    "wsec_geheim".into()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_769_767_200, 0).unwrap()
}

fn hash(secret: &str, time: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    hex::encode(mac.chain_update(time).chain_update(".").chain_update(body).finalize().into_bytes())
}

fn signed(at: DateTime<Utc>) -> String {
    let time = at.timestamp().to_string();
    format!("t={time},v0={}", hash("wsec_geheim", &time, BODY))
}

fn elevenlabs_says(signature: &str) -> Result<(), elevenlabs::SignatureError> {
    elevenlabs::verify(&secret(), Some(signature), BODY, now())
}

#[test]
fn elevenlabs_signatures_within_the_window_are_valid() {
    for minutes in [-30, -29, 0, 30] {
        assert_eq!(elevenlabs_says(&signed(now() + TimeDelta::minutes(minutes))), Ok(()), "{minutes}");
    }
    let good = signed(now());
    let (time, hash) = good.split_once(',').unwrap();
    let wrong = format!("v0={}", "0".repeat(64));
    // One of several is enough, wherever it stands; other versions may stand beside.
    for header in [
        format!("{time},{wrong},{hash}"),
        format!("{time},{hash},{wrong}"),
        format!("{hash},{time}"),
        format!("{time}, {hash}"),
        format!("{time},v1=xyz,{hash}"),
        format!("{time},{}", hash.to_uppercase().replace("V0=", "v0=")),
    ] {
        assert_eq!(elevenlabs_says(&header), Ok(()), "{header}");
    }
}

#[test]
fn other_elevenlabs_signatures_say_why_not() {
    use elevenlabs::SignatureError::{Expired, Malformed, Mismatch, Missing};
    for seconds in [30 * 60 + 1, 24 * 3600, -(30 * 60 + 1), -365 * 24 * 3600] {
        let at = now() + TimeDelta::seconds(seconds);
        assert_eq!(elevenlabs_says(&signed(at)), Err(Expired), "{seconds}");
    }
    let good = signed(now());
    assert_eq!(elevenlabs::verify(&secret(), None, BODY, now()), Err(Missing));
    assert_eq!(elevenlabs::verify(&"other".into(), Some(&good), BODY, now()), Err(Mismatch));
    for i in 0..BODY.len() {
        let mut changed = BODY.to_vec();
        changed[i] ^= 1;
        assert_eq!(elevenlabs::verify(&secret(), Some(&good), &changed, now()), Err(Mismatch), "{i}");
    }
    assert_eq!(elevenlabs::verify(&secret(), Some(&good), &BODY[1..], now()), Err(Mismatch));
    let (time, hash) = good.split_once(',').unwrap();
    // The time is signed, too: an old signature cannot be made young.
    assert_eq!(elevenlabs_says(&format!("t={},{hash}", now().timestamp() + 1)), Err(Mismatch));
    let malformed = [
        String::new(),
        time.to_owned(),
        hash.to_owned(),
        format!("{time},v0="),
        format!("{time},{hash}00"),
        format!("{time},v0={}", "x".repeat(64)),
        format!("{time},t=1,{hash}"),
        format!("t=,{hash}"),
        "garbage".to_owned(),
        hash.replace("v0=", &format!("{time},v1=")),
        "t=1,v0=".to_owned() + &"é".repeat(32),
    ];
    for header in malformed {
        let said = elevenlabs_says(&header);
        assert!(matches!(said, Err(Malformed | Mismatch)), "{header}: {said:?}");
    }
    for time in ["99999999999999999999", "9223372036854775807", "-9223372036854775808", "1e9", "now"] {
        let header = format!("t={time},v0={}", self::hash("wsec_geheim", time, BODY));
        assert!(matches!(elevenlabs_says(&header), Err(Malformed | Expired)), "{header}");
    }
}
