//! Keys that change, and a server that does not answer, or not with keys.

use std::time::Duration;

use futures::future::join_all;
use mcp_odoo_core::access::oauth::TokenError;
use serde_json::json;
use tokio::net::TcpListener;

use super::keys::Key;
use super::server::{Failure, Server};
use crate::mcp::client::soon;

#[tokio::test]
async fn a_new_key_is_asked_for_and_one_that_is_taken_back_is_not_taken() {
    let (old, new) = (Key::p256("1"), Key::p256("2"));
    let server = Server::start(&[&old]).await;
    let verifier = server.verifier_with(|config| config.times.interval = Duration::ZERO);
    let (by_old, by_new) = (old.token(&server.claims()), new.token(&server.claims()));
    assert!(verifier.verify(&by_old).await.is_ok());
    server.rotate(&[&old, &new]);
    assert!(verifier.verify(&by_new).await.is_ok());
    assert!(verifier.verify(&by_old).await.is_ok());
    assert_eq!(server.asked(), 2);
    server.rotate(&[&new]);
    // It is not known yet that it was taken back.
    assert!(verifier.verify(&by_old).await.is_ok());
    let made_up = Key::p256("3").token(&server.claims());
    assert_eq!(verifier.verify(&made_up).await, Err(TokenError::UnknownKey));
    assert_eq!(
        verifier.verify(&by_old).await,
        Err(TokenError::UnknownKey),
        "although it was found good before"
    );
    assert!(verifier.verify(&by_new).await.is_ok());
}

/// Nobody waits for that: old keys are used meanwhile.
#[tokio::test]
async fn old_keys_are_asked_for_again_beside_the_work() {
    let (old, new) = (Key::p256("1"), Key::p256("2"));
    let server = Server::start(&[&old]).await;
    let verifier = server.verifier_with(|config| {
        (config.times.interval, config.times.max_age) = (Duration::ZERO, Duration::ZERO);
    });
    let token = old.token(&server.claims());
    assert!(verifier.verify(&token).await.is_ok());
    server.fail(Failure::Hangs);
    let asked = server.asked();
    assert!(verifier.verify(&token).await.is_ok());
    soon(server.asked.subscribe().wait_for(|now| *now > asked)).await.unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    // Of those that were not asked for, nothing is known.
    let server = Server::start(&[&old]).await;
    let verifier = server.verifier_with(|config| {
        (config.times.interval, config.times.max_age) = (Duration::ZERO, Duration::ZERO);
    });
    let token = old.token(&server.claims());
    assert!(verifier.verify(&token).await.is_ok());
    server.rotate(&[&new]);
    soon(async {
        while verifier.verify(&token).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_asks_once() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let verifier = server.verifier();
    let claims = server.claims();
    // Nothing is known yet: they all wait for the same answer.
    let flood = |from: usize| {
        let tokens = (from..from + 500)
            .map(|id| key.sign(&json!({ "alg": "ES256", "kid": format!("no-{id}") }), &claims));
        join_all(tokens.map(|token| {
            let verifier = verifier.clone();
            tokio::spawn(async move { verifier.verify(&token).await.unwrap_err() })
        }))
    };
    for error in flood(0).await.into_iter().chain(flood(500).await) {
        assert_eq!(error.unwrap(), TokenError::UnknownKey);
    }
    let good = key.token(&claims);
    assert!(verifier.verify(&good).await.is_ok());
    assert_eq!(server.asked(), 1);
}

/// Who hangs up takes nothing from those who wait for the same answer, and cannot keep keys from being known.
#[tokio::test]
async fn who_leaves_does_not_stop_the_asking() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let verifier = server.verifier();
    let token = key.token(&server.claims());
    let asking = verifier.verify(&token);
    let mut asking = Box::pin(asking);
    assert!(futures::poll!(asking.as_mut()).is_pending());
    drop(asking);
    soon(server.asked.subscribe().wait_for(|asked| *asked == 1)).await.unwrap();
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_server_that_fails_makes_nobody_wrong() {
    let (key, other) = (Key::p256("1"), Key::p256("2"));
    for failure in Failure::ALL {
        let server = Server::start(&[&key]).await;
        server.fail(failure);
        let verifier = server.verifier_with(|config| {
            config.times.interval = Duration::ZERO;
            config.times.timeout =
                Duration::from_millis(if matches!(failure, Failure::Hangs) { 100 } else { 60_000 });
        });
        let token = key.token(&server.claims());
        let error = verifier.verify(&token).await.unwrap_err();
        assert!(matches!(error, TokenError::Unavailable(_)), "{failure:?}: {error}");
        server.fail(None);
        assert!(verifier.verify(&token).await.is_ok(), "{failure:?}");
        // What is known is used while it fails; of a new key nobody can tell.
        server.fail(failure);
        let error = verifier.verify(&other.token(&server.claims())).await.unwrap_err();
        assert!(matches!(error, TokenError::Unavailable(_)), "{failure:?}: {error}");
        assert!(verifier.verify(&key.token(&server.claims())).await.is_ok(), "{failure:?}");
    }
}

#[tokio::test]
async fn keys_are_not_kept_for_ever() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let verifier = server.verifier_with(|config| {
        (config.times.interval, config.times.keep) = (Duration::ZERO, Duration::ZERO);
    });
    let token = key.token(&server.claims());
    let mut verified = Vec::new();
    for _ in 0..3 {
        server.fail(Failure::Error);
        verified.push(verifier.verify(&token).await);
    }
    assert!(verified.iter().all(|it| matches!(it, Err(TokenError::Unavailable(_)))), "{verified:?}");
}

#[tokio::test]
async fn nobody_there() {
    let key = Key::p256("1");
    let server = Server::start(&[&key]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let verifier = server.verifier_with(|config| config.issuer = gone);
    let token = key.token(&server.claims());
    let Err(TokenError::Unavailable(wait)) = verifier.verify(&token).await else {
        panic!("nothing is known")
    };
    assert!(wait > Duration::ZERO);
}
