//! The routes of the web client: a session by cookie, as `odoorpc` and browsers use it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::jsonrpc::{envelope, request};
use super::rpc;
use crate::call::Call;
use crate::error::{Error, Exception};
use crate::methods::Style;
use crate::orders::joined;
use crate::users::check_database;
use crate::{DATABASE, Sandbox, Version};

/// What who opens the address in a browser sees.
const PAGE: &str = "<!doctype html>\n<html lang=en>\n<title>Odoo</title>\n\
                    <p>This is the embedded Odoo of mcp-odoo. It has no web client.</p>\n";

pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/web") }))
        .route("/web", get(|| async { Html(PAGE) }))
        .route("/web/health", get(|| async { super::json(StatusCode::OK, &json!({"status": "pass"})) }))
        .route("/web/webclient/version_info", post(version_info))
        .route("/web/database/list", post(list))
        .route("/web/session/authenticate", post(authenticate))
        .route("/web/session/get_session_info", post(session_info))
        .route("/web/session/destroy", post(destroy))
        .route("/web/dataset/call_kw", post(call_kw))
        .route("/web/dataset/call_kw/{*method}", post(call_kw))
}

async fn version_info(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    reply(&sandbox, &body, |_| Ok(rpc::version(&sandbox)))
}

async fn list(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    reply(&sandbox, &body, |_| Ok(json!([DATABASE])))
}

async fn authenticate(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let mut cookie = None;
    let mut response = reply(&sandbox, &body, |params| {
        check_database(sandbox.language(), params.get("db").unwrap_or(&Value::Null))?;
        let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default();
        let uid = sandbox.database().log_in(text("login"), text("password"));
        let uid = uid.ok_or_else(Error::access_denied)?;
        cookie = Some(open(&sandbox, uid));
        info(&sandbox, uid)
    });
    let cookie = cookie.map(|id| format!("session_id={id}; HttpOnly; Max-Age=604800; Path=/"));
    if let Some(Ok(cookie)) = cookie.map(|cookie| HeaderValue::from_str(&cookie)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn session_info(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    reply(&sandbox, &body, |_| info(&sandbox, user(&sandbox, &headers)?))
}

async fn destroy(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    reply(&sandbox, &body, |_| {
        let id = session_id(&headers).unwrap_or_default();
        sandbox.sessions().remove(&id);
        Ok(Value::Null)
    })
}

async fn call_kw(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let (id, params) = match request(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let answer = match user(&sandbox, &headers) {
        Ok(uid) => sandbox.call(model_call(uid, &params)).await,
        Err(error) => Err(error),
    };
    super::json(StatusCode::OK, &envelope(sandbox.version(), &id, answer)).into_response()
}

fn model_call(uid: i64, params: &Value) -> Call {
    let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Call {
        uid,
        model: text("model"),
        method: text("method"),
        positional: params.get("args").and_then(Value::as_array).cloned().unwrap_or_default(),
        named: params.get("kwargs").and_then(Value::as_object).cloned().unwrap_or_default(),
        style: Style::Positional,
    }
}

fn reply(sandbox: &Sandbox, body: &[u8], answer: impl FnOnce(&Value) -> Result<Value, Error>) -> Response {
    match request(body) {
        Ok((id, params)) => super::json(StatusCode::OK, &envelope(sandbox.version(), &id, answer(&params))),
        Err(response) => *response,
    }
}

/// Opens a session; its id need only be unique, for nothing here is worth stealing.
fn open(sandbox: &Sandbox, uid: i64) -> String {
    let mut sessions = sandbox.sessions();
    let id = format!("{:040x}", sessions.len() + 1);
    sessions.insert(id.clone(), uid);
    id
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|cookie| Some(cookie.trim().strip_prefix("session_id=")?.to_owned()))
}

/// The user whose session a request belongs to.
pub(super) fn session_user(sandbox: &Sandbox, headers: &HeaderMap) -> Option<i64> {
    sandbox.sessions().get(&session_id(headers)?).copied()
}

fn user(sandbox: &Sandbox, headers: &HeaderMap) -> Result<i64, Error> {
    session_user(sandbox, headers).ok_or_else(|| Error::new(Exception::SessionExpired, "Session expired"))
}

fn info(sandbox: &Sandbox, uid: i64) -> Result<Value, Error> {
    let read = sandbox.execute(
        "res.users",
        "read",
        vec![json!([uid]), json!(["name", "login", "lang", "tz", "partner_id", "company_id", "company_ids"])],
        serde_json::Map::new(),
    )?;
    let of = |key: &str| read.pointer(&format!("/0/{key}")).cloned().unwrap_or(Value::Null);
    let version = sandbox.version();
    Ok(json!({
        "uid": uid,
        "is_admin": uid == crate::env::ADMIN,
        "is_internal_user": true,
        "user_context": {"lang": of("lang"), "tz": of("tz"), "uid": uid},
        "db": DATABASE,
        "server_version": version.full(),
        "server_version_info": [version.major(), 0, 0, "final", 0, ""],
        "name": of("name"),
        "username": of("login"),
        "partner_id": of("partner_id").get(0),
        "company_id": of("company_id").get(0),
        "user_companies": companies(sandbox, &of("company_id"), &of("company_ids"))?,
    }))
}

/// The companies a session can work in.
fn companies(sandbox: &Sandbox, current: &Value, all: &Value) -> Result<Value, Error> {
    let fields = json!(["name", "parent_id", "currency_id"]);
    let read = sandbox.execute("res.company", "read", vec![all.clone(), fields], serde_json::Map::new())?;
    let mut allowed = serde_json::Map::new();
    let version = sandbox.version();
    for company in read.as_array().into_iter().flatten() {
        let of = |key: &str| company.get(key).cloned().unwrap_or(Value::Null);
        let id = of("id");
        let mut told = json!({"id": id, "name": of("name"), "sequence": 0});
        if version >= Version::V18 {
            told = joined(told, json!({"child_ids": [], "parent_id": of("parent_id")}));
        }
        if version >= Version::V19 {
            told = joined(told, json!({"currency_id": of("currency_id").get(0)}));
        }
        allowed.insert(id.to_string(), told);
    }
    let told = json!({"current_company": current.get(0), "allowed_companies": allowed});
    let more = json!({"disallowed_ancestor_companies": {}});
    Ok(if version >= Version::V18 { joined(told, more) } else { told })
}
