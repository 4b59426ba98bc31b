//! What goes wrong between the client and Odoo, on real sockets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use mcp_odoo_core::odoo::{Call, Odoo, OdooError, ProtocolChoice};
use reqwest::Url;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Barrier, Semaphore},
};

use super::peer::{self, Peer, answer, client, config, html, login, result};

pub const PROTOCOLS: [ProtocolChoice; 3] =
    [ProtocolChoice::Json2, ProtocolChoice::JsonRpc, ProtocolChoice::XmlRpc];

fn call() -> Call {
    Call::new("res.partner", "create").arg("vals_list", json!([{"name": "Ana"}]))
}

#[tokio::test]
async fn a_refused_port_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    for protocol in PROTOCOLS {
        let error = client(&url, protocol).call(call()).await.unwrap_err();
        assert!(matches!(error, OdooError::Unreachable(_)), "{error:?}");
        assert!(!error.outcome_unknown() && error.is_transient());
    }
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", silent.local_addr().unwrap())).unwrap();
    let timeout = Duration::from_millis(100);
    for protocol in PROTOCOLS {
        let mut config = config(&url, protocol);
        config.timeout = timeout;
        let error = Odoo::new(config).unwrap().call(call()).await.unwrap_err();
        assert_eq!(error, OdooError::TimedOut(timeout));
    }
}

