//! JSON-RPC: `POST /jsonrpc`, always HTTP 200.

use serde_json::{Map, Value, json};

use super::{Answer, Credentials, Request, http};
use crate::{Call, OdooError, classify};

const ID: i64 = 1;

/// The request of a call.
pub fn encode(credentials: Credentials<'_>, uid: i64, call: &Call) -> Request {
    let Credentials { database, secret } = credentials;
    request(
        "object",
        "execute_kw",
        json!([database, uid, secret, call.model, call.method, call.positional(), call.kwargs]),
    )
}

/// The request of a method of the `common` service: `version` or `authenticate`.
pub fn common(method: &str, args: &[Value]) -> Request {
    request("common", method, json!(args))
}

/// The result in an answer, or the error.
pub fn decode(answer: &Answer) -> Result<Value, OdooError> {
    if answer.status != 200 {
        return Err(http::unexplained(answer));
    }
    let mut reply: Map<String, Value> =
        serde_json::from_slice(&answer.body).map_err(|_| OdooError::malformed("not a JSON-RPC answer"))?;
    if let Some(error) = reply.get("error") {
        return Err(fault(error));
    }
    match reply.remove("result") {
        Some(result) => Ok(result),
        // Odoo leaves `result` out when a method returns nothing.
        None if reply.get("id") == Some(&json!(ID)) && reply.contains_key("jsonrpc") => Ok(Value::Null),
        None => Err(OdooError::malformed("neither a result nor an error")),
    }
}

fn request(service: &str, method: &str, args: Value) -> Request {
    let body = json!({
        "jsonrpc": "2.0",
        "method": "call",
        "id": ID,
        "params": {"service": service, "method": method, "args": args},
    });
    Request {
        path: "jsonrpc".to_owned(),
        content_type: "application/json",
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
}

fn fault(error: &Value) -> OdooError {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str);
    match (text("/data/name"), text("/data/message").or_else(|| text("/message"))) {
        (Some(name), Some(message)) => classify::exception(name, message),
        // Odoo names the class: this is somebody's in front of it.
        (None, Some(_)) => OdooError::Gateway(200),
        (_, None) => OdooError::malformed("an error without a message"),
    }
}
