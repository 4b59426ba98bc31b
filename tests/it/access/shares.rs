//! Nobody with a key takes more than half of what is there for all.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{access_file, client_of, key, start, start_as};
use crate::mcp::client::soon;
use crate::support::app::{Builder, TestApp, request};
use crate::support::mcp::Caller;
use crate::support::proxy::Fault;

const ALL: &str = r#"permissions = ["quotations", "handoffs", "read", "write"]"#;

async fn post(app: &TestApp, who: &str, n: usize) -> (StatusCode, Value) {
    let body = request(&format!("{who}{n}@shares.example"));
    let answer =
        client_of(who).post(format!("{}/api/quotation/async", app.url)).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_caller_leaves_others_half_of_the_queue() {
    let builder = || TestApp::builder().configure(|config| config.tasks.queue_capacity = 4);
    let (app, folder) = start_as(builder(), &[("web", ALL), ("shop", ALL)]).await;
    app.proxy().plan(|_, _| Some(Fault::Refuse));
    let mut ids = Vec::new();
    for n in 0..2 {
        let (status, answer) = post(&app, "web", n).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        ids.push(answer["tracking_id"].as_str().unwrap().to_owned());
    }
    let (status, problem) = post(&app, "web", 2).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("queue_full")));
    assert!(problem["detail"].as_str().unwrap().starts_with("2 of the 4 quotations"), "{problem}");

    // What a restart takes up is theirs, too.
    let file = access_file(folder.path(), &[("web", ALL), ("shop", ALL)]);
    let again =
        Builder::configure(builder().after(app.stop().await), |config| config.access.file = Some(file));
    let app = again.start().await;
    app.state.tenant.tasks.resume().await;
    assert_eq!(post(&app, "web", 2).await.0, StatusCode::SERVICE_UNAVAILABLE);
    for n in 0..2 {
        let (status, answer) = post(&app, "shop", n).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    }
    app.proxy().plan(|_, _| None);
    for id in ids {
        let events = client_of("web").get(format!("{}/api/quotation/events/{id}", app.url)).send();
        assert!(events.await.unwrap().text().await.unwrap().contains("completed"));
    }
    assert_eq!(post(&app, "web", 2).await.0, StatusCode::ACCEPTED);
}

/// Of the room for bodies that are on their way.
#[tokio::test(flavor = "multi_thread")]
async fn one_caller_leaves_others_half_of_the_room_for_bodies() {
    const ROOM: usize = 16 * 1024 * 1024;
    const BODY: usize = 64 * 1024;
    let (app, _folder) = start(&[("web", ALL), ("shop", ALL)]).await;
    let head = format!(
        "POST /api/quotation/async HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        key("web"),
        BODY + 1
    );
    // The last byte of none is sent.
    let mut answered = FuturesUnordered::new();
    for _ in 0..ROOM / BODY {
        let mut connection = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        answered.push(async move {
            let _ = connection.write_all(&[b' '; BODY]).await;
            let mut status = [0; 12];
            connection.read_exact(&mut status).await.unwrap();
            (String::from_utf8(status.to_vec()).unwrap(), connection)
        });
    }
    let mut refused = Vec::new();
    while refused.len() < ROOM / BODY / 2 {
        let (status, connection) = soon(answered.next()).await.unwrap();
        assert_eq!(status, "HTTP/1.1 503");
        refused.push(connection);
    }
    assert_eq!(post(&app, "web", 0).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let (status, answer) = post(&app, "shop", 0).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
}

/// Odoo answers none of the writes of one caller, who has begun more than are worked on at once.
#[tokio::test(flavor = "multi_thread")]
async fn one_caller_leaves_others_places_to_write() {
    const OWN: usize = 32;
    let builder = TestApp::builder().timeout(Duration::from_secs(600));
    let builder = builder.configure(|config| config.calls.max_concurrency = 256);
    let (app, _folder) = start_as(builder, &[("web", ALL), ("shop", ALL)]).await;
    let shop = Caller::connect_by(client_of("shop"), &app.url).await;
    shop.call("list_users", json!({})).await;
    let (count, mut held) = watch::channel(0);
    app.proxy().plan(move |_, name| {
        let hold = name == "sale.order.load" && *count.borrow() < OWN;
        count.send_modify(|count| *count += usize::from(hold));
        hold.then_some(Fault::Late)
    });
    let mut asked = Vec::new();
    let web = [
        Caller::connect_by(client_of("web"), &app.url).await,
        Caller::connect_by(client_of("web"), &app.url).await,
    ];
    for _ in 0..OWN {
        for web in &web {
            asked.push(web.begin("dev_create_sale", json!({ "partner_id": 16 })).await);
        }
    }
    held.wait_for(|held| *held == OWN).await.unwrap();
    // All of them have come: messages of a session are taken in their order.
    for web in &web {
        web.call("get_sale", json!({ "sale_id": 7 })).await;
    }
    soon(shop.call("dev_create_sale", json!({ "partner_id": 15 }))).await;
    let loads = app.proxy().calls().iter().filter(|call| *call == "sale.order.load").count();
    assert_eq!(loads, OWN + 1, "the others of theirs wait");
}
