//! WebSocket.

use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::access::{access_file, key, start};
use crate::mcp::client::{call, initialize, initialized, request, soon, text};
use crate::mcp::handler::Handler;
use crate::mcp::resources::{customer, left, quick, rename};
use crate::support::app::TestApp;

/// A client of a WebSocket.
pub struct Ws(WebSocketStream<MaybeTlsStream<TcpStream>>);

pub fn address(app: &TestApp) -> Request {
    format!("{}/mcp/ws", app.url.replacen("http", "ws", 1)).into_client_request().unwrap()
}

impl Ws {
    async fn open(app: &TestApp) -> Self {
        Self::open_as(address(app)).await.unwrap()
    }

    pub async fn open_as(request: Request) -> Result<Self, (StatusCode, Value)> {
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => {
                let (head, body) = answer.into_parts();
                let problem = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
                Err((StatusCode::from_u16(head.status.as_u16()).unwrap(), problem))
            }
            Err(other) => panic!("{other}"),
        }
    }

    async fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; `Err` with the last word when it ended.
    pub async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub async fn ask(&mut self, message: &Value) -> Value {
        self.send(message).await;
        self.next().await.unwrap()
    }
}

/// As the documents of another server have it, word for word but for the tool.
#[tokio::test]
async fn a_client_that_neither_introduces_itself_nor_names_a_version_is_served() {
    let app = TestApp::start().await;
    let mut ws = Ws::open(&app).await;
    let asked = json!({
        "method": "tools/call", "params": { "name": "find_customers", "arguments": { "q": "torres" } }, "id": "1",
    });
    let answer = ws.ask(&asked).await;
    assert_eq!((&answer["id"], &answer["jsonrpc"]), (&json!("1"), &json!("2.0")), "{answer}");
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let answer = ws.ask(&json!({ "method": "tools/list", "id": 2 })).await;
    assert!(answer["result"]["tools"].is_array(), "{answer}");
}

#[tokio::test]
async fn a_client_of_mcp_is_served_as_elsewhere() {
    let handler = Handler::new();
    let app = TestApp::builder().start_with(handler.clone()).await;
    let mut ws = Ws::open(&app).await;
    let answer = ws.ask(&initialize("2025-06-18")).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
    ws.send(&initialized()).await;
    // Several at once, answered as they are done; progress comes between.
    ws.send(&call(2, "wait", &json!({}))).await;
    soon(handler.waiting(1)).await;
    assert_eq!(text(&ws.ask(&call(3, "echo", &json!({ "text": "on" }))).await), "on");
    let mut steps = call(4, "steps", &json!({}));
    steps["params"]["_meta"] = json!({ "progressToken": "t" });
    ws.send(&steps).await;
    for step in 1..=3 {
        let told = ws.next().await.unwrap();
        assert_eq!(
            (&told["method"], told["params"]["progress"].as_f64()),
            (&json!("notifications/progress"), Some(step.into()))
        );
    }
    assert_eq!(ws.next().await.unwrap()["id"], 4);
    handler.release();
    assert_eq!(ws.next().await.unwrap()["id"], 2);
    assert_eq!(*app.state.sessions.open().borrow(), 1);
}

