//! `POST /json/2/<model>/<method>`, from 19.0 on.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::{Error, Exception};
use crate::methods::Style;
use crate::{DATABASE, Sandbox};

pub(super) async fn handle(
    State(sandbox): State<Sandbox>,
    Path((model, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers.get("x-odoo-database").is_some_and(|name| name != DATABASE) {
        return super::not_found().await;
    }
    match answer(&sandbox, model, method, &headers, &body).await {
        Ok(answer) => super::json(StatusCode::OK, &answer),
        Err(error) => {
            let status =
                StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            super::json(status, &Value::Object(error.data()))
        }
    }
}

async fn answer(
    sandbox: &Sandbox,
    model: String,
    method: String,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Error> {
    let uid = authorized(sandbox, headers)?;
    let named = arguments(body)?;
    let call = Call { uid, model, method, positional: Vec::new(), named, style: Style::Named };
    sandbox.call(call).await
}

fn authorized(sandbox: &Sandbox, headers: &HeaderMap) -> Result<i64, Error> {
    let refused = |text: &str| Error::new(Exception::Unauthorized, text);
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, key) = header.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused("User not authenticated, use an API Key with a Bearer Authorization header."));
    }
    sandbox.database().of_key(key.trim()).ok_or_else(|| refused("Invalid apikey"))
}

fn arguments(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Ok(Map::new()),
        Err(error) => {
            Err(Error::new(Exception::BadRequest, format!("could not parse the body as json: {error}")))
        }
    }
}
