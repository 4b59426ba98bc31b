//! A client of HTTP+SSE, which rmcp no longer has.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

/// Who waits for which answer.
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<()>>>>;

pub struct SseClient {
    client: reqwest::Client,
    endpoint: String,
    waiting: Waiting,
    next: AtomicU64,
    _reading: AbortOnDropHandle<()>,
}

#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
}

impl SseClient {
    /// Opens and initializes a session.
    pub async fn connect(url: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut events = client.get(format!("{url}/mcp/sse")).send().await.unwrap();
        let mut buffer = String::new();
        let endpoint = format!("{url}{}", data(&mut events, &mut buffer).await.unwrap());
        let waiting = Waiting::default();
        let told = Arc::clone(&waiting);
        let reading = tokio::spawn(async move {
            while let Some(data) = data(&mut events, &mut buffer).await {
                let answer: Answer = serde_json::from_str(&data).unwrap();
                let waits = answer.id.and_then(|id| told.lock().unwrap().remove(&id));
                waits.into_iter().for_each(|waits| waits.send(()).unwrap_or_default());
            }
        });
        let reading = AbortOnDropHandle::new(reading);
        let this = Self { client, endpoint, waiting, next: AtomicU64::new(1), _reading: reading };
        let info = json!({ "name": "bench", "version": "1" });
        let hello = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": info });
        this.ask("initialize", hello).await;
        this.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        this
    }

    pub async fn call(&self) {
        self.ask("tools/call", json!({ "name": super::mcp::TOOL, "arguments": super::mcp::arguments() }))
            .await;
    }

    async fn ask(&self, method: &str, params: Value) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answered) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, sender);
        self.post(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        answered.await.unwrap();
    }

    async fn post(&self, message: &Value) {
        let answer = self.client.post(&self.endpoint).json(message).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        // Read to its end, so that the connection serves again.
        answer.bytes().await.unwrap();
    }
}

/// The data of the next event.
async fn data(events: &mut Response, buffer: &mut String) -> Option<String> {
    loop {
        if let Some((event, rest)) = buffer.split_once("\n\n") {
            let data = event.lines().find_map(|line| line.strip_prefix("data:"));
            let data = data.map(|data| data.trim_start().to_owned());
            *buffer = rest.to_owned();
            match data {
                Some(data) => return Some(data),
                None => continue,
            }
        }
        let chunk = events.chunk().await.ok()??;
        buffer.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}
