//! Answers that are too large, and many that are nearly so.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::response::Response;
use futures::future::join_all;
use futures::stream;
use mcp_odoo_core::odoo::{Call, OdooError, ProtocolChoice};
use serde_json::json;

use super::peer::{self, answer, client};
use super::transport::{PROTOCOLS, cutting};

const MIB: usize = 1 << 20;

fn call() -> Call {
    Call::new("res.partner", "search_count").arg("domain", json!([]))
}

/// A body of pieces of 64 KiB; `sent` hears of each when it is taken.
fn pieces(count: usize, sent: impl Fn(usize) + Send + 'static) -> Response {
    let piece = move |number: usize| {
        sent(number);
        Ok::<_, Infallible>(vec![b' '; 64 << 10])
    };
    answer(200, "application/json", Body::from_stream(stream::iter((1..=count).map(piece))))
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    for protocol in PROTOCOLS {
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let peer = peer::odoo(move |_| {
            let counter = Arc::clone(&counter);
            pieces(usize::MAX, move |_| {
                counter.fetch_add(64 << 10, Ordering::SeqCst);
            })
        })
        .await;
        let error = client(&peer.url, protocol).call(call()).await.unwrap_err();
        assert_eq!(error, OdooError::TooLarge(32), "{protocol:?}");
        assert!(error.to_string().contains("32 MiB") && error.is_transient() && error.outcome_unknown());
        // The buffers of the sockets hold some more.
        assert!(sent.load(Ordering::SeqCst) < 64 * MIB);
    }
}

#[tokio::test]
async fn an_answer_that_says_it_is_too_large_is_not_read() {
    let (url, ..) = cutting("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").await;
    let error = client(&url, ProtocolChoice::JsonRpc).call(call()).await.unwrap_err();
    assert_eq!(error, OdooError::TooLarge(32));
}

#[tokio::test]
async fn large_answers_take_turns_and_all_arrive() {
    // One that is not read gets no further than the buffers of the sockets.
    const PIECES: usize = 24 * 16;
    const SURELY_READ: usize = 16 * 16;
    let (reading, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let peer = peer::odoo(move |_| {
        let (reading, most) = (Arc::clone(&reading), Arc::clone(&seen));
        pieces(PIECES, move |number| match number {
            SURELY_READ => {
                most.fetch_max(reading.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            }
            PIECES => {
                reading.fetch_sub(1, Ordering::SeqCst);
            }
            _ => {}
        })
    })
    .await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    let outcomes = join_all((0..6).map(|_| odoo.call(call()))).await;
    // Blanks are no JSON, but they were read to the end.
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(OdooError::Malformed(_)))), "{outcomes:?}");
    assert!(most.load(Ordering::SeqCst) <= 2, "{most:?} large answers were in memory at once");
}
