//! JSON-2: `POST /json/2/<model>/<method>`, arguments by name, the bare result back.

use serde_json::{Map, Value};

use super::{Answer, Credentials, Request, http};
use crate::{Call, OdooError, classify};

/// The request of a call.
pub fn encode(credentials: Credentials<'_>, call: &Call) -> Result<Request, OdooError> {
    // Model and method become part of the path: anything but a name could lead elsewhere.
    for name in [&call.model, &call.method] {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            return Err(OdooError::Unknown(format!("'{name}' is not a model or method")));
        }
    }
    Ok(Request {
        path: format!("json/2/{}/{}", call.model, call.method),
        content_type: "application/json",
        headers: vec![
            ("authorization", format!("bearer {}", credentials.secret)),
            ("x-odoo-database", credentials.database.to_owned()),
        ],
        body: Value::Object(call.named()).to_string().into_bytes(),
    })
}

/// The result in an answer, or the error.
pub fn decode(answer: &Answer) -> Result<Value, OdooError> {
    if answer.status == 200 {
        return serde_json::from_slice(&answer.body).map_err(|_| OdooError::malformed("not a JSON answer"));
    }
    let fault: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
    let text = |key: &str| fault.as_ref().and_then(|fault| fault.get(key)).and_then(Value::as_str);
    match (text("name"), text("message")) {
        // `werkzeug.exceptions.NotFound`: proxies, too, answer JSON with a name, but none of Python's.
        (Some(name), Some(message)) if name.contains('.') => Err(classify::exception(name, message)),
        _ => Err(http::unexplained(answer)),
    }
}
