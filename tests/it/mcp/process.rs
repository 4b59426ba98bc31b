//! Many sessions in the real process.

use std::time::Duration;

use futures::StreamExt;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Streamable, initialize, request, soon};
use crate::support::http_client;
use crate::support::process::Server;

async fn assert_full(answer: Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "30");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "too_many_sessions");
}

fn begin(client: &Client, url: &str) -> RequestBuilder {
    Streamable::bare(client, url).json(&initialize("2025-11-25"))
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
async fn ten_thousand_sessions_at_once() {
    const SESSIONS: usize = 10_000;
    let (folder, client) = (TempDir::new().unwrap(), http_client());
    let env = [("MCP_MAX_SESSIONS", "10000")];
    let server = Server::start(folder.path(), &env).await;
    let session = Streamable::connect(&client, &server.url, "2025-11-25").await;
    let others = futures::stream::iter(1..SESSIONS).map(|_| async {
        let answer = begin(&client, &server.url).send().await.unwrap();
        let status = answer.status();
        answer.bytes().await.unwrap();
        status
    });
    // Less than the time after which the first would be idle.
    let limit = Duration::from_secs(280);
    let answers = tokio::time::timeout(limit, others.buffer_unordered(32).collect::<Vec<_>>()).await.unwrap();
    assert!(answers.iter().all(|status| *status == StatusCode::OK));
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
