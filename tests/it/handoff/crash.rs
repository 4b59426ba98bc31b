//! The real process is killed in the middle of a handoff.

use std::time::Duration;

use mcp_odoo_sandbox::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{FALLBACK, customer};
use crate::support::app::{Odoo, request};
use crate::support::http_client;
use crate::support::process::{Server, borrowed};
use crate::support::twilio::{Fault, Twilio};

async fn start(folder: &TempDir, odoo: &Odoo, twilio: &Twilio) -> Server {
    let mut env = twilio.env().to_vec();
    env.push(("VENDEDOR_WHATSAPP", FALLBACK.to_owned()));
    Server::start_with(folder.path(), odoo, &borrowed(&env)).await
}

async fn hand_off(server: &Server, body: &Value) -> reqwest::Result<Value> {
    let url = format!("{}/api/elevenlabs/handoff", server.url);
    http_client().post(url).json(body).send().await?.json().await
}

#[tokio::test]
async fn killed_before_or_after_twilio_took_it_one_message_arrives() {
    for (fault, taken) in [(Fault::HangAfter, true), (Fault::CutBefore, false)] {
        let (twilio, odoo) = (Twilio::start().await, Odoo::start(Options::default()).await);
        let folder = TempDir::new().unwrap();
        let server = start(&folder, &odoo, &twilio).await;
        twilio.plan(move |_, _| Some(fault));
        let body = customer();
        let asking = hand_off(&server, &body);
        let killing = async {
            if taken {
                twilio.until_accepted(1).await;
            } else {
                while twilio.calls().is_empty() {
                    tokio::task::yield_now().await;
                }
            }
        };
        tokio::select! {
            answered = asking => panic!("answered before it was sent: {answered:?}"),
            () = killing => {}
        }
        server.process.kill().await;
        twilio.plan(|_, _| None);
        let server = start(&folder, &odoo, &twilio).await;
        let answer = hand_off(&server, &customer()).await.unwrap();
        assert_eq!(answer["status"], "ok", "{answer}");
        assert_eq!(twilio.accepted().len(), 1, "taken before: {taken}");
        assert_eq!(answer["message_sid"], twilio.accepted()[0].sid);
        assert_eq!(twilio.calls()[0], "list", "what may have been sent is looked up first");
    }
}

/// Nothing of it is in the process log, whatever happens.
#[tokio::test]
async fn phones_names_and_words_stay_out_of_the_process_log() {
    let (twilio, odoo) = (Twilio::start().await, Odoo::start(Options::default()).await);
    let folder = TempDir::new().unwrap();
    let server = start(&folder, &odoo, &twilio).await;
    let mut body = customer();
    for (n, fault) in [None, Some(Fault::Refuse(21211)), Some(Fault::Refuse(63016)), Some(Fault::CutAfter)]
        .into_iter()
        .enumerate()
    {
        body["conversation_id"] = json!(format!("conv_secret_{n}"));
        twilio.plan(move |call, _| fault.filter(|_| call == 1));
        hand_off(&server, &body).await.unwrap();
    }
    let accepted = http_client()
        .post(format!("{}/api/quotation/async", server.url))
        .json(&request("luis@private.example"))
        .send()
        .await
        .unwrap();
    assert!(accepted.status().is_success());
    server.process.line("salesperson notified").await;
    tokio::time::timeout(Duration::from_secs(30), server.process.terminate()).await.unwrap();
    let (_, log) = server.process.ended().await;
    assert!(log.contains("handoff sent") && log.contains("handoff not sent"), "{log}");
    let private = [
        "1234 5678",
        "12345678",
        "Luis",
        "descuento",
        "robots al año",
        "conv_secret",
        "Torres",
        "luis@",
        "55551234",
        "5512345678",
        "5555550140",
        "geheim-token",
        "Restaurante",
        "restaurante",
    ];
    for word in private {
        assert!(!log.contains(word), "{word:?} is in the log: {log}");
    }
}
