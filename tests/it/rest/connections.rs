//! Connections that say nothing, or never finish saying it.

use std::sync::mpsc;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::TestApp;

const PATIENCE: Duration = Duration::from_millis(300);
const LIMIT: Duration = Duration::from_secs(120);

async fn app(max_connections: usize) -> TestApp {
    let builder = TestApp::builder().configure(|config| {
        config.http.max_connections = max_connections;
        config.http.header_timeout = PATIENCE;
    });
    builder.start().await
}

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap()
}

/// What the service says until it ends the connection.
async fn last_words(mut connection: TcpStream) -> String {
    let mut said = Vec::new();
    // One that was cut off while it was still written to may also end in an error.
    let _ = tokio::time::timeout(LIMIT, connection.read_to_end(&mut said)).await.expect("it is ended");
    String::from_utf8(said).unwrap()
}

#[tokio::test]
async fn who_never_finishes_the_head_of_a_request_is_cut_off() {
    let app = app(1000).await;
    let (silent, mut slow) = (connect(&app).await, connect(&app).await);
    slow.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
    let drip = async {
        // A byte now and then does not buy more time.
        while slow.write_all(b"x").await.is_ok() {
            tokio::time::sleep(PATIENCE / 10).await;
        }
    };
    tokio::time::timeout(LIMIT, drip).await.expect("it is ended");
    assert!(!last_words(slow).await.contains("200"));
    assert_eq!(last_words(silent).await, "");
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_takes_all_places_and_says_nothing_does_not_keep_them() {
    let app = app(4).await;
    let silent = [connect(&app).await, connect(&app).await, connect(&app).await, connect(&app).await];
    assert_eq!(app.get("/health").await.status(), StatusCode::OK);
    for connection in silent {
        assert_eq!(last_words(connection).await, "");
    }
}

#[tokio::test]
async fn beyond_the_cap_a_connection_waits_for_its_place() {
    let app = app(1).await;
    let mut first = connect(&app).await;
    first.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_ne!(first.read(&mut [0; 1024]).await.unwrap(), 0, "it is served");
    let mut second = connect(&app).await;
    let request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    second.write_all(request).await.unwrap();
    let mut byte = [0];
    let waits = tokio::time::timeout(PATIENCE / 10, second.read(&mut byte)).await;
    assert!(waits.is_err(), "the place is taken");
    drop(first);
    assert!(last_words(second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_stream_of_events_outlasts_the_patience_with_heads() {
    let app = app(1000).await;
    app.proxy().plan(|_, _| Some(crate::support::proxy::Fault::Refuse));
    let id = app.accepted(&crate::support::app::request("eva@connections.example"), None).await;
    let mut events = app.events(&id).await;
    tokio::time::sleep(PATIENCE * 2).await;
    app.proxy().plan(|_, _| None);
    while events.next().await.expect("the stream goes on")["status"] != "completed" {}
}

/// The clock of the service stands still while this goes on, however slow the machine is.
async fn at_leisure<T>(what: impl Future<Output = T>) -> T {
    tokio::time::pause();
    // A paused clock runs ahead where nothing is left to do, but for work like this.
    let (done, waits) = mpsc::channel::<()>();
    let work = tokio::task::spawn_blocking(move || waits.recv());
    let result = what.await;
    tokio::time::resume();
    drop(done);
    let _ = work.await.unwrap();
    result
}

#[tokio::test]
async fn who_asks_nothing_more_is_cut_off_after_the_answer() {
    let app = app(1000).await;
    let asked = async {
        let mut connection = connect(&app).await;
        let mut said = Vec::new();
        for _ in 0..2 {
            // The second on the same connection.
            connection.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            assert_ne!(connection.read_buf(&mut said).await.unwrap(), 0);
        }
        connection.write_all(b"GET /health HTTP/1.1\r\nHost:").await.unwrap();
        (connection, String::from_utf8(said).unwrap())
    };
    let (connection, said) = at_leisure(asked).await;
    let said = said + &last_words(connection).await;
    assert_eq!(said.matches("HTTP/1.1 200").count(), 2, "half a head is no request: {said}");
}
