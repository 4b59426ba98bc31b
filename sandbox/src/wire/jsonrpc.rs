//! `POST /jsonrpc`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{page, rpc};
use crate::error::{Error, Exception};
use crate::{Sandbox, Version};

pub(super) async fn handle(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let (id, params) = match request(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let text = |key: &str| params.get(key).and_then(Value::as_str).unwrap_or_default();
    let args = params.get("args").and_then(Value::as_array).cloned().unwrap_or_default();
    let answer = rpc::dispatch(&sandbox, text("service"), text("method"), args).await;
    super::json(StatusCode::OK, &envelope(sandbox.version(), &id, answer))
}

/// The `id` and `params` of a request.
pub(super) fn request(body: &[u8]) -> Result<(Value, Value), Box<Response>> {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut request)) => {
            let mut take = |key: &str| request.remove(key).unwrap_or(Value::Null);
            Ok((take("id"), take("params")))
        }
        _ => Err(Box::new(page(StatusCode::BAD_REQUEST, "Bad Request", "Invalid JSON data"))),
    }
}

/// The answer to a request; an error is HTTP 200 too.
pub(super) fn envelope(version: Version, id: &Value, answer: Result<Value, Error>) -> Value {
    match answer {
        // Nothing is no result at all.
        Ok(Value::Null) => json!({"jsonrpc": "2.0", "id": id}),
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => {
            let (code, message) = match (error.exception, version) {
                (Exception::SessionExpired, _) => (100, "Odoo Session Expired"),
                (Exception::NotFound, _) => (404, "404: Not Found"),
                (_, Version::V16 | Version::V18) => (200, "Odoo Server Error"),
                (_, Version::V19) => (0, "Odoo Server Error"),
            };
            let error = json!({"code": code, "message": message, "data": error.data()});
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        }
    }
}
