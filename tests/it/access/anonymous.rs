//! Who does not say who they are.

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use super::{client_of, start};
use crate::support::app::TestApp;
use crate::support::http_client;
use crate::support::process::{Server, run};

const STATUS: &str = "/api/quotation/status/quot_0123456789abcdef0123456789abcdef";

/// On all addresses a service lets in whoever reaches it only when that was asked for.
#[tokio::test]
async fn beyond_this_machine_it_must_be_asked_for() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &[], &[("HOST", "0.0.0.0"), ("PORT", "0")]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let line = said.lines().last().unwrap();
    assert!(
        ["API_KEY", "ACCESS_FILE", "ALLOW_ANONYMOUS=true"].iter().all(|name| line.contains(name)),
        "{said}"
    );
    for (name, value, status) in [
        ("ALLOW_ANONYMOUS", "true", StatusCode::NOT_FOUND),
        ("API_KEY", "0123456789abcdef", StatusCode::UNAUTHORIZED),
    ] {
        let folder = TempDir::new().unwrap();
        let server = Server::start(folder.path(), &[("HOST", "0.0.0.0"), (name, value)]).await;
        let port = server.url.rsplit(':').next().unwrap();
        let ask = http_client().get(format!("http://127.0.0.1:{port}{STATUS}"));
        assert_eq!(ask.send().await.unwrap().status(), status, "{name}");
        let with_key =
            http_client().get(format!("http://127.0.0.1:{port}{STATUS}")).header("x-api-key", value);
        assert_eq!(with_key.send().await.unwrap().status(), StatusCode::NOT_FOUND, "{name}");
        server.process.kill().await;
    }
}

/// A page for everybody: who has no key may do what the file says of `anonymous`.
#[tokio::test]
async fn the_file_says_what_strangers_may() {
    let (app, _folder) =
        start(&[("anonymous", r#"permissions = ["quotations"]"#), ("boss", r#"permissions = ["handoffs"]"#)])
            .await;
    let ask = async |client: reqwest::Client, path: &str| {
        client.get(format!("{}{path}", app.url)).send().await.unwrap().status()
    };
    let handoff = "/api/handoff/hand_0123456789abcdef0123456789abcdef";
    assert_eq!(ask(http_client(), STATUS).await, StatusCode::NOT_FOUND);
    assert_eq!(ask(http_client(), handoff).await, StatusCode::FORBIDDEN);
    assert_eq!(ask(client_of("boss"), handoff).await, StatusCode::NOT_FOUND);
    assert_eq!(ask(client_of("boss"), STATUS).await, StatusCode::FORBIDDEN);
    assert_eq!(
        ask(client_of("nobody-knows"), STATUS).await,
        StatusCode::UNAUTHORIZED,
        "a wrong key is no stranger"
    );
}

#[tokio::test]
async fn networks_are_seen_through_proxies_that_are_trusted() {
    let network =
        |networks: &[&str]| networks.iter().map(|network| network.parse().unwrap()).collect::<Vec<_>>();
    let app = TestApp::builder().configure(|config| {
        config.access.allowed_ips = network(&["198.51.100.0/24"]);
        config.access.trusted_proxies = network(&["127.0.0.1/32"]);
    });
    let app = app.start().await;
    let ask = async |headers: &[(&str, &str)]| {
        let request = http_client().get(format!("{}{STATUS}", app.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json::<Value>().await.unwrap()["code"].clone())
    };
    assert_eq!(ask(&[]).await.1, "address_not_allowed");
    assert_eq!(ask(&[("x-forwarded-for", "203.0.113.5")]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&[("x-forwarded-for", "198.51.100.7, 203.0.113.5")]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(&[("x-forwarded-for", "198.51.100.7")]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&[("forwarded", "for=\"198.51.100.7:4711\"")]).await.0, StatusCode::NOT_FOUND);
}

/// Who looks for metadata without a key is told that there is none, and has nothing done for any tenant.
#[tokio::test]
async fn well_known_paths_are_of_no_tenant() {
    let (app, _folder) = start(&[("boss", r#"permissions = ["read"]"#)]).await;
    for headers in
        [&[][..], &[("x-tenant", "acme")], &[("x-odoo-url", "https://a.odoo.com"), ("x-odoo-api-key", "k")]]
    {
        let ask = http_client().get(format!("{}/.well-known/oauth-protected-resource", app.url));
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(*name, *value));
        let answer = ask.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{headers:?}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "no_such_path", "{headers:?}");
    }
}
