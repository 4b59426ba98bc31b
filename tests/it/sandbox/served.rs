//! A sandbox on a free port, and calls to it.

use std::time::Duration;

use mcp_odoo_sandbox::{Options, Sandbox, Version};
use reqwest::Client;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::support::http;

pub const VERSIONS: [Version; 2] = [Version::V18, Version::V19];

/// A served sandbox; it stops with the test's runtime.
pub struct Served {
    pub url: String,
    pub client: Client,
    pub sandbox: Sandbox,
}

impl Served {
    pub async fn start(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = Sandbox::new(options);
        tokio::spawn(sandbox.clone().serve(listener, std::future::pending()));
        Self { url, client: http::client(), sandbox }
    }

    pub async fn of(version: Version) -> Self {
        Self::start(Options { version, ..Options::default() }).await
    }

    pub async fn slow(version: Version, latency: Duration) -> Self {
        Self::start(Options { version, latency, ..Options::default() }).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.url);
        self.client.post(url).json(body).send().await.unwrap().json().await.unwrap()
    }

    /// One call of `/jsonrpc`.
    pub async fn rpc(&self, service: &str, method: &str, args: Value) -> Value {
        let params = json!({"service": service, "method": method, "args": args});
        self.post("/jsonrpc", &json!({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})).await
    }

    /// The uid of a user whose password is its login.
    pub async fn login(&self, user: &str) -> i64 {
        let answer = self.rpc("common", "authenticate", json!(["sandbox", user, user, {}])).await;
        answer["result"].as_i64().unwrap()
    }

    /// A method called as a user; `result` or `error`.
    pub async fn call(&self, user: &str, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
        let uid = self.login(user).await;
        let args = json!(["sandbox", uid, user, model, method, args, kwargs]);
        self.rpc("object", "execute_kw", args).await
    }
}

/// A sandbox without a network.
pub fn inside(version: Version) -> Sandbox {
    Sandbox::new(Options { version, ..Options::default() })
}

/// Calls a method as the administrator; `args` is a list, `kwargs` an object.
pub fn call(sandbox: &Sandbox, model: &str, method: &str, args: Value, kwargs: Value) -> Value {
    try_call(sandbox, model, method, args, kwargs).unwrap()
}

/// As [`call`], with the error's class and text.
pub fn try_call(
    sandbox: &Sandbox,
    model: &str,
    method: &str,
    args: Value,
    kwargs: Value,
) -> Result<Value, (&'static str, String)> {
    let args = args.as_array().cloned().unwrap();
    let kwargs: Map<String, Value> = kwargs.as_object().cloned().unwrap();
    sandbox.execute(model, method, args, kwargs).map_err(|error| (error.class(), error.message))
}
