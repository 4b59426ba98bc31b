//! Which protocol the client picks, and when it logs in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::response::Response;
use futures::{FutureExt, future::join_all};
use mcp_odoo_core::odoo::{Call, Odoo, OdooConfigError, OdooError, Protocol, ProtocolChoice};
use reqwest::Url;
use serde_json::json;
use tokio::sync::{Barrier, Notify};

use super::peer::{self, Peer, Received, client, config, error, html, json_answer, login, result, version};

fn call() -> Call {
    Call::new("res.partner", "search_count").arg("domain", json!([]))
}

async fn picked(
    answer: impl Fn(&Received) -> Response + Clone + Send + Sync + 'static,
    is_key: bool,
) -> Result<(u32, Protocol), OdooError> {
    let peer = Peer::simple(answer).await;
    let mut config = config(&peer.url, ProtocolChoice::Auto);
    config.secret_is_api_key = is_key;
    let connection = Odoo::new(config).unwrap().connection().await?;
    assert_eq!(connection.uid, 2);
    Ok((connection.version.major, connection.protocol))
}

fn odoo19(received: &Received) -> Response {
    match received.rpc_method().as_str() {
        "version" => version("19.0"),
        _ => login(received).unwrap(),
    }
}

fn wrong_key() -> Response {
    let mut answer =
        json_answer(&json!({"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}));
    *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
    answer
}

#[tokio::test]
async fn auto_picks_the_best_protocol_that_is_open() {
    assert_eq!(picked(odoo19, true).await, Ok((19, Protocol::Json2)));
    assert_eq!(picked(odoo19, false).await, Ok((19, Protocol::JsonRpc)));
    assert_eq!(picked(|it| login(it).unwrap(), true).await, Ok((18, Protocol::JsonRpc)));
    assert_eq!(picked(|it| login(it).unwrap(), false).await, Ok((18, Protocol::JsonRpc)));
}

#[tokio::test]
async fn auto_takes_a_password_given_as_a_key() {
    let answer = |received: &Received| match received.path.starts_with("/json/2/") {
        true => wrong_key(),
        false => odoo19(received),
    };
    assert_eq!(picked(answer, true).await, Ok((19, Protocol::JsonRpc)));
}

#[tokio::test]
async fn auto_goes_round_closed_endpoints() {
    for status in [403, 404, 405, 501, 200] {
        let no_jsonrpc = move |received: &Received| match received.path.as_str() {
            "/jsonrpc" => html(status),
            _ => login(received).unwrap(),
        };
        assert_eq!(picked(no_jsonrpc, true).await, Ok((18, Protocol::XmlRpc)), "HTTP {status}");
        let only_json2 = move |received: &Received| match received.path.starts_with("/json/2/") {
            true => login(received).unwrap(),
            false => html(status),
        };
        assert_eq!(picked(only_json2, true).await, Ok((19, Protocol::Json2)), "HTTP {status}");
        // A password opens none of them. Or else the proxy is just being set up.
        let error = picked(only_json2, false).await.unwrap_err();
        let code = if status == 200 { "odoo_malformed_answer" } else { "odoo_gateway_error" };
        assert_eq!((error.code(), error.is_transient()), (code, true), "HTTP {status}");
    }
}

#[tokio::test]
async fn auto_takes_an_older_protocol_where_a_proxy_closes_json2() {
    for status in [401, 403, 404, 405, 501] {
        let no_json2 = move |received: &Received| match received.path.starts_with("/json/2/") {
            true => html(status),
            false => odoo19(received),
        };
        assert_eq!(picked(no_json2, true).await, Ok((19, Protocol::JsonRpc)), "HTTP {status}");
    }
}

#[tokio::test]
async fn a_proxy_that_knows_no_odoo_is_told_with_what_may_be_wrong() {
    let said = picked(|_| html(404), true).await.unwrap_err().to_string();
    for words in ["a proxy answered HTTP 404", "the address or the database may be wrong", "API key"] {
        assert!(said.contains(words), "{said}");
    }
    let said = picked(|_| html(401), true).await.unwrap_err().to_string();
    assert!(said.contains("it wants a log-in of its own") && !said.contains("ODOO_LOGIN"), "{said}");
}

#[tokio::test]
async fn auto_does_not_take_a_failing_gateway_for_a_closed_endpoint() {
    let cases = [502, 429, 503, 401].map(|status| (status, "odoo_gateway_error"));
    for (status, code) in cases.into_iter().chain([(301, "odoo_unreachable")]) {
        assert_eq!(picked(move |_| html(status), true).await.unwrap_err().code(), code, "HTTP {status}");
    }
}

#[tokio::test]
async fn versions_of_odoo_online_are_understood() {
    let online = |received: &Received| match received.rpc_method().as_str() {
        "version" => version("saas~18.2+e"),
        _ => login(received).unwrap(),
    };
    assert_eq!(picked(online, true).await, Ok((18, Protocol::JsonRpc)));
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_call_and_one_login_serves_all() {
    let peer = peer::odoo(|_| result(7)).await;
    let odoo = client(&peer.url, ProtocolChoice::Auto);
    assert!(peer.received().is_empty());
    let outcomes = join_all((0..16).map(|_| odoo.call(call()))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(json!(7))));
    assert_eq!((peer.count("version"), peer.count("authenticate"), peer.count("execute_kw")), (1, 1, 16));
}

#[tokio::test]
async fn a_failed_connect_is_shared_by_those_who_wait_and_then_forgotten() {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    let peer = Peer::simple(move |received| match is_down.load(Ordering::SeqCst) {
        true => html(502),
        false => login(received).unwrap_or_else(|| result(7)),
    })
    .await;
    let odoo = client(&peer.url, ProtocolChoice::Auto);
    let outcomes = join_all((0..8).map(|_| odoo.call(call()))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Err(OdooError::Gateway(502))));
    assert_eq!(peer.received().len(), 1);
    down.store(false, Ordering::SeqCst);
    assert_eq!(odoo.call(call()).await, Ok(json!(7)));
}

#[tokio::test]
async fn a_caller_that_gives_up_while_connecting_leaves_no_half_made_connection() {
    let peer = peer::odoo(|_| result(7)).await;
    let odoo = client(&peer.url, ProtocolChoice::Auto);
    assert!(odoo.connection().now_or_never().is_none());
    assert_eq!(odoo.call(call()).await, Ok(json!(7)));
}

#[tokio::test]
async fn a_refused_session_is_renewed_once_and_the_call_repeated() {
    for refusals in [1, usize::MAX] {
        let refused = Arc::new(AtomicUsize::new(0));
        let peer = peer::odoo(move |_| match refused.fetch_add(1, Ordering::SeqCst) < refusals {
            true => error("odoo.exceptions.AccessDenied", "Access Denied"),
            false => result(7),
        })
        .await;
        let outcome = client(&peer.url, ProtocolChoice::JsonRpc).call(call()).await;
        match refusals {
            1 => assert_eq!(outcome, Ok(json!(7))),
            _ => assert_eq!(outcome, Err(OdooError::AccessDenied("Access Denied".to_owned()))),
        }
        assert_eq!((peer.count("authenticate"), peer.count("execute_kw")), (2, 2));
    }
}

#[tokio::test]
async fn many_refusals_at_once_make_one_new_login() {
    const CALLS: usize = 16;
    let (logins, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(CALLS)));
    let peer = Peer::start(move |received| {
        let (logins, together) = (Arc::clone(&logins), Arc::clone(&together));
        async move {
            if let Some(answer) = login(&received) {
                logins.fetch_add(usize::from(received.rpc_method() == "authenticate"), Ordering::SeqCst);
                return answer;
            }
            if logins.load(Ordering::SeqCst) > 1 {
                return result(7);
            }
            together.wait().await;
            error("odoo.exceptions.AccessDenied", "Access Denied")
        }
    })
    .await;
    let mut config = config(&peer.url, ProtocolChoice::JsonRpc);
    config.max_concurrency = CALLS;
    let odoo = Odoo::new(config).unwrap();
    let outcomes = join_all((0..CALLS).map(|_| odoo.call(call()))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(json!(7))), "{outcomes:?}");
    assert_eq!((peer.count("authenticate"), peer.count("execute_kw")), (2, 2 * CALLS));
}

