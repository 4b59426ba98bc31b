//! XML-RPC: `POST /xmlrpc/2/common` and `/xmlrpc/2/object`.

use dxr::{FaultResponse, MethodCall, MethodResponse};
use serde_json::{Value, json};

use super::{Answer, Credentials, Request, http, xml_value};
use crate::{Call, OdooError, classify};

const DEEPEST: usize = 100;

/// The request of a call.
pub fn encode(credentials: Credentials<'_>, uid: i64, call: &Call) -> Result<Request, OdooError> {
    let Credentials { database, secret } = credentials;
    request(
        "xmlrpc/2/object",
        "execute_kw",
        &[
            json!(database),
            json!(uid),
            json!(secret),
            json!(call.model),
            json!(call.method),
            Value::Array(call.positional()),
            Value::Object(call.kwargs.clone()),
        ],
    )
}

/// The request of a method of the `common` service: `version` or `authenticate`.
pub fn common(method: &str, args: &[Value]) -> Result<Request, OdooError> {
    request("xmlrpc/2/common", method, args)
}

/// The result in an answer, or the error.
pub fn decode(answer: &Answer) -> Result<Value, OdooError> {
    if answer.status != 200 {
        return Err(http::unexplained(answer));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| OdooError::malformed("not UTF-8"))?;
    if is_too_deep(text) {
        return Err(OdooError::malformed("values nested too deeply"));
    }
    if let Ok(response) = MethodResponse::from_xml(text) {
        return xml_value::to_json(response.value);
    }
    match FaultResponse::from_xml(text) {
        // The call was done and committed: only its answer, which holds nothing or records, could not be written.
        Ok(response) if classify::is_unwritable_answer(response.fault.string()) => Ok(Value::Null),
        Ok(response) => Err(classify::xmlrpc_fault(response.fault.code(), response.fault.string())),
        Err(_) => Err(OdooError::malformed("not an XML-RPC answer")),
    }
}

/// The parser recurses without a limit of its own: refuse what would overflow the stack.
fn is_too_deep(text: &str) -> bool {
    let mut depth: usize = 0;
    text.split('<').any(|tag| {
        if tag.starts_with("array") || tag.starts_with("struct") {
            depth += 1;
        } else if tag.starts_with("/array") || tag.starts_with("/struct") {
            depth = depth.saturating_sub(1);
        }
        depth > DEEPEST
    })
}

fn request(path: &str, method: &str, args: &[Value]) -> Result<Request, OdooError> {
    let params = args.iter().map(xml_value::from_json).collect::<Result<_, _>>()?;
    let body = MethodCall { name: method.into(), params }
        .to_xml()
        .map_err(|_| OdooError::Validation("the call cannot be written as XML-RPC".to_owned()))?;
    Ok(Request {
        path: path.to_owned(),
        content_type: "text/xml",
        headers: Vec::new(),
        body: format!("<?xml version=\"1.0\"?>{body}").into_bytes(),
    })
}