#[tokio::test]
async fn what_is_no_message_is_told_and_ends_nothing() {
    let app = TestApp::start().await;
    let mut ws = Ws::open(&app).await;
    let cases = [
        ("{", Value::Null, -32700),
        ("", Value::Null, -32700),
        ("[1]", Value::Null, -32600),
        (r#"{"id": {}, "method": "ping"}"#, Value::Null, -32600),
        (r#"{"id": 7, "result": 1, "error": 2}"#, json!(7), -32600),
        (r#"{"id": 8, "id": 8, "method": "ping"}"#, json!(8), -32602),
    ];
    for (said, id, code) in cases {
        ws.0.send(Message::text(said)).await.unwrap();
        let answer = ws.next().await.unwrap();
        assert_eq!(
            (answer.get("id"), &answer["error"]["code"]),
            (Some(&id), &json!(code)),
            "{said}: {answer}"
        );
        assert_eq!(answer["jsonrpc"], "2.0", "{said}: {answer}");
    }
    assert_eq!(ws.ask(&request(9, "ping", &json!({}))).await["result"], json!({}));
}

#[tokio::test]
async fn messages_have_the_bounds_of_those_that_are_posted() {
    let app = TestApp::builder().start_with(Handler::new()).await;
    let large = |size: usize| call(2, "echo", &json!({ "text": "x".repeat(size) }));
    let mut ws = Ws::open(&app).await;
    let size = 3 * 1024 * 1024;
    assert_eq!(text(&ws.ask(&large(size)).await).len(), size);
    // It ends while the rest is still on its way.
    let _ = ws.0.send(Message::text(large(5 * 1024 * 1024).to_string())).await;
    let end = loop {
        match ws.next().await {
            Ok(_) => {}
            Err(end) => break end,
        }
    };
    if let Some(frame) = end {
        assert_eq!(frame.reason.as_str(), "a message may have at most 4 MiB");
    }
    let mut sessions = app.state.sessions.open();
    soon(sessions.wait_for(|open| *open == 0)).await.unwrap();
}

#[tokio::test]
async fn who_hangs_up_ends_the_session_and_what_runs_in_it() {
    let handler = Handler::new();
    let app =
        TestApp::builder().configure(|config| config.mcp.max_sessions = 1).start_with(handler.clone()).await;
    let mut ws = Ws::open(&app).await;
    ws.send(&call(2, "wait", &json!({}))).await;
    soon(handler.waiting(1)).await;
    let (status, problem) = Ws::open_as(address(&app)).await.err().unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("too_many_sessions")));
    drop(ws);
    soon(handler.cancelled(1)).await;
    let mut sessions = app.state.sessions.open();
    soon(sessions.wait_for(|open| *open == 0)).await.unwrap();
    let mut ws = Ws::open(&app).await;
    assert_eq!(text(&ws.ask(&call(2, "echo", &json!({ "text": "again" }))).await), "again");
}

#[tokio::test]
async fn the_end_of_the_process_is_told() {
    let app = TestApp::start().await;
    let mut ws = Ws::open(&app).await;
    assert_eq!(ws.ask(&request(1, "ping", &json!({}))).await["result"], json!({}));
    let stopping = tokio::spawn(app.stop());
    assert!(ws.next().await.is_err());
    soon(stopping).await.unwrap();
}

#[tokio::test]
async fn only_who_may_gets_in() {
    let app = TestApp::start().await;
    let mut strange = address(&app);
    strange.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let (status, problem) = Ws::open_as(strange).await.err().unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("origin_not_allowed")));
    let mut page = address(&app);
    page.headers_mut().insert("origin", "http://localhost:3000".parse().unwrap());
    assert!(Ws::open_as(page).await.is_ok());
    // No WebSocket at all.
    let answer = app.get("/mcp/ws").await;
    assert_eq!(answer.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(
        (&answer.headers()["upgrade"], &answer.headers()["connection"]),
        (&"websocket".parse().unwrap(), &"upgrade".parse().unwrap())
    );
    assert_eq!(answer.headers()["sec-websocket-version"], "13");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "websocket_only");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_key() {
    let all = r#"permissions = ["read"]"#;
    let (app, folder) = start(&[("leaves", all), ("stays", all)]).await;
    assert_eq!(Ws::open_as(address(&app)).await.err().unwrap().0, StatusCode::UNAUTHORIZED);
    let open = async |name: &str| {
        let mut request = address(&app);
        request.headers_mut().insert("authorization", format!("Bearer {}", key(name)).parse().unwrap());
        Ws::open_as(request).await.unwrap()
    };
    let (mut leaves, mut stays) = (open("leaves").await, open("stays").await);
    let ping = request(9, "ping", &json!({}));
    for ws in [&mut leaves, &mut stays] {
        assert_eq!(ws.ask(&ping).await["result"], json!({}));
    }
    access_file(folder.path(), &[("leaves", &format!("{all}\nrevoked = true")), ("stays", all)]);
    let frame = leaves.next().await.unwrap_err().expect("a last word");
    assert_eq!(frame.reason.as_str(), "your key or token does not work any more");
    assert_eq!(stays.ask(&ping).await["result"], json!({}));
}

/// A connection counts for as long as it is open, whatever it speaks.
#[tokio::test]
async fn it_counts_as_a_connection() {
    let app = TestApp::builder().configure(|config| config.http.max_connections = 1).start().await;
    let mut ws = Ws::open(&app).await;
    let waiting = app.client.get(format!("{}/health", app.url)).send();
    let mut waiting = Box::pin(waiting);
    for id in 1..20 {
        assert_eq!(ws.ask(&request(id, "ping", &json!({}))).await["result"], json!({}));
        assert!(futures::poll!(waiting.as_mut()).is_pending(), "there is no place for another");
    }
    drop(ws);
    assert_eq!(soon(waiting).await.unwrap().status(), StatusCode::OK);
}

/// Whether or not they introduce themselves, until they ask for no more of it or leave.
#[tokio::test]
async fn changes_are_told() {
    let mcp = quick().start_mcp().await;
    let (ana, luis) = (customer(&mcp, "Ana").await, customer(&mcp, "Luis").await);
    let uri = |id: i64| format!("odoo://res.partner/{id}");
    let told = |uri: &str| (json!("notifications/resources/updated"), json!(uri));
    for version in [None, Some("2025-11-25")] {
        let mut ws = Ws::open(&mcp.app).await;
        if let Some(version) = version {
            let answer = ws.ask(&initialize(version)).await;
            assert_eq!(answer["result"]["capabilities"]["resources"]["subscribe"], true, "{answer}");
            ws.send(&initialized()).await;
        }
        let asks = |id: u64, method: &str, uri: String| request(id, method, &json!({ "uri": uri }));
        for (id, uri) in [(2, uri(ana)), (3, uri(luis))] {
            assert_eq!(ws.ask(&asks(id, "resources/subscribe", uri)).await["result"], json!({}));
        }
        let refused = ws.ask(&asks(4, "resources/subscribe", uri(987_654))).await;
        assert_eq!(refused["error"]["code"], -32002, "{refused}");
        rename(&mcp, ana, &format!("Ana {version:?}")).await;
        let update = ws.next().await.unwrap();
        assert_eq!((update["method"].clone(), update["params"]["uri"].clone()), told(&uri(ana)), "{update}");
        assert!(update.get("id").is_none(), "{update}");
        assert_eq!(ws.ask(&asks(5, "resources/unsubscribe", uri(ana))).await["result"], json!({}));
        rename(&mcp, ana, &format!("Ana Ruiz {version:?}")).await;
        rename(&mcp, luis, &format!("Luis {version:?}")).await;
        let update = ws.next().await.unwrap();
        assert_eq!((update["method"].clone(), update["params"]["uri"].clone()), told(&uri(luis)), "{update}");
        drop(ws);
        left(&mcp.app.state.tenant.watching).await;
    }
}
