//! What browsers and programs get by address: reports, orders and invoices by their token, files and pictures.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use super::page;
use super::web::session_user;
use crate::env::{Context, Env, Operation};
use crate::error::{Error, Exception};
use crate::files::decode;
use crate::reports;
use crate::{Sandbox, Version};

/// What a picture that may not be seen, or is not there, looks like.
const PLACEHOLDER: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>";

const PLAIN: &str = "text/plain";
const HTML: &str = "text/html; charset=utf-8";
const PDF: &str = "application/pdf";

/// Who asks, and what the address asks after its `?`.
struct Asked {
    uid: Option<i64>,
    words: HashMap<String, String>,
}

impl Asked {
    fn word(&self, name: &str) -> &str {
        self.words.get(name).map(String::as_str).unwrap_or_default()
    }

    fn has_token(&self, token: Option<&str>) -> bool {
        let given = self.word("access_token");
        !given.is_empty() && token == Some(given)
    }

    fn downloads(&self) -> bool {
        !matches!(self.word("download"), "" | "false")
    }
}

impl FromRequestParts<Sandbox> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, sandbox: &Sandbox) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let words = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Ok(Self { uid: session_user(sandbox, &parts.headers), words })
    }
}

pub(super) fn router() -> Router<Sandbox> {
    Router::new()
        .route(
            "/web/login",
            get(|| async { Html("<!DOCTYPE html>\n<html>\n<title>Log in</title>\n</html>\n") }),
        )
        .route("/report/{converter}/{report}/{ids}", get(report))
        .route("/my/orders/{id}", get(order))
        .route("/my/invoices/{id}", get(invoice))
        .route("/web/content/{id}", get(content))
        .route("/web/image/{model}/{id}/{field}", get(image))
}

/// A report for who has a session; others are sent to the log-in page.
async fn report(
    State(sandbox): State<Sandbox>,
    Path((converter, report, ids)): Path<(String, String, String)>,
    Asked { uid, .. }: Asked,
) -> Response {
    let Some(uid) = uid else { return login(&format!("/report/{converter}/{report}/{ids}?")) };
    let ids: Vec<i64> = ids.split(',').filter_map(|id| id.parse().ok()).collect();
    let kind = match converter.as_str() {
        "html" => HTML,
        "text" => PLAIN,
        "pdf" => PDF,
        _ => return super::not_found().await,
    };
    match rendered(&sandbox, Some(uid), &report, &ids, kind == PDF) {
        Ok(body) => answer(kind, None, body),
        Err(error) => failed(&sandbox, &error),
    }
}

async fn order(State(sandbox): State<Sandbox>, Path(id): Path<i64>, asked: Asked) -> Response {
    document(&sandbox, "sale.order", "sale.report_saleorder", id, &asked)
}

async fn invoice(State(sandbox): State<Sandbox>, Path(id): Path<i64>, asked: Asked) -> Response {
    document(&sandbox, "account.move", "account.report_invoice_with_payments", id, &asked)
}

/// A customer's way to a document: its page, or the report.
fn document(sandbox: &Sandbox, model: &str, report: &str, id: i64, asked: &Asked) -> Response {
    let Some((title, file)) = admitted(sandbox, model, id, asked) else { return login("/my?") };
    let kind = match asked.word("report_type") {
        "html" | "text" => "text/html",
        "pdf" => PDF,
        _ => {
            if model == "sale.order" {
                tell_viewed(sandbox, id);
            }
            return Html(format!("<!DOCTYPE html>\n<html>\n<body><h2>{title}</h2></body>\n</html>\n"))
                .into_response();
        }
    };
    match rendered(sandbox, None, report, &[id], kind == PDF) {
        Ok(body) => {
            let name = format!("attachment; filename*=UTF-8''{file}.pdf");
            answer(kind, Some(name).filter(|_| asked.downloads() && kind == PDF), body)
        }
        Err(error) => failed(sandbox, &error),
    }
}

/// The document's title and the name of its file, for who has its token or may read it.
fn admitted(sandbox: &Sandbox, model: &str, id: i64, asked: &Asked) -> Option<(String, String)> {
    let mut database = sandbox.database();
    let mut env = Env::of_system(&mut database);
    let model = env.model(model).ok()?;
    let told = (env.document_title(&model, id), env.document_file(&model, id));
    if asked.has_token(env.db.value(&model, id, "access_token").as_str()) {
        return Some(told);
    }
    env.sudo = false;
    env.uid = asked.uid?;
    env.check_exist(&model, &[id]).ok()?;
    env.may_read(&model).ok()?;
    env.check_rule(&model, &[id], Operation::Read).ok()?;
    Some(told)
}

