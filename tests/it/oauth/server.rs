//! An authorization server on a real socket, as far as a resource server sees one: metadata and keys. It counts what it
//! is asked, and fails in every way.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use mcp_odoo_core::access::oauth::{OAuthConfig, Times, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::keys::{Key, in_seconds};

/// What the service is called.
pub const AUDIENCE: &str = "https://quotes.company.example/mcp";

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub struct Server {
    pub issuer: String,
    state: Arc<Mutex<Published>>,
    /// How often the keys were asked for.
    pub asked: watch::Sender<usize>,
}

struct Published {
    keys: Value,
    /// Where the metadata is; it says nothing elsewhere.
    place: String,
    metadata: Value,
    fails: Option<Failure>,
}

/// How it answers instead of with keys.
#[derive(Clone, Copy, Debug)]
pub enum Failure {
    Error,
    Garbage,
    /// Keys, and blanks without end.
    Huge,
    /// To where the keys are.
    Redirect,
    /// Never.
    Hangs,
    NoKeys,
    /// Only such as do not sign.
    UselessKeys,
}

impl Failure {
    pub const ALL: [Self; 7] = [
        Self::Error,
        Self::Garbage,
        Self::Huge,
        Self::Redirect,
        Self::Hangs,
        Self::NoKeys,
        Self::UselessKeys,
    ];
}

impl Server {
    pub async fn start(keys: &[&Key]) -> Self {
        Self::start_at("", "/.well-known/oauth-authorization-server", keys).await
    }

    /// Its issuer has this path, and its metadata is in this place.
    pub async fn start_at(path: &str, place: &str, keys: &[&Key]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{origin}{path}");
        let published = Published {
            keys: set(keys),
            place: place.to_owned(),
            metadata: json!({ "issuer": issuer, "jwks_uri": format!("{origin}/keys") }),
            fails: None,
        };
        let server = Self { issuer, state: Arc::new(Mutex::new(published)), asked: watch::Sender::new(0) };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// From now on these are its keys.
    pub fn rotate(&self, keys: &[&Key]) {
        self.publish(set(keys));
    }

    pub fn publish(&self, keys: Value) {
        self.state.lock().unwrap().keys = keys;
    }

    pub fn fail(&self, failure: impl Into<Option<Failure>>) {
        self.state.lock().unwrap().fails = failure.into();
    }

    pub fn metadata(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.state.lock().unwrap().metadata);
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    /// Quick, and never twice in the life of a test.
    pub fn config(&self) -> OAuthConfig {
        let hour = Duration::from_secs(3600);
        OAuthConfig {
            issuer: self.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            base: AUDIENCE.strip_suffix("/mcp").unwrap().to_owned(),
            scope_prefix: "odoo:".to_owned(),
            tenant_claim: None,
            times: Times { interval: hour, max_age: hour, ..Times::default() },
        }
    }

    pub fn verifier(&self) -> Verifier {
        self.verifier_with(|_| {})
    }

    pub fn verifier_with(&self, change: impl FnOnce(&mut OAuthConfig)) -> Verifier {
        let mut config = self.config();
        change(&mut config);
        Verifier::new(config).unwrap()
    }

    /// Claims of a token that is good.
    pub fn claims(&self) -> Value {
        json!({
            "iss": self.issuer, "aud": AUDIENCE, "sub": "eva@company.example", "client_id": "claude",
            "exp": in_seconds(600), "iat": in_seconds(0), "scope": "openid odoo:read odoo:quotations",
        })
    }

    /// The same, with these instead; `null` for none.
    pub fn claims_with(&self, changes: &Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }
}

pub fn set(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

async fn answer(State(server): State<Server>, uri: Uri) -> Response {
    let (keys, place, metadata, fails) = {
        let state = server.state.lock().unwrap();
        (state.keys.clone(), state.place.clone(), state.metadata.clone(), state.fails)
    };
    if uri.path() == place {
        return axum::Json(metadata).into_response();
    }
    if uri.path() == "/elsewhere" {
        return axum::Json(keys).into_response();
    }
    if uri.path() != "/keys" {
        return StatusCode::NOT_FOUND.into_response();
    }
    server.asked.send_modify(|asked| *asked += 1);
    match fails {
        None => axum::Json(keys).into_response(),
        Some(Failure::Error) => (StatusCode::BAD_GATEWAY, axum::Json(keys)).into_response(),
        Some(Failure::Garbage) => "<h1>Under maintenance</h1>".into_response(),
        Some(Failure::Huge) => format!("{keys}{}", " ".repeat(1 << 20)).into_response(),
        Some(Failure::Redirect) => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Some(Failure::Hangs) => std::future::pending().await,
        Some(Failure::NoKeys) => axum::Json(json!({ "keys": [] })).into_response(),
        Some(Failure::UselessKeys) => {
            let mut encrypts = keys["keys"][0].clone();
            encrypts["use"] = json!("enc");
            axum::Json(json!({ "keys": [encrypts, { "kty": "oct", "k": "c2VjcmV0" }, 7] })).into_response()
        }
    }
}
