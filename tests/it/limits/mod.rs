//! How much callers may ask for.

use std::num::NonZeroU32;

use mcp_odoo_core::limits::Limits;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::audit::lines;
use crate::support::app::{TestApp, request};
use crate::support::mcp::Caller;
use crate::support::process::Server;

const POST: &str = "/api/quotation/async";

/// Of a header, what is before the seconds that are left of a day.
fn header(answer: &Response, name: &str) -> String {
    let value = answer.headers()[name].to_str().unwrap();
    value.split(";t=").next().unwrap().to_owned()
}

#[tokio::test]
async fn who_asks_for_too_much_is_told_how_much_and_when_to_come_again() {
    let per_day = |app: crate::support::app::Builder| {
        app.configure(|config| {
            config.limits.limits = Limits { per_day: NonZeroU32::new(3), ..Limits::default() };
        })
    };
    let app = per_day(TestApp::builder()).start().await;
    let first = app.post(&request("eva@limits.example"), None).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    assert_eq!(header(&first, "ratelimit"), "\"day\";r=2");
    assert_eq!(header(&first, "ratelimit-policy"), "\"day\";q=3;w=86400");
    // To ask what became of it is free.
    for _ in 0..5 {
        let status = app.get("/api/quotation/status/quot_1").await;
        assert_eq!(
            (status.status(), header(&status, "ratelimit").as_str()),
            (StatusCode::NOT_FOUND, "\"day\";r=2")
        );
    }
    let caller = Caller::connect(&app.url).await;
    for _ in 0..2 {
        caller.call("list_users", json!({})).await;
    }
    let said = caller.error("list_users", json!({})).await;
    assert!(said.starts_with("the limit of 3 requests per day is used up: repeat in "), "{said}");
    assert!(said.ends_with("(rate_limited)"), "{said}");
    caller.error("dev_get_quotation_status", json!({ "tracking_id": "quot_1" })).await;
    let refused = app.post(&request("eva@limits.example"), None).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "ratelimit"), "\"day\";r=0");
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "rate_limited");
    // A restart does not begin the day anew.
    let app = per_day(TestApp::builder().after(app.stop().await)).start().await;
    let refused = app.post(&request("eva@limits.example"), None).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let (_, folder) = app.stop().await;
    let refused = lines(folder.path()).iter().filter(|line| line["outcome"] == "rate_limited").count();
    assert_eq!(refused, 3);
}

#[tokio::test]
async fn nobody_is_told_of_limits_that_are_not_there() {
    let app = TestApp::start().await;
    let answer = app.post(&request("eva@limits.example"), None).await;
    assert!(answer.headers().keys().all(|name| !name.as_str().contains("ratelimit")));
}

#[tokio::test]
async fn callers_have_limits_of_their_own_by_kind_and_are_warned_once() {
    let folder = TempDir::new().unwrap();
    let caller = |name: &str, limits: &str| {
        let hash = hex::encode(Sha256::digest(name));
        format!("[callers.{name}]\nkey = \"sha256:{hash}\"\npermissions = [\"quotations\"]\n{limits}\n")
    };
    let own = "limits = { per_day = 50, quotations = { per_day = 5 } }";
    let access = caller("web", own) + &caller("free", "limits = {}") + &caller("other", "");
    std::fs::write(folder.path().join("access.toml"), access).unwrap();
    let env = [("ACCESS_FILE", "access.toml"), ("REQUESTS_PER_DAY", "1")];
    let server = Server::start(folder.path(), &env).await;
    let client = crate::support::http_client();
    let ask = async |key: &str| {
        let post = client.post(format!("{}{POST}", server.url)).header("x-api-key", key);
        post.json(&request("eva@limits.example")).send().await.unwrap()
    };
    for n in 1..=5 {
        let answer = ask("web").await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{n}");
    }
    let refused = ask("web").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let told = refused.headers()["ratelimit"].to_str().unwrap();
    assert!(told.starts_with("\"day\";r=45;t=") && told.contains(", \"quotations-day\";r=0;t="), "{told}");
    for _ in 0..3 {
        assert_eq!(ask("free").await.status(), StatusCode::ACCEPTED);
    }
    assert_eq!(ask("other").await.status(), StatusCode::ACCEPTED);
    assert_eq!(ask("other").await.status(), StatusCode::TOO_MANY_REQUESTS);
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert!(status.success());
    let warned: Vec<&str> = said.lines().filter(|line| line.contains("80 % of a limit")).collect();
    assert_eq!(warned.len(), 2, "{said}");
    assert!(warned[0].contains("caller=\"web\"") && warned[0].contains("quotations"), "{}", warned[0]);
}
