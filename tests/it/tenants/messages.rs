//! Messages: salespeople of one tenant are never told of another's customers.

use std::num::NonZeroU32;
use std::sync::Arc;

use mcp_odoo_core::limits::Limits;
use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::tenants::{HeaderConfig, system_lookup};
use mcp_odoo_core::twilio::{Channel, TwilioSetup};
use mcp_odoo_sandbox::Options;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use tempfile::TempDir;

use super::{World, customer, seat};
use crate::handoff::webhook::{HEADER, hash};
use crate::support::app::{Odoo, TestApp, request};
use crate::support::proxy::Fault;
use crate::support::twilio::{ACCOUNT, FROM, TOKEN, Twilio, signature};

const PUBLIC: &str = "https://quotes.company.example";

struct Told {
    world: World,
    /// Of acme, of the environment.
    acme: Arc<Twilio>,
    shared: Arc<Twilio>,
}

impl Told {
    /// acme has an account of its own, the others that of the environment.
    async fn start() -> Self {
        let (acme, shared) = (Arc::new(Twilio::start().await), Arc::new(Twilio::start().await));
        let folder = Arc::new(TempDir::new().unwrap());
        let token = folder.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        let own = format!(
            "vendedor_whatsapp = \"+525511111111\"\n[tenants.acme.twilio]\naccount_sid = \"{ACCOUNT}\"\n\
             auth_token_file = \"{}\"\nfrom = \"{FROM}\"\napi_base = \"http://{}\"\n",
            token.display(),
            acme.address
        );
        let number = "vendedor_whatsapp = \"+525522222222\"\n".to_owned();
        let more = [("acme", own), ("beta", number)];
        let mut odoos = Vec::new();
        for name in ["acme", "beta", "gamma"] {
            odoos.push((name.to_owned(), Odoo::start(Options::default()).await));
        }
        let setup = TwilioSetup::Ready(shared.config(Channel::Whatsapp));
        let world = World::build(TestApp::builder(), odoos, folder, &more, |config| {
            config.twilio = setup;
            config.messages.public_url = Some(Url::parse(PUBLIC).unwrap());
            config.messages.answer_within = std::time::Duration::from_millis(500);
            config.messages.phones.fallback = Phone::parse("+525599999999", CountryCode::default()).ok();
        })
        .await;
        Self { world, acme, shared }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_own_account_and_its_own_people() {
    let told = Told::start().await;
    told.world.seat("acme").quote(&request("told@acme.mx"), None).await;
    told.acme.until_accepted(1).await;
    assert!(told.shared.accepted().is_empty());
    told.world.seat("beta").quote(&request("told@beta.mx"), None).await;
    told.shared.until_accepted(1).await;
    assert_eq!(told.acme.accepted().len(), 1);

    // Where no salesperson can be found, the environment's are not told.
    told.world.odoo("gamma").proxy.plan(|_, _| Some(Fault::Refuse));
    let (status, answer) = hand_off(&told.world, "gamma").await;
    assert_eq!((status, &answer["selected_number"]), (StatusCode::ACCEPTED, &Value::Null), "{answer}");
    let numbers =
        |twilio: &Twilio| twilio.accepted().into_iter().map(|message| message.to).collect::<Vec<_>>();
    let (acme, shared) = (numbers(&told.acme), numbers(&told.shared));
    assert!(acme.iter().all(|to| to.ends_with("+525511111111")), "{acme:?}");
    assert!(shared.iter().all(|to| to.ends_with("+525522222222")), "{shared:?}");
    // Nor does the other one hear what became of it.
    let id = answer["handoff_id"].as_str().unwrap();
    for other in ["acme", "beta"] {
        let other = told.world.seat(other).get(&format!("/api/handoff/{id}")).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
    }
}

async fn hand_off(world: &World, name: &str) -> (StatusCode, Value) {
    let response = world.seat(name).post("/api/elevenlabs/handoff", &customer(), None).await;
    (response.status(), response.json().await.unwrap())
}

/// A tenant is opened, and an Odoo called, for who signs, not for who says to.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_opened_before_the_signature_is_checked() {
    const SECRET: &str = "wsec_acme";
    let folder = Arc::new(TempDir::new().unwrap());
    let secret = folder.path().join("webhook");
    std::fs::write(&secret, SECRET).unwrap();
    let more = [("acme", format!("webhook_secret_file = \"{}\"\n", secret.display()))];
    let odoos = vec![("acme".to_owned(), Odoo::start(Options::default()).await)];
    let world = World::build(TestApp::builder(), odoos, folder, &more, |config| {
        config.messages.webhook_secret = Some("wsec_shared".into());
        let hosts = "127.0.0.1".parse().unwrap();
        config.tenant_headers = Some(HeaderConfig { hosts, lookup: system_lookup() });
    })
    .await;
    let (body, time) = (customer().to_string(), chrono::Utc::now().timestamp());
    let signed = |secret| format!("t={time},v0={}", hash(secret, time, &body));
    let post = async |headers: &[(&str, &str)], signature: Option<String>| {
        let seat = seat(&world.app.url, headers);
        let request = seat.client.post(format!("{}/api/elevenlabs/handoff", seat.url));
        let request = request.header("content-type", "application/json").body(body.clone());
        let request = signature.into_iter().fold(request, |request, value| request.header(HEADER, value));
        let answer = request.send().await.unwrap();
        (
            answer.status(),
            answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let named = [("x-tenant", "acme")];
    for signature in [None, Some("nonsense".to_owned()), Some(signed("wsec_shared"))] {
        let (status, code) = post(&named, signature).await;
        assert_eq!((status, code.as_str()), (StatusCode::UNAUTHORIZED, "invalid_signature"));
    }
    let address = format!("http://{}", world.odoo("acme").proxy.address);
    let brought = [("x-odoo-url", address.as_str()), ("x-odoo-db", "sandbox"), ("x-odoo-api-key", "sandbox")];
    for signature in [None, Some(signed("wsec_shared"))] {
        let (status, code) = post(&brought, signature).await;
        assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "tenant_not_allowed"));
    }
    assert_eq!(world.app.state.tenants.count(), 0);
    assert!(world.odoo("acme").proxy.calls().is_empty() && !world.logs("acme").exists());
    let (status, code) = post(&named, Some(signed(SECRET))).await;
    assert_eq!(
        (status, code.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "not_configured"),
        "it has no Twilio"
    );
    assert_eq!(world.app.state.tenants.count(), 1);
}

/// Whoever signs for one tenant uses up nothing of another's.
#[tokio::test(flavor = "multi_thread")]
async fn who_signs_is_limited_in_each_tenant() {
    let folder = Arc::new(TempDir::new().unwrap());
    let secret = |name: &str| {
        let file = folder.path().join(format!("webhook-{name}"));
        std::fs::write(&file, format!("wsec_{name}")).unwrap();
        format!("webhook_secret_file = \"{}\"\n", file.display())
    };
    let more = [("acme", secret("acme")), ("beta", secret("beta"))];
    let mut odoos = Vec::new();
    for name in ["acme", "beta"] {
        odoos.push((name.to_owned(), Odoo::start(Options::default()).await));
    }
    let limits = Limits { per_day: NonZeroU32::new(1), ..Limits::default() };
    let world =
        World::build(TestApp::builder(), odoos, folder, &more, |config| config.limits.limits = limits).await;
    let post = async |name: &str| {
        let (body, time) = (customer().to_string(), chrono::Utc::now().timestamp());
        let signed = format!("t={time},v0={}", hash(&format!("wsec_{name}"), time, &body));
        let seat = seat(&world.app.url, &[("x-tenant", name), (HEADER, &signed)]);
        let request = seat.client.post(format!("{}/api/elevenlabs/handoff", seat.url));
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["code"].as_str().unwrap_or_default().to_owned()
    };
    // There is no Twilio: that is found out after the counting.
    for (name, code) in [
        ("acme", "not_configured"),
        ("acme", "rate_limited"),
        ("beta", "not_configured"),
        ("beta", "rate_limited"),
    ] {
        assert_eq!(post(name).await, code, "{name}");
    }
}

/// Strangers who are given a tenant sign for it, also where that of the environment takes what is not signed.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_sign_for_the_tenant_that_they_are_given() {
    let folder = Arc::new(TempDir::new().unwrap());
    let secret = folder.path().join("webhook");
    std::fs::write(&secret, "wsec_acme").unwrap();
    let lines = format!(
        "webhook_secret_file = \"{}\"\n[callers.anonymous]\ntenant = \"acme\"\npermissions = [\"handoffs\"]\n",
        secret.display()
    );
    let odoos = vec![("acme".to_owned(), Odoo::start(Options::default()).await)];
    let world = World::build(TestApp::builder(), odoos, folder, &[("acme", lines)], |_| {}).await;
    let stranger = seat(&world.app.url, &[]).post("/api/elevenlabs/handoff", &customer(), None).await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.json::<Value>().await.unwrap()["code"], "invalid_signature");
}

