//! Odoo's own pages: where they lead, and where they do not.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::{Json, Router};
use mcp_odoo_core::odoo::{Odoo, OdooConfig, OdooError, ProtocolChoice, Rendering};
use serde_json::{Map, json};
use tokio::net::TcpListener;

/// What was asked for, each with its cookie.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// An Odoo that redirects everything to one place, unless it is asked for that.
async fn redirecting(to: &'static str) -> (Odoo, Seen) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
    let router = Router::new().fallback(answer).with_state((to, Arc::clone(&seen)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = OdooConfig {
        url: url.parse().unwrap(),
        database: "one".to_owned(),
        login: "admin".to_owned(),
        secret: "secret".into(),
        secret_is_api_key: false,
        protocol: ProtocolChoice::JsonRpc,
        timeout: Duration::from_secs(10),
        max_concurrency: 2,
    };
    (Odoo::new(config).unwrap(), seen)
}

async fn answer(State((to, seen)): State<(&'static str, Seen)>, request: Request) -> Response<Body> {
    let cookie = request.headers().get("cookie").map_or("", |cookie| cookie.to_str().unwrap()).to_owned();
    let (uri, json) = (request.uri().to_string(), |value| {
        Response::new(Body::from(Json(json!({ "jsonrpc": "2.0", "id": 1, "result": value })).to_string()))
    });
    seen.lock().unwrap().push((uri.clone(), cookie));
    if uri == "/web/session/authenticate" {
        let mut opened = json(json!({ "uid": 2 }));
        opened.headers_mut().insert("set-cookie", "session_id=abc; HttpOnly; Path=/".parse().unwrap());
        return opened;
    }
    if uri == "/jsonrpc" {
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let is_version = String::from_utf8_lossy(&body).contains("\"version\"");
        return json(if is_version { json!({ "server_version": "18.0" }) } else { json!(2) });
    }
    let is_there = uri == to;
    let answer =
        Response::builder().status(if is_there { 200 } else { 303 }).header("content-type", "text/html");
    answer.header("location", to).body(Body::from("<p>here</p>")).unwrap()
}

fn asked(seen: &Seen) -> Vec<(String, String)> {
    let pages = |(uri, _): &&(String, String)| uri != "/jsonrpc" && uri != "/web/session/authenticate";
    seen.lock().unwrap().iter().filter(pages).cloned().collect()
}

/// With several languages.
#[tokio::test]
async fn the_same_page_in_a_language_is_followed() {
    let (odoo, seen) = redirecting("/en/my/orders/7?access_token=x").await;
    let page = odoo.page("/my/orders/7?access_token=x").await.unwrap();
    assert_eq!((page.status, page.body.as_slice()), (200, b"<p>here</p>".as_slice()));
    assert_eq!(asked(&seen).len(), 2);
    let (odoo, seen) = redirecting("/es_MX/report/html/a.b/7,8").await;
    let page = odoo.report("a.b", &[7, 8], Rendering::Html).await.unwrap();
    assert_eq!(page.status, 200);
    let session = "session_id=abc".to_owned();
    let both = [
        ("/report/html/a.b/7,8".to_owned(), session.clone()),
        ("/es_MX/report/html/a.b/7,8".to_owned(), session),
    ];
    assert_eq!(asked(&seen), both);
}

#[tokio::test]
async fn no_other_redirect_is_followed() {
    for to in [
        "/web/login?redirect=%2Fmy",
        "/en/web/login",
        "/a/b/my/orders/7",
        "http://127.0.0.1:1/en/my/orders/7",
        "//127.0.0.1:1/en/my/orders/7",
        "\\\\127.0.0.1:1/en/my/orders/7",
    ] {
        let (odoo, seen) = redirecting(to).await;
        let page = odoo.page("/my/orders/7").await.unwrap();
        assert_eq!((page.status, asked(&seen).len()), (303, 1), "{to}");
        let (odoo, seen) = redirecting(to).await;
        let refused = odoo.report("a.b", &[7], Rendering::Pdf).await.err();
        assert!(matches!(refused, Some(OdooError::AccessDenied(_))), "{to}: {refused:?}");
        assert_eq!(asked(&seen).len(), 2, "{to}: once more with a new session");
    }
}

#[tokio::test]
async fn a_link_leads_to_no_other_server() {
    for link in [
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest",
        "https://odoo.example/my",
        "\\\\127.0.0.1:1/",
    ] {
        let (odoo, seen) = redirecting("/").await;
        assert!(matches!(odoo.page(link).await.err(), Some(OdooError::Unknown(_))), "{link}");
        assert!(asked(&seen).is_empty(), "{link}");
    }
    for report in ["../web", "a/b", "a?b", ""] {
        let (odoo, seen) = redirecting("/").await;
        assert!(odoo.report(report, &[1], Rendering::Pdf).await.is_err(), "{report}");
        assert!(asked(&seen).is_empty(), "{report}");
    }
}

/// Rendered for the company and in the language that calls are made in.
#[tokio::test]
async fn a_report_has_the_context_of_its_calls() {
    let (odoo, seen) = redirecting("/en").await;
    let context = Map::from_iter([("allowed_company_ids".to_owned(), json!([2]))]);
    let _ = odoo.in_context(context).report("a.b", &[7], Rendering::Pdf).await;
    assert_eq!(asked(&seen)[0].0, "/report/pdf/a.b/7?context=%7B%22allowed_company_ids%22%3A%5B2%5D%7D");
}
