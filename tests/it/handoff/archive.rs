//! The logs of handoffs and of quotations with a notification reach the bucket with their last state.

use std::sync::Arc;

use reqwest::Url;
use serde_json::json;

use super::{World, customer};
use crate::support::app::{TestApp, request};
use crate::support::s3::S3;
use crate::support::twilio::{Fault, Twilio};

#[tokio::test(flavor = "multi_thread")]
async fn the_last_state_arrives_whatever_was_down() {
    for (twilio_fails, s3_down, restart) in [
        (None, false, false),
        (None, true, false),
        (None, true, true),
        (Some(Fault::CutAfter), true, false),
        (Some(Fault::Refuse(20003)), false, true),
        (Some(Fault::Refuse(20003)), true, true),
    ] {
        let s3 = S3::start();
        let with_bucket = |config: &mut mcp_odoo::config::Config| {
            config.s3 = Some(s3.config());
            config.messages.public_url = Some(Url::parse("https://quotes.company.example").unwrap());
        };
        let mut world = World::build(Arc::new(Twilio::start().await), TestApp::builder(), with_bucket).await;
        if s3_down {
            s3.down();
        }
        world.twilio.plan(move |n, _| twilio_fails.filter(|_| n == 1));
        let (_, handoff) = world.hand_off(&customer()).await;
        let quoted = world.app.quote(&request("luis@archive.example")).await;
        let sent = if twilio_fails == Some(Fault::Refuse(20003)) { 1 } else { 2 };
        world.twilio.until_accepted(sent).await;
        if let Some(message) = world.twilio.accepted().first().filter(|_| twilio_fails.is_none()) {
            let signed = message.status_callback.clone().unwrap();
            let url = signed.replace("https://quotes.company.example", &world.app.url);
            world.twilio.callback(&signed, &url, message, "read", None).await;
        }
        if restart {
            let (twilio, earlier) = (world.twilio.clone(), world.app.stop().await);
            world = World::build(twilio, TestApp::builder().after(earlier), with_bucket).await;
        }
        if s3_down {
            s3.up();
        }
        let context = format!("{twilio_fails:?}, S3 down: {s3_down}, restart: {restart}");
        let id = quoted["tracking_id"].as_str().unwrap();
        s3.until(&context, |s3| s3.log(id).is_some_and(|log| log["output"]["notification"]["sent"] == true))
            .await;
        s3.until_mirrors(world.app.log_dir()).await;
        let expected = match twilio_fails {
            None => "read",
            Some(Fault::Refuse(_)) => "failed",
            Some(_) => "sent",
        };
        let states: Vec<_> = world
            .app
            .logs()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name.contains("_sms_"))
            .map(|name| s3.log(name.split_once('_').unwrap().1.trim_end_matches(".log")).unwrap())
            .collect();
        assert_eq!(states.len(), 1, "{context}");
        assert_eq!(states[0]["status"], expected, "{context}");
        if handoff.get("message_sid").is_some() {
            assert_eq!(states[0]["message_sid"], handoff["message_sid"], "{context}");
        }
        assert_eq!(states[0]["reason"], json!(customer()["reason"]), "{context}");
    }
}
