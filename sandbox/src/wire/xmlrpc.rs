//! `POST /xmlrpc/2/<service>`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dxr::{Fault, FaultResponse, MethodCall, MethodResponse};
use serde_json::{Map, Number, Value};

use super::{page, rpc};
use crate::Sandbox;
use crate::error::{Error, Exception};

pub(super) async fn handle(
    State(sandbox): State<Sandbox>,
    Path(service): Path<String>,
    body: Bytes,
) -> Response {
    let text = String::from_utf8_lossy(&body);
    let Ok(call) = MethodCall::from_xml(&text) else {
        return page(StatusCode::BAD_REQUEST, "Bad Request", "Invalid XML-RPC request");
    };
    let args = call.params.into_iter().map(from_xml).collect();
    match xml(rpc::dispatch(&sandbox, &service, &call.name, args).await) {
        Ok(body) => {
            (StatusCode::OK, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
        }
        Err(error) => page(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", &error.to_string()),
    }
}

fn xml(answer: Result<Value, Error>) -> Result<String, dxr::Error> {
    let body = match answer.and_then(marshalled) {
        Ok(value) => MethodResponse { value: to_xml(value) }.to_xml()?,
        Err(error) => {
            FaultResponse { fault: Fault::new(error.fault_code(), error.fault_string()) }.to_xml()?
        }
    };
    // Python writes the older of the two names of the same type.
    let body = body.replace("<i4>", "<int>").replace("</i4>", "</int>");
    Ok(format!("<?xml version=\"1.0\"?>\n{body}"))
}

/// What XML-RPC cannot carry is an error, though the call is done by then.
fn marshalled(answer: Value) -> Result<Value, Error> {
    match answer {
        Value::Null => Err(Error::new(Exception::Type, "cannot marshal None unless allow_none is enabled")),
        Value::String(text) if text.starts_with("mail.activity(") => {
            Err(Error::new(Exception::Type, "cannot marshal <class 'odoo.api.mail.activity'> objects"))
        }
        answer => Ok(answer),
    }
}

fn from_xml(value: dxr::Value) -> Value {
    match value {
        dxr::Value::Integer(number) => number.into(),
        dxr::Value::Long(number) => number.into(),
        dxr::Value::Boolean(flag) => flag.into(),
        dxr::Value::String(text) => text.into(),
        dxr::Value::Double(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        dxr::Value::DateTime(moment) => moment.to_string().into(),
        dxr::Value::Base64(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        dxr::Value::Struct(members) => Value::Object(
            members.into_iter().map(|(key, value)| (key, from_xml(value))).collect::<Map<_, _>>(),
        ),
        dxr::Value::Array(items) => items.into_iter().map(from_xml).collect(),
        _ => Value::Null,
    }
}

fn to_xml(value: Value) -> dxr::Value {
    match value {
        Value::Null => dxr::Value::Nil,
        Value::Bool(flag) => dxr::Value::Boolean(flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => i32::try_from(whole).map_or(dxr::Value::Long(whole), dxr::Value::Integer),
            None => dxr::Value::Double(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => dxr::Value::String(text),
        Value::Array(items) => dxr::Value::Array(items.into_iter().map(to_xml).collect()),
        Value::Object(members) => {
            dxr::Value::Struct(members.into_iter().map(|(key, value)| (key, to_xml(value))).collect())
        }
    }
}
