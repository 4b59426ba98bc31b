//! What sessions leave behind, round after round: sessions, tasks and bytes, each counted. The size of a process
//! says little of it: allocators keep what was freed, and how much depends on what else the machine does.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::runtime::{Builder, Handle};
use tokio::task::yield_now;

use super::client::{Sse, Stream, Streamable, initialize, request, soon};
use crate::support::app::TestApp;
use crate::support::http_client;

/// Rounds after which tables and caches have the size that they keep.
const WARM_UP: usize = 2;
const ROUNDS: usize = 3;
/// Bytes that a round may leave for each of its sessions: one whose inbox alone is forgotten leaves 1,000. A table that
/// grows leaves more, but not in every round.
const ALLOWANCE: usize = 100;

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

/// A session of each kind for each, as many as there may be.
async fn pairs(client: &Client, app: &TestApp, count: usize) -> Vec<Pair> {
    join_all((0..count).map(|_| Pair::open(client, &app.url))).await
}

/// Has rounds in a service that takes twice as many sessions; each is over when nothing of it is open or running.
fn nothing_is_left_of(idle: Duration, count: usize, round: impl AsyncFn(&Client, &TestApp)) {
    // On this one thread, whose allocations are counted apart from those of all other tests.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let (app, before) = runtime.block_on(async {
        let app = TestApp::builder().configure(|config| {
            config.mcp.max_sessions = 2 * count;
            config.mcp.idle = idle;
        });
        let app = app.start().await;
        // Whoever answers has started whole.
        assert_eq!(app.get("/health").await.status(), StatusCode::OK);
        (app, tasks())
    });
    let mut least = i64::MAX;
    for number in 0..WARM_UP + ROUNDS {
        let counted = allocation_counter::measure(|| {
            runtime.block_on(async {
                // A client of its own: its connections end with it.
                round(&http_client(), &app).await;
                soon(app.state.sessions.open().wait_for(|open| *open == 0)).await.unwrap();
                let all_end = async {
                    while tasks() > before {
                        yield_now().await;
                    }
                };
                soon(all_end).await;
            });
        });
        let (bytes, blocks) = (counted.bytes_current, counted.count_current);
        println!("round {number} of {} sessions leaves {bytes} bytes in {blocks} blocks", 2 * count);
        if number >= WARM_UP {
            least = least.min(bytes);
        }
    }
    let allowed = i64::try_from(2 * count * ALLOWANCE).unwrap();
    assert!(least <= allowed, "each round leaves {least} bytes at least");
}

#[test]
fn sessions_that_say_goodbye_leave_nothing() {
    const COUNT: usize = 50;
    nothing_is_left_of(Duration::from_secs(300), COUNT, async |client, app| {
        let mut pairs = pairs(client, app, COUNT).await;
        let refused = Streamable::bare(client, &app.url).json(&initialize("2025-11-25")).send().await;
        assert_eq!(refused.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
        for pair in &mut pairs {
            pair.works().await;
        }
        join_all(pairs.into_iter().map(Pair::goodbye)).await;
    });
}

#[test]
fn sessions_that_fall_silent_leave_nothing() {
    const COUNT: usize = 10;
    nothing_is_left_of(Duration::from_secs(6), COUNT, async |client, app| {
        let mut pairs = pairs(client, app, COUNT).await;
        // Their sockets close, and nothing is said.
        pairs.truncate(COUNT / 2);
        // The others are told that it is over.
        join_all(pairs.into_iter().map(Pair::ended)).await;
    });
}