/// Opening the page is told on the order.
fn tell_viewed(sandbox: &Sandbox, id: i64) {
    let body = serde_json::json!([[id]]);
    let kwargs = serde_json::json!({"body": "Quotation viewed by customer"});
    let args = body.as_array().cloned().unwrap_or_default();
    let told =
        sandbox.execute("sale.order", "message_post", args, kwargs.as_object().cloned().unwrap_or_default());
    if let Err(error) = told {
        tracing::debug!(%error, "viewed by customer");
    }
}

fn rendered(
    sandbox: &Sandbox,
    uid: Option<i64>,
    report: &str,
    ids: &[i64],
    pdf: bool,
) -> Result<Vec<u8>, Error> {
    let mut database = sandbox.database();
    let prints = database.prints;
    let env = match uid {
        Some(uid) => Env { db: &mut database, uid, sudo: false, context: Context::default() },
        None => Env::of_system(&mut database),
    };
    let sheets = env.sheets(report, ids)?;
    match pdf {
        true if !prints => Err(reports::cannot_print()),
        true => Ok(reports::file(&sheets)),
        false => Ok(reports::page(&sheets).into_bytes()),
    }
}

/// A file, for who has its token or may read it.
async fn content(State(sandbox): State<Sandbox>, Path(id): Path<i64>, asked: Asked) -> Response {
    let Some((name, kind, body)) = file(&sandbox, id, &asked) else { return super::not_found().await };
    let how = if asked.downloads() { "attachment" } else { "inline" };
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    answer(&kind, Some(disposition(how, &name)), body)
}

fn file(sandbox: &Sandbox, id: i64, asked: &Asked) -> Option<(String, String, Vec<u8>)> {
    let mut database = sandbox.database();
    let mut env = Env::of_system(&mut database);
    let files = env.model("ir.attachment").ok()?;
    let text = |env: &Env<'_>, field: &str| env.db.value(&files, id, field).as_str().map(str::to_owned);
    let is_public = env.db.value(&files, id, "public").is_true();
    if !is_public && !asked.has_token(text(&env, "access_token").as_deref()) {
        env.uid = asked.uid?;
        env.sudo = false;
        env.check_rule(&files, &[id], Operation::Read).ok()?;
    }
    let body = decode(&text(&env, "datas")?)?;
    Some((text(&env, "name")?, text(&env, "mimetype").unwrap_or_else(|| PLAIN.to_owned()), body))
}

/// The picture of a record; a placeholder where there is none to be seen.
async fn image(
    State(sandbox): State<Sandbox>,
    Path((model, id, field)): Path<(String, i64, String)>,
    Asked { uid, .. }: Asked,
) -> Response {
    match uid.and_then(|uid| picture(&sandbox, uid, &model, id, &field)) {
        Some(body) => answer(crate::files::mimetype("a.svg", &body), None, body),
        None => answer("image/svg+xml", None, PLACEHOLDER.into()),
    }
}

fn picture(sandbox: &Sandbox, uid: i64, model: &str, id: i64, field: &str) -> Option<Vec<u8>> {
    let mut database = sandbox.database();
    let env = Env { db: &mut database, uid, sudo: false, context: Context::default() };
    let model = env.model(model).ok()?;
    env.read(&model, &[id], &[field.to_owned()], false).ok()?;
    decode(env.db.value(&model, id, field).as_str()?)
}

fn login(from: &str) -> Response {
    let from = from.replace('/', "%2F").replace('?', "%3F");
    Redirect::to(&format!("/web/login?redirect={from}")).into_response()
}

/// An error as a page, with the status the versions give it.
fn failed(sandbox: &Sandbox, error: &Error) -> Response {
    let status = match (error.exception, sandbox.version()) {
        (Exception::Access, _) => StatusCode::FORBIDDEN,
        (Exception::Missing | Exception::User, Version::V16 | Version::V18) => StatusCode::BAD_REQUEST,
        (Exception::User, Version::V19) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    page(status, "Oops! Something went wrong.", &error.message.replace('<', "&lt;"))
}

fn disposition(how: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.chars().all(plain) {
        return format!("{how}; filename={name}");
    }
    let encoded: String = name
        .bytes()
        .map(
            |byte| {
                if plain(char::from(byte)) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect();
    format!("{how}; filename*=UTF-8''{encoded}")
}

fn answer(kind: &str, disposition: Option<String>, body: Vec<u8>) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Some(Ok(value)) = disposition.map(|text| HeaderValue::from_str(&text)) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
