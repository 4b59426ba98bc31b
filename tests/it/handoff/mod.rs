//! Customers handed over to salespeople, over real sockets: the service, Odoo and a stand-in for Twilio.

mod archive;
mod crash;
mod disk;
mod elsewhere;
mod faults;
mod fenced;
mod forms;
mod kills;
mod notification;
mod repeats;
mod reports;
mod sending;
mod tool;
pub mod webhook;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use mcp_odoo::config::Config;
use mcp_odoo_core::phone::{CountryCode, Phone};
use mcp_odoo_core::twilio::{Channel, TwilioSetup};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::app::{Builder, Odoo, TestApp};
use crate::support::twilio::Twilio;

/// `VENDEDOR_WHATSAPP`
const FALLBACK: &str = "+525512345678";
/// Laura's number in the demo data; her user is 8.
const LAURA: &str = "+525555550140";

/// The service with an account at the stand-in.
struct World {
    twilio: Arc<Twilio>,
    app: TestApp,
}

impl World {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::build(Arc::new(Twilio::start().await), TestApp::builder(), change).await
    }

    async fn build(twilio: Arc<Twilio>, app: Builder, change: impl FnOnce(&mut Config)) -> Self {
        let setup = TwilioSetup::Ready(twilio.config(Channel::Whatsapp));
        let app = app.configure(|config| {
            config.twilio = setup;
            config.messages.phones.fallback = Some(Phone::parse(FALLBACK, CountryCode::default()).unwrap());
            quick(config);
            change(config);
        });
        Self { app: app.start().await, twilio }
    }

    /// The next process: the same account, Odoo and logs.
    async fn after(twilio: Arc<Twilio>, earlier: (Arc<Odoo>, Arc<TempDir>)) -> Self {
        Self::build(twilio, TestApp::builder().after(earlier), |_| {}).await
    }

    async fn restart(self) -> Self {
        Self::after(self.twilio, self.app.stop().await).await
    }

    async fn post(&self, body: &Value, key: Option<&str>) -> Response {
        let request = self.app.client.post(format!("{}/api/elevenlabs/handoff", self.app.url)).json(body);
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        request.send().await.unwrap()
    }

    /// Asks for a handoff and gives the answer.
    async fn hand_off(&self, body: &Value) -> (StatusCode, Value) {
        let response = self.post(body, None).await;
        (response.status(), response.json().await.unwrap())
    }

    /// Asks for a handoff that is sent.
    async fn sent(&self, body: &Value) -> Value {
        let (status, answer) = self.hand_off(body).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("ok")), "{answer}");
        answer
    }

    async fn status(&self, answer: &Value) -> Value {
        self.app.get_json(&format!("/api/handoff/{}", answer["handoff_id"].as_str().unwrap())).await
    }

    /// The log file of a handoff.
    fn log(&self, answer: &Value) -> Value {
        let id = answer["handoff_id"].as_str().unwrap();
        let path = self.app.logs().into_iter().find(|path| path.to_str().unwrap().contains(id)).unwrap();
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// Makes a record in the embedded Odoo.
    fn create(&self, model: &str, values: Value) -> i64 {
        let created = self.app.sandbox().execute(model, "create", vec![json!([values])], Map::new()).unwrap();
        created[0].as_i64().unwrap()
    }
}

/// Retries that cost milliseconds, and callers with patience.
fn quick(config: &mut Config) {
    config.messages.first_retry = Duration::from_millis(5);
    config.messages.longest_retry = Duration::from_millis(50);
    config.messages.settle = Duration::from_millis(5);
    config.messages.call_timeout = Duration::from_millis(600);
    config.messages.answer_within = Duration::from_secs(30);
}

/// A customer without a quotation.
fn customer() -> Value {
    json!({
        "user_phone": "+52 33 1234 5678", "user_name": "Luis Torres", "reason": "Quiere un descuento por volumen",
        "conversation_id": "conv_1", "additional_context": "Compra 20 robots al año",
    })
}
