//! No packet goes where nobody from outside may: callers name the servers that this one connects to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use mcp_odoo_core::tenants::{HeaderConfig, Lookup};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Seat, seat};
use crate::support::app::TestApp;

/// Notes who connects, and answers all of them with this.
struct Witness {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
}

impl Witness {
    async fn start(ip: Ipv4Addr, answer: String) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, seen }
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

async fn app(hosts: &str, lookup: Lookup) -> TestApp {
    let hosts = hosts.parse().unwrap();
    TestApp::builder()
        .configure(|config| config.tenant_headers = Some(HeaderConfig { hosts, lookup }))
        .start()
        .await
}

fn bring(app: &TestApp, url: &str) -> Seat {
    seat(&app.url, &[("x-odoo-url", url), ("x-odoo-api-key", "key"), ("x-odoo-db", "db")])
}

async fn code(seat: &Seat) -> (StatusCode, String) {
    let answer = seat.get("/api/quotation/status/quot_1").await;
    (answer.status(), answer.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned())
}

/// DNS as it is told, one answer after the other.
fn dns(answers: &[&str]) -> Lookup {
    let answers: Vec<IpAddr> = answers.iter().map(|answer| answer.parse().unwrap()).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    Arc::new(move |_| {
        let answer = answers[asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
        async move { Ok(vec![answer]) }.boxed()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_are_written_out_are_refused() {
    let witness = Witness::start(Ipv4Addr::LOCALHOST, String::new()).await;
    let app = app("*.odoo.com", dns(&["127.0.0.1"])).await;
    let port = witness.address.port();
    for url in [
        "http://127.0.0.1:PORT",
        "https://127.0.0.1:PORT",
        "https://127.1:PORT",
        "https://2130706433:PORT",
        "https://0177.0.0.1:PORT",
        "https://0x7f000001:PORT",
        "https://[::1]:PORT",
        "https://[::ffff:127.0.0.1]:PORT",
        "https://[::ffff:7f00:1]:PORT",
        "https://[64:ff9b::7f00:1]:PORT",
        "https://localhost:PORT",
        "http://169.254.169.254",
        "https://169.254.169.254",
        "https://acme.odoo.com@127.0.0.1:PORT",
        "https://bot:pw@acme.odoo.com",
        "https://acme.odoo.com:PORT",
        "https://127.0.0.1:PORT#.odoo.com",
        "https://127.0.0.1:PORT\\.odoo.com",
        "https://127.0.0.1:PORT/.odoo.com",
        "http://acme.odoo.com:PORT",
        "file:///etc/passwd",
        "gopher://127.0.0.1:PORT",
    ] {
        let url = url.replace("PORT", &port.to_string());
        let (status, code) = code(&bring(&app, &url)).await;
        assert!(
            status == StatusCode::BAD_REQUEST || status == StatusCode::FORBIDDEN,
            "{url}: {status} {code}"
        );
    }
    assert_eq!(witness.seen(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_inside_are_refused() {
    let witness = Witness::start(Ipv4Addr::LOCALHOST, String::new()).await;
    let (port, url) = (witness.address.port(), format!("https://rebind.odoo.mx:{}", witness.address.port()));
    for inside in
        ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "fd00:ec2::254", "0.0.0.0"]
    {
        let app = app(&format!("*.odoo.mx:{port}"), dns(&[inside])).await;
        let (status, code) = code(&bring(&app, &url)).await;
        assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "tenant_host_not_allowed"), "{inside}");
    }
    assert_eq!(witness.seen(), 0);
}

/// Each connection is looked at: the name was a good one the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_elsewhere_the_second_time_is_refused() {
    let outside = Witness::start(Ipv4Addr::new(127, 0, 0, 2), String::new()).await;
    let port = outside.address.port();
    let inside = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    // The first one passes for a public address.
    let app = app(&format!("*.odoo.mx:{port},127.0.0.2"), dns(&["127.0.0.2", "127.0.0.1"])).await;
    let caller = bring(&app, &format!("https://rebind.odoo.mx:{port}"));
    // It speaks no TLS.
    assert_eq!(code(&caller).await, (StatusCode::SERVICE_UNAVAILABLE, "tenant_unreachable".to_owned()));
    assert_eq!(outside.seen(), 1);
    assert_eq!(code(&caller).await, (StatusCode::FORBIDDEN, "tenant_host_not_allowed".to_owned()));
    assert!(inside.accept().now_or_never().is_none(), "no packet went there");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let inside = Witness::start(Ipv4Addr::LOCALHOST, String::new()).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{}/jsonrpc\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            inside.address
        );
        let outside = Witness::start(Ipv4Addr::new(127, 0, 0, 2), location).await;
        let app = app("127.0.0.2", dns(&[])).await;
        let (answer, _) = code(&bring(&app, &format!("http://{}", outside.address))).await;
        assert_eq!(answer, StatusCode::SERVICE_UNAVAILABLE);
        assert!(outside.seen() > 0);
    }
    assert_eq!(inside.seen(), 0);
}