#[tokio::test]
async fn garbage_has_its_class() {
    let cases: [(u16, &str, &[u8], &str); 8] = [
        (302, "text/html", b"", "odoo_unreachable"),
        (204, "text/html", b"", "odoo_malformed_answer"),
        (200, "text/html", b"<!DOCTYPE html><html></html>", "odoo_malformed_answer"),
        (200, "application/json", b"\xff\xfe garbage", "odoo_malformed_answer"),
        (200, "text/xml", b"<methodResponse><params>", "odoo_malformed_answer"),
        (200, "application/json", b"{\"jsonrpc\": \"2.0\", \"id\": 1, \"result", "odoo_malformed_answer"),
        (200, "application/json", b"", "odoo_malformed_answer"),
        (401, "application/json", br#"{"name": "UnauthorizedError", "message": "no"}"#, "odoo_gateway_error"),
    ];
    for (status, content_type, body, code) in cases {
        let peer = peer::odoo(move |_| answer(status, content_type, body)).await;
        for protocol in PROTOCOLS {
            let error = client(&peer.url, protocol).call(call()).await.unwrap_err();
            assert_eq!(error.code(), code, "{protocol:?} HTTP {status} {:?}", String::from_utf8_lossy(body));
        }
    }
}

#[tokio::test]
async fn what_a_proxy_answers_passes_and_leaves_open_whether_odoo_did_the_call() {
    const STATUSES: [u16; 18] =
        [400, 401, 403, 404, 405, 407, 408, 410, 413, 422, 429, 451, 500, 501, 502, 503, 504, 520];
    for (status, body) in
        STATUSES.into_iter().flat_map(|status| [(status, ""), (status, "<html>Forbidden</html>")])
    {
        let peer = peer::odoo(move |_| answer(status, "text/html", body)).await;
        for protocol in PROTOCOLS {
            let error = client(&peer.url, protocol).call(call()).await.unwrap_err();
            assert_eq!(error, OdooError::Gateway(status), "{protocol:?}");
            assert!(error.is_transient() && error.outcome_unknown());
            let said = error.to_string();
            assert!(said.starts_with(&format!("a proxy answered HTTP {status} in place of Odoo")), "{said}");
        }
        // A call that may have been done is not made again, as it would be after a refused log-in.
        let calls =
            |received: &peer::Received| received.path.ends_with("/create") || received.text().contains("Ana");
        assert_eq!(peer.received().iter().filter(|it| calls(it)).count(), PROTOCOLS.len(), "HTTP {status}");
    }
}

#[tokio::test]
async fn what_odoo_itself_refuses_for_load_was_not_done() {
    let peer = peer::odoo(|_| {
        let body =
            json!({"name": "werkzeug.exceptions.ServiceUnavailable", "message": "not now"}).to_string();
        answer(503, "application/json", body)
    })
    .await;
    let error = client(&peer.url, ProtocolChoice::Json2).call(call()).await.unwrap_err();
    assert_eq!(error, OdooError::Overloaded("not now".to_owned()));
    assert!(error.is_transient() && !error.outcome_unknown());
}

#[tokio::test]
async fn an_answer_without_result_or_error_is_malformed() {
    for body in [json!({}), json!({"ok": true}), json!({"jsonrpc": "2.0", "id": 7}), json!([1]), json!(null)]
    {
        let peer = peer::odoo(move |_| peer::json_answer(&body)).await;
        let error = client(&peer.url, ProtocolChoice::JsonRpc).call(call()).await.unwrap_err();
        assert!(matches!(error, OdooError::Malformed(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_method_that_returns_nothing_returns_null() {
    let peer = peer::odoo(|_| peer::json_answer(&json!({"jsonrpc": "2.0", "id": 1}))).await;
    let odoo = client(&peer.url, ProtocolChoice::JsonRpc);
    assert_eq!(odoo.call(call()).await, Ok(json!(null)));
    assert!(matches!(odoo.read("res.partner", &[1], &[]).await, Err(OdooError::Malformed(_))));
}

#[tokio::test]
async fn a_connection_cut_after_the_request_is_lost_and_not_repeated() {
    // Kept alive after the login, then cut: a client that repeats the call in silence would make two records.
    for reply in ["", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\": \"2.0\", "] {
        let (url, calls, connections) = cutting(reply).await;
        let error = client(&url, ProtocolChoice::JsonRpc).call(call()).await.unwrap_err();
        assert!(matches!(error, OdooError::ConnectionLost(_)), "{error:?}");
        assert!(error.outcome_unknown() && !error.to_string().contains("127.0.0.1"));
        assert_eq!((calls.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (1, 1));
    }
}

#[tokio::test]
async fn no_more_requests_than_allowed_are_under_way() {
    let (running, most, full) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(3)));
    let seen = Arc::clone(&most);
    let peer = Peer::start(move |received| {
        let (running, most, full) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&full));
        async move {
            if let Some(answer) = login(&received) {
                return answer;
            }
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            full.wait().await;
            running.fetch_sub(1, Ordering::SeqCst);
            result(1)
        }
    })
    .await;
    let mut config = config(&peer.url, ProtocolChoice::JsonRpc);
    config.max_concurrency = 3;
    let odoo = Odoo::new(config).unwrap();
    let outcomes = join_all((0..12).map(|_| odoo.call(call()))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn reads_leave_a_place_to_what_goes_first_and_do_not_wait_for_ever() {
    let (held, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (arrived, gate) = (Arc::clone(&held), Arc::clone(&release));
    let peer = Peer::start(move |received| {
        let (arrived, gate) = (Arc::clone(&arrived), Arc::clone(&gate));
        async move {
            if let Some(answer) = login(&received) {
                return answer;
            }
            if received.text().contains("search_count") {
                arrived.add_permits(1);
                gate.acquire().await.unwrap().forget();
            }
            result(1)
        }
    })
    .await;
    let mut config = config(&peer.url, ProtocolChoice::JsonRpc);
    config.max_concurrency = 4;
    let odoo = Odoo::new(config).unwrap();
    let read = || {
        let odoo = odoo.reading();
        async move { odoo.call(Call::new("sale.order", "search_count").arg("domain", json!([]))).await }
    };
    let slow: Vec<_> = (0..4).map(|_| tokio::spawn(read())).collect();
    held.acquire_many(4).await.unwrap().forget();
    assert_eq!(odoo.call(call()).await, Ok(json!(1)), "a call that goes first");
    tokio::time::pause();
    let refused = read().await.unwrap_err();
    tokio::time::resume();
    assert_eq!((&refused, refused.code()), (&OdooError::Busy, "busy"));
    assert!(refused.is_transient() && !refused.outcome_unknown());
    assert_eq!(peer.count("execute_kw"), 5, "the refused one was sent");
    release.add_permits(5);
    for read in slow {
        assert_eq!(read.await.unwrap(), Ok(json!(1)));
    }
    assert_eq!(read().await, Ok(json!(1)));
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_leads() {
    let peer = Peer::simple(|_| {
        let mut answer = html(301);
        answer.headers_mut().insert("location", "https://erp.example.com/jsonrpc?secret=1".parse().unwrap());
        answer
    })
    .await;
    let error = client(&peer.url, ProtocolChoice::JsonRpc).call(call()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Odoo cannot be reached: it redirects to https://erp.example.com, use that address"
    );
}

/// A server that answers the login on a kept connection and cuts it in the middle of its answer to a call.
pub async fn cutting(reply: &'static str) -> (Url, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let connections = Arc::new(AtomicUsize::new(0));
    let (counter, accepted) = (Arc::clone(&calls), Arc::clone(&connections));
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            accepted.fetch_add(1, Ordering::SeqCst);
            while let Some(request) = read_request(&mut socket).await {
                let result = match () {
                    () if request.contains("\"version\"") => r#"{"server_version": "18.0"}"#,
                    () if request.contains("\"authenticate\"") => "2",
                    () => {
                        counter.fetch_add(1, Ordering::SeqCst);
                        socket.write_all(reply.as_bytes()).await.unwrap();
                        break;
                    }
                };
                let body = format!(r#"{{"jsonrpc": "2.0", "id": 1, "result": {result}}}"#);
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                socket.write_all((head + &body).as_bytes()).await.unwrap();
            }
        }
    });
    (url, calls, connections)
}

async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        if socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() >= length.parse().unwrap() {
            return Some(text.into_owned());
        }
    }
}