#[tokio::test]
async fn a_late_refusal_does_not_undo_the_new_login() {
    let (both, renewed, calls) =
        (Arc::new(Barrier::new(2)), Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let peer = Peer::start(move |received| {
        let (both, renewed, calls) = (Arc::clone(&both), Arc::clone(&renewed), Arc::clone(&calls));
        async move {
            if let Some(answer) = login(&received) {
                return answer;
            }
            let earlier = calls.fetch_add(1, Ordering::SeqCst);
            if earlier > 1 {
                renewed.notify_one();
                return result(7);
            }
            both.wait().await;
            if earlier == 1 {
                renewed.notified().await;
            }
            error("odoo.exceptions.AccessDenied", "Access Denied")
        }
    })
    .await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    let outcomes = join_all([odoo.call(call()), odoo.call(call())]).await;
    assert_eq!(outcomes, [Ok(json!(7)), Ok(json!(7))]);
    assert_eq!((peer.count("authenticate"), peer.count("execute_kw")), (2, 4));
}

#[tokio::test]
async fn an_odoo_below_a_path_is_called_there() {
    let peer = Peer::simple(|_| html(404)).await;
    let odoo = client(&peer.url.join("/erp").unwrap(), ProtocolChoice::JsonRpc);
    assert_eq!(odoo.base_url().path(), "/erp/");
    odoo.call(call()).await.unwrap_err();
    assert_eq!(peer.received()[0].path, "/erp/jsonrpc");
}

#[test]
fn a_bad_configuration_is_refused_and_no_secret_is_shown() {
    for url in ["ftp://example.com", "http://user:word@example.com", "mailto:a@example.com"] {
        let refused = Odoo::new(config(&Url::parse(url).unwrap(), ProtocolChoice::Auto));
        assert!(matches!(refused.err(), Some(OdooConfigError::Url)), "{url}");
    }
    let config = config(&Url::parse("http://user:word@example.com").unwrap(), ProtocolChoice::Auto);
    let shown = format!("{config:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("word@"), "{shown}");
    for (text, choice) in [
        ("auto", ProtocolChoice::Auto),
        ("json2", ProtocolChoice::Json2),
        ("jsonrpc", ProtocolChoice::JsonRpc),
        ("xmlrpc", ProtocolChoice::XmlRpc),
    ] {
        assert_eq!(text.parse::<ProtocolChoice>().unwrap(), choice);
    }
    assert_eq!(
        "soap".parse::<ProtocolChoice>().unwrap_err().to_string(),
        "takes auto, json2, jsonrpc or xmlrpc"
    );
}