/// A report finds the tenant of its message, if it is signed by its account.
#[tokio::test(flavor = "multi_thread")]
async fn reports_come_to_the_tenant_of_their_message() {
    let told = Told::start().await;
    let (_, answer) = hand_off(&told.world, "acme").await;
    told.acme.until_accepted(1).await;
    let message = told.acme.accepted().pop().unwrap();
    let signed = message.status_callback.clone().unwrap();
    assert!(signed.ends_with("&tenant=acme"), "{signed}");
    let path = format!("/api/handoff/{}", answer["handoff_id"].as_str().unwrap());
    let state = async || told.world.seat("acme").get(&path).await.json::<Value>().await.unwrap();
    let report = async |signed: &str| {
        let url = signed.replace(PUBLIC, &told.world.app.url);
        told.acme.callback(signed, &url, &message, "read", None).await.status()
    };
    // To others it says nothing.
    assert_eq!(report(&signed.replace("tenant=acme", "tenant=nobody")).await, StatusCode::UNAUTHORIZED);
    for other in ["tenant=beta", "tenant=default"] {
        assert_eq!(report(&signed.replace("tenant=acme", other)).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(state().await["status"], "sent");
    // What another account signs is not its own.
    let form = [("MessageSid", message.sid.as_str()), ("MessageStatus", "read")];
    let client = crate::support::http_client();
    let forged = client
        .post(signed.replace(PUBLIC, &told.world.app.url))
        .body(format!("MessageSid={}&MessageStatus=read", message.sid));
    let forged =
        forged.header("x-twilio-signature", signature("another", &signed, &form)).send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    // It comes back for its report.
    while told.world.app.state.tenants.count() > 0 {
        told.world.app.state.tenants.put_away(std::time::Duration::ZERO).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(report(&signed).await, StatusCode::NO_CONTENT);
    assert_eq!(state().await["status"], "read");
}
