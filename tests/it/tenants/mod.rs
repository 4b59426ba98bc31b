//! One service, several Odoos: each with callers, logs and salespeople of its own.

mod apart;
mod away;
mod entries;
mod headers;
mod isolation;
mod messages;
mod outside;

use std::fmt::Write as _;
use std::sync::Arc;

use mcp_odoo::config::Config;
use mcp_odoo_core::access::key::KeyHash;
use mcp_odoo_sandbox::Options;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Builder, Odoo, TestApp};
use crate::support::events::Events;
use crate::support::http_client_with;
use crate::support::mcp::Caller;

/// The service with a tenant for each of these names, whose callers' keys are called so.
struct World {
    app: TestApp,
    odoos: Vec<(String, Arc<Odoo>)>,
    folder: Arc<TempDir>,
}

/// Who calls for one tenant.
#[derive(Clone)]
struct Seat {
    url: String,
    client: Client,
}

/// A client that sends these with all requests.
fn seat(url: &str, headers: &[(&str, &str)]) -> Seat {
    Seat { url: url.to_owned(), client: http_client_with(headers) }
}

impl World {
    async fn start(names: &[&str]) -> Self {
        let mut odoos = Vec::new();
        for name in names {
            odoos.push(((*name).to_owned(), Odoo::start(Options::default()).await));
        }
        Self::build(TestApp::builder(), odoos, Arc::new(TempDir::new().unwrap()), &[], |_| {}).await
    }

    /// On these Odoos, each entry with more lines.
    async fn build(
        app: Builder,
        odoos: Vec<(String, Arc<Odoo>)>,
        folder: Arc<TempDir>,
        more: &[(&str, String)],
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let file = folder.path().join("access.toml");
        std::fs::write(folder.path().join("key"), "sandbox\n").unwrap();
        std::fs::write(&file, access_file(&odoos, folder.path().join("key").to_str().unwrap(), more))
            .unwrap();
        let app = app.configure(|config| {
            config.access.file = Some(file);
            change(config);
        });
        Self { app: app.start().await, odoos, folder }
    }

    fn odoo(&self, name: &str) -> &Arc<Odoo> {
        &self.odoos.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// Who has the key of this tenant.
    fn seat(&self, name: &str) -> Seat {
        seat(&self.app.url, &[("x-api-key", name)])
    }

    /// The log folder of a tenant.
    fn logs(&self, name: &str) -> std::path::PathBuf {
        self.app.log_dir().join("tenants").join(name)
    }

    /// The next process on the same folders and Odoos.
    async fn restart(self) -> Self {
        let Self { app, odoos, folder } = self;
        let earlier = app.stop().await;
        Self::build(TestApp::builder().after(earlier), odoos, folder, &[], |_| {}).await
    }
}

fn access_file(odoos: &[(String, Arc<Odoo>)], key_file: &str, more: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, odoo) in odoos {
        let (address, hash) = (odoo.proxy.address, KeyHash::of(name));
        write!(
            text,
            "[callers.{name}]\nkey = \"{hash}\"\ntenant = \"{name}\"\n\
             permissions = [\"quotations\", \"handoffs\", \"read\", \"write\"]\n\
             [tenants.{name}]\nurl = \"http://{address}\"\ndb = \"sandbox\"\nlogin = \"admin\"\n\
             api_key_file = \"{key_file}\"\n",
        )
        .unwrap();
        for (_, lines) in more.iter().filter(|(tenant, _)| tenant == name) {
            text.push_str(lines);
        }
    }
    text
}

impl Seat {
    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Response {
        let request = self.client.post(format!("{}{path}", self.url)).json(body);
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        request.send().await.unwrap()
    }

    /// Posts a quotation that is accepted, and gives its tracking id.
    async fn accepted(&self, body: &Value, key: Option<&str>) -> String {
        let response = self.post("/api/quotation/async", body, key).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["tracking_id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> (StatusCode, Value) {
        let response = self.get(&format!("/api/quotation/status/{id}")).await;
        (response.status(), response.json().await.unwrap())
    }

    /// Waits for the final status.
    async fn finished(&self, id: &str) -> Value {
        let response = self.get(&format!("/api/quotation/events/{id}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events::new(response).last().await
    }

    /// Makes a quotation, to its end.
    async fn quote(&self, body: &Value, key: Option<&str>) -> Value {
        let id = self.accepted(body, key).await;
        let status = self.finished(&id).await;
        assert_eq!(status["status"], "completed", "{status}");
        status
    }

    async fn mcp(&self) -> Caller {
        Caller::connect_by(self.client.clone(), &self.url).await
    }
}

/// A customer who wants to speak with somebody.
fn customer() -> Value {
    json!({ "user_phone": "+52 33 1234 5678", "user_name": "Luis Torres", "reason": "Quiere un descuento",
            "conversation_id": "conv_1" })
}
