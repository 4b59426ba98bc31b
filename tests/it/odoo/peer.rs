//! A server on a real socket that answers as a test says.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use mcp_odoo_core::odoo::{Odoo, OdooConfig, ProtocolChoice};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Clone)]
pub struct Received {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    /// The RPC method: `version`, `authenticate` or `execute_kw`; empty on JSON-2.
    pub fn rpc_method(&self) -> String {
        match self.path.as_str() {
            "/jsonrpc" => self.json()["params"]["method"].as_str().unwrap().to_owned(),
            path if path.starts_with("/xmlrpc") => {
                dxr::MethodCall::from_xml(&self.text()).unwrap().name.into_owned()
            }
            _ => String::new(),
        }
    }
}

pub struct Peer {
    pub url: Url,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Peer {
    pub async fn start<F>(answer: impl Fn(Received) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, log) = (answer.clone(), Arc::clone(&log));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let received = Received { path: parts.uri.path().to_owned(), headers: parts.headers, body };
                log.lock().unwrap().push(received.clone());
                answer(received).await
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, received }
    }

    /// A server whose answers need no waiting.
    pub async fn simple(answer: impl Fn(&Received) -> Response + Clone + Send + Sync + 'static) -> Self {
        Self::start(move |received| std::future::ready(answer(&received))).await
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// How many of the requests were of this RPC method.
    pub fn count(&self, rpc_method: &str) -> usize {
        self.received().iter().filter(|received| received.rpc_method() == rpc_method).count()
    }
}

pub fn config(url: &Url, protocol: ProtocolChoice) -> OdooConfig {
    OdooConfig {
        url: url.clone(),
        database: "db".to_owned(),
        login: "admin".to_owned(),
        secret: "s3cr3t-word".into(),
        secret_is_api_key: false,
        protocol,
        timeout: Duration::from_secs(20),
        max_concurrency: 8,
    }
}

pub fn client(url: &Url, protocol: ProtocolChoice) -> Odoo {
    Odoo::new(config(url, protocol)).unwrap()
}

pub fn answer(status: u16, content_type: &str, body: impl Into<axum::body::Body>) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(CONTENT_TYPE, content_type)], body.into()).into_response()
}

pub fn html(status: u16) -> Response {
    answer(status, "text/html; charset=utf-8", "<!DOCTYPE html><html><body>Bad luck</body></html>")
}

pub fn json_answer(value: &Value) -> Response {
    answer(200, "application/json; charset=utf-8", value.to_string())
}

pub fn result(value: impl Into<Value>) -> Response {
    json_answer(&json!({"jsonrpc": "2.0", "id": 1, "result": value.into()}))
}

pub fn error(name: &str, message: &str) -> Response {
    let data = json!({"name": name, "message": message, "arguments": [], "debug": "Traceback (most recent call last):\n  File \"/opt/odoo/secret.py\"\n"});
    json_answer(
        &json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": data}}),
    )
}

/// What `common.version` answers on JSON-RPC.
pub fn version(text: &str) -> Response {
    result(json!({"server_version": text, "protocol_version": 1}))
}

/// A server that lets everyone in as user 2 on all protocols and answers calls as the test says.
pub async fn odoo(call: impl Fn(&Received) -> Response + Clone + Send + Sync + 'static) -> Peer {
    Peer::simple(move |received| login(received).unwrap_or_else(|| call(received))).await
}

/// The answers to what a client asks while it connects.
pub fn login(received: &Received) -> Option<Response> {
    let xml = received.path.starts_with("/xmlrpc");
    match received.rpc_method().as_str() {
        "version" if xml => {
            let version = dxr::Value::String("18.0".to_owned());
            Some(xml_result(dxr::Value::Struct([("server_version".to_owned(), version)].into())))
        }
        "authenticate" if xml => Some(xml_result(dxr::Value::Integer(2))),
        "version" => Some(version("18.0")),
        "authenticate" => Some(result(2)),
        _ if received.path.ends_with("/context_get") => Some(json_answer(&json!({"uid": 2}))),
        _ => None,
    }
}

pub fn xml_result(value: dxr::Value) -> Response {
    answer(200, "text/xml; charset=utf-8", dxr::MethodResponse { value }.to_xml().unwrap())
}
