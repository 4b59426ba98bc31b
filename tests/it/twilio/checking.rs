//! `mcp-odoo check` with Twilio.

use std::process::Output;

use tempfile::TempDir;

use crate::support::process::{borrowed, run};
use crate::support::twilio::{Fault, Twilio as StandIn};

/// The exit code and all it prints.
async fn check(env: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let Output { status, stdout, stderr } = run(folder.path(), &["check"], env).await;
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    for hidden in ["geheim", "AC0011", "4155238886", "5587654321"] {
        assert!(!said.contains(hidden), "{said}");
    }
    (status.code(), said)
}

#[tokio::test]
async fn a_working_account_is_told() {
    let twilio = StandIn::start().await;
    let env = twilio.env();
    let more = [("VENDEDOR_WHATSAPP", "55 8765 4321"), ("LANGUAGE", "en")];
    let (code, said) = check(&[&borrowed(&env), &more[..]].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "VENDEDOR_WHATSAPP=+52…21 DEFAULT_COUNTRY_CODE=+52 LANGUAGE=en",
        "TWILIO_ACCOUNT_SID=✓ TWILIO_AUTH_TOKEN=✓ MESSAGE_CHANNEL=whatsapp TWILIO_WHATSAPP_FROM=+14…86",
        "✓ TWILIO: the account is active",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    twilio.account("type", "Trial");
    let (code, said) = check(&[&borrowed(&env), &[("MESSAGE_CHANNEL", "sms")][..]].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("MESSAGE_CHANNEL=sms TWILIO_SMS_FROM=+14…86"), "{said}");
    assert!(said.contains("it is a trial and sends to verified numbers only"), "{said}");
}

#[tokio::test]
async fn an_account_that_cannot_send_fails_and_says_why() {
    let twilio = StandIn::start().await;
    let env = twilio.env();
    let env = borrowed(&env);
    let wrong = [&env[..], &[("TWILIO_AUTH_TOKEN", "geheim-wrong")]].concat();
    let (code, said) = check(&wrong).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ TWILIO: Twilio refused the credentials; check TWILIO_ACCOUNT_SID"), "{said}");
    for status in ["suspended", "closed"] {
        twilio.account("status", status);
        let (code, said) = check(&env).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("✗ TWILIO: the account is {status}")), "{said}");
    }
    twilio.fail_at(1, Fault::ServerError(503));
    let (code, said) = check(&env).await;
    assert_eq!((code, said.contains("✗ TWILIO: Twilio failed with HTTP 503")), (Some(1), true), "{said}");
    twilio.stop().await;
    let (code, said) = check(&env).await;
    assert_eq!((code, said.contains("✗ TWILIO: Twilio could not be reached")), (Some(1), true), "{said}");
}

#[tokio::test]
async fn half_an_account_fails_and_none_is_well() {
    let (code, said) = check(&[("TWILIO_AUTH_TOKEN", "geheim-4711")]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("✗ TWILIO: TWILIO_ACCOUNT_SID, TWILIO_WHATSAPP_FROM missing"), "{said}");
    assert!(said.contains("TWILIO_ACCOUNT_SID=✗ TWILIO_AUTH_TOKEN=✓"), "{said}");
    let (code, said) = check(&[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("- TWILIO: not configured (TWILIO_ACCOUNT_SID, "), "{said}");
}
