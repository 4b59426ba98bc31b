//! A peer that passes for an Odoo 19, takes any key, and quotes what it was sent in all it says.

use std::net::Ipv4Addr;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How it fails.
#[derive(Clone, Copy, Debug)]
pub enum Echo {
    /// Every call raises an exception.
    Exception,
    /// Every import is refused.
    Import,
    /// Every answer is plain text.
    Garbage,
    /// Every answer is that of a proxy.
    Proxy,
}

impl Echo {
    pub const ALL: [Self; 4] = [Self::Exception, Self::Import, Self::Garbage, Self::Proxy];

    /// Starts it; gives its address. It ends with the test's runtime.
    pub async fn start(self) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

async fn answer(State(echo): State<Echo>, uri: Uri, body: String) -> Response {
    let user = json!([{ "id": 2, "name": "Mitchell Admin" }]);
    let exception =
        || json!({ "name": "odoo.exceptions.ValidationError", "message": body, "arguments": [body] });
    let message = || json!({ "type": "error", "message": body, "record": 0, "rows": { "from": 0, "to": 0 } });
    let good = |value: Value| Json(value).into_response();
    match (uri.path(), echo) {
        ("/jsonrpc", _) => good(json!({ "jsonrpc": "2.0", "id": 1, "result": { "server_version": "19.0" } })),
        ("/json/2/res.users/context_get", _) => good(json!({ "uid": 2 })),
        (_, Echo::Exception) => (StatusCode::UNPROCESSABLE_ENTITY, Json(exception())).into_response(),
        (_, Echo::Garbage) => body.into_response(),
        (_, Echo::Proxy) => (StatusCode::BAD_GATEWAY, format!("<h1>{body}</h1>")).into_response(),
        ("/json/2/res.users/search_read", Echo::Import) => good(user),
        (path, Echo::Import) if path.ends_with("/load") => {
            good(json!({ "ids": false, "messages": [message()], "nextrow": 0 }))
        }
        (_, Echo::Import) => good(json!([])),
    }
}
