//! Process, Twilio, Odoo and store fail at random, again and again: everybody is told once, and every log arrives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_odoo_sandbox::Options;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::FALLBACK;
use crate::support::app::{Odoo, request};
use crate::support::events::Events;
use crate::support::http_client;
use crate::support::process::{Server, borrowed};
use crate::support::proxy::Fault as OdooFault;
use crate::support::s3::{S3, mirrored};
use crate::support::twilio::{Fault, Twilio};

const KILLS: usize = 8;
const EACH: usize = 3;

fn handoff(n: usize) -> Value {
    json!({ "user_phone": "+52 33 1234 5678", "reason": "Precio", "conversation_id": format!("conv-{n}-x") })
}

async fn hand_off(url: String, n: usize) -> reqwest::Result<(StatusCode, Value)> {
    let response =
        http_client().post(format!("{url}/api/elevenlabs/handoff")).json(&handoff(n)).send().await?;
    Ok((response.status(), response.json().await?))
}

/// Asks for a quotation and waits for its end, as long as the process lives.
async fn quote(url: String, n: usize) -> Option<Value> {
    let post =
        http_client().post(format!("{url}/api/quotation/async")).header("Idempotency-Key", n.to_string());
    let answer = post.json(&request(&format!("kunde{n}@kills.example"))).send().await.ok()?;
    let answer: Value = answer.json().await.ok()?;
    let stream =
        http_client().get(format!("{url}{}", answer["status_url"].as_str()?.replace("status", "events")));
    let mut events = Events::new(stream.send().await.ok()?);
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_once_whatever_fails() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let odoo = Odoo::start(Options::default()).await;
    let (s3, twilio, folder) = (S3::start(), Twilio::start().await, TempDir::new().unwrap());
    let mut env = [s3.env(), twilio.env().to_vec()].concat();
    env.push(("VENDEDOR_WHATSAPP", FALLBACK.to_owned()));
    let env = borrowed(&env);
    let faults = Arc::new(Mutex::new(random.fork()));
    for kill in 0..KILLS {
        let of_twilio = Arc::clone(&faults);
        twilio.plan(move |_, _| {
            let choices = [
                None,
                None,
                Some(Fault::CutAfter),
                Some(Fault::CutBefore),
                Some(Fault::BadGateway),
                Some(Fault::RateLimited(None)),
            ];
            choices[of_twilio.lock().unwrap().usize(..choices.len())]
        });
        let of_odoo = Arc::clone(&faults);
        odoo.proxy.plan(move |_, _| (of_odoo.lock().unwrap().u8(..10) == 0).then_some(OdooFault::CutAfter));
        let server = Server::start_with(folder.path(), &odoo, &env).await;
        if random.bool() {
            s3.down();
        }
        let mut clients = JoinSet::new();
        for n in kill * EACH..(kill + 1) * EACH {
            let url = server.url.clone();
            clients.spawn(async move {
                // Whatever becomes of them, they are repeated in the end.
                let _ = tokio::join!(hand_off(url.clone(), n), quote(url, n));
            });
        }
        // In the midst of anything.
        tokio::time::sleep(Duration::from_micros(random.u64(20_000..400_000))).await;
        server.process.kill().await;
        clients.join_all().await;
        s3.down();
        s3.up();
    }
    twilio.plan(|_, _| None);
    odoo.proxy.plan(|_, _| None);
    let server = Server::start_with(folder.path(), &odoo, &env).await;
    let all = 0..KILLS * EACH;
    let mut ids = Vec::new();
    for n in all.clone() {
        let quoted = quote(server.url.clone(), n).await.unwrap();
        assert_eq!(quoted["status"], "completed", "seed {seed}: {quoted}");
        ids.push(quoted["tracking_id"].as_str().unwrap().to_owned());
    }
    for n in all.clone() {
        // Queued, it is still being looked up or tried.
        let mut answer = hand_off(server.url.clone(), n).await.unwrap();
        while answer.0 == StatusCode::ACCEPTED {
            answer = hand_off(server.url.clone(), n).await.unwrap();
        }
        assert_eq!(answer.0, StatusCode::OK, "seed {seed}: {}", answer.1);
    }
    s3.until("all told", |s3| {
        let told = |log: Value| log["output"]["notification"]["sent"] == true;
        ids.iter().all(|id| s3.log(id).is_some_and(told))
    })
    .await;
    let accepted = twilio.accepted();
    for (n, id) in all.zip(&ids) {
        for mark in [format!("conv-{n}-x"), format!("Ref: {id}")] {
            let messages = accepted.iter().filter(|message| message.body.contains(&mark)).count();
            assert_eq!(messages, 1, "seed {seed}: {mark}");
        }
    }
    server.process.terminate().await;
    assert!(server.process.ended().await.0.success());
    assert_eq!(s3.objects(), mirrored(&folder.path().join("logs")), "seed {seed}");
}
