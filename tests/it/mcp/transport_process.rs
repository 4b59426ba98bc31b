//! Many sessions in the real process: what they leave behind, and how many there can be.

use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::transport_client::{Sse, Stream, Streamable, initialize, request, soon};
use crate::support::http_client;
use crate::support::process::Server;

const PAIRS: usize = 200;
const IDLE_SECONDS: &str = "4";
/// Rounds in which all say goodbye, and rounds in which nobody does: until the allocator has as much as it will keep.
const GOODBYES: usize = 8;
const WARM_UP: usize = GOODBYES + 3;
const ROUNDS: usize = 3;
/// KiB that the process may hold more in a round than when it was warm: 4 for every session of the rounds.
/// One that holds about 100 while it is open leaves 30 when only its inbox is forgotten.
const ALLOWANCE: u64 = 4 * (ROUNDS * 2 * PAIRS) as u64;

async fn assert_full(answer: Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_many_sessions");
}

fn begin(client: &Client, url: &str) -> RequestBuilder {
    Streamable::bare(client, url).json(&initialize("2025-11-25"))
}

/// A session of each kind.
struct Pair {
    sse: Sse,
    streamable: Streamable,
    listening: Stream,
}

impl Pair {
    async fn open(client: &Client, url: &str) -> Self {
        let sse = Sse::connect(client, url).await;
        let streamable = Streamable::connect(client, url, "2025-11-25").await;
        let listening = streamable.listen().await;
        Self { sse, streamable, listening }
    }

    async fn works(&mut self) {
        let ask = request(2, "ping", &json!({}));
        assert!(self.sse.ask(&ask).await["result"].is_object());
        assert!(self.streamable.ask(&ask).await["result"].is_object());
    }

    async fn goodbye(self) {
        assert_eq!(self.streamable.end().await, StatusCode::NO_CONTENT);
    }

    async fn ended(mut self) {
        while self.sse.stream.event().await.is_some() {}
        while self.listening.event().await.is_some() {}
    }
}

/// Waits until so many places are free: as many sessions can be begun, and are ended.
async fn until_free(client: &Client, url: &str, places: usize) {
    let begun = futures::stream::iter(0..places).map(|_| async {
        loop {
            let answer = begin(client, url).send().await.unwrap();
            if answer.status() == StatusCode::OK {
                return answer.headers()["mcp-session-id"].clone();
            }
            assert_full(answer).await;
        }
    });
    let begun: Vec<_> = soon(begun.buffer_unordered(16).collect()).await;
    for session in begun {
        let end = client.delete(format!("{url}/mcp")).header("mcp-session-id", session).send().await;
        assert_eq!(end.unwrap().status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn round_after_round_all_places_are_freed_and_memory_is_flat() {
    let (folder, max) = (TempDir::new().unwrap(), (2 * PAIRS).to_string());
    let env = [("MCP_MAX_SESSIONS", max.as_str()), ("MCP_IDLE_SECONDS", IDLE_SECONDS)];
    let server = Server::start(folder.path(), &env).await;
    let mut warm = None;
    for round in 0..WARM_UP + ROUNDS {
        // A client of its own: its connections end with it.
        let client = http_client();
        let mut pairs = join_all((0..PAIRS).map(|_| Pair::open(&client, &server.url))).await;
        assert_full(begin(&client, &server.url).send().await.unwrap()).await;
        let open = server.process.resident();
        for pair in &mut pairs {
            pair.works().await;
        }
        if round < GOODBYES {
            join_all(pairs.into_iter().map(Pair::goodbye)).await;
        } else {
            // Their sockets close, and nothing is said.
            pairs.truncate(PAIRS / 2);
            // The others fall silent, and are told that it is over.
            join_all(pairs.into_iter().map(Pair::ended)).await;
        }
        until_free(&client, &server.url, 2 * PAIRS).await;
        let after = server.process.resident();
        println!("round {round}: {open:?} KiB with {} sessions, {after:?} KiB after them", 2 * PAIRS);
        // What is freed is kept for a while, so two rounds are never quite alike.
        let held = open.max(after);
        if round < WARM_UP {
            warm = warm.max(held);
        } else if let (Some(held), Some(warm)) = (held, warm) {
            assert!(held <= warm + ALLOWANCE, "{held} KiB, and warm {warm}");
        }
    }
    server.process.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_sessions_at_once() {
    const SESSIONS: usize = 10_000;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let env = [("MCP_MAX_SESSIONS", "10000")];
    let server = Server::start(folder.path(), &env).await;
    let (before, began) = (server.process.resident(), Instant::now());
    let session = Streamable::connect(&client, &server.url, "2025-11-25").await;
    let others = futures::stream::iter(1..SESSIONS).map(|_| async {
        let answer = begin(&client, &server.url).send().await.unwrap();
        let status = answer.status();
        answer.bytes().await.unwrap();
        status
    });
    let limit = Duration::from_secs(120);
    let answers = tokio::time::timeout(limit, others.buffer_unordered(32).collect::<Vec<_>>()).await.unwrap();
    assert!(answers.iter().all(|status| *status == StatusCode::OK));
    println!(
        "{SESSIONS} sessions in {:?}: {before:?} KiB before, {:?} KiB now",
        began.elapsed(),
        server.process.resident()
    );
    assert_full(begin(&client, &server.url).send().await.unwrap()).await;
    assert_full(client.get(format!("{}/mcp/sse", server.url)).send().await.unwrap()).await;
    let listed = session.ask(&request(2, "tools/list", &json!({}))).await;
    assert!(listed["result"]["tools"].is_array(), "{listed}");
    let health = client.get(format!("{}/health", server.url)).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    assert_eq!(session.end().await, StatusCode::NO_CONTENT);
    until_free(&client, &server.url, 1).await;
    server.process.terminate().await;
    let (status, said) = server.process.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
}
