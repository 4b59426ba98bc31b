//! What a recorded request asks for, whichever protocol it was recorded on.

use mcp_odoo_core::odoo::Call;
use serde_json::{Map, Value};

use super::values;
use crate::support::transcripts::Recording;

/// The database, user and call of a recorded request; all arguments by name.
pub struct Asked {
    pub database: String,
    pub secret: String,
    pub model: String,
    pub method: String,
    pub named: Map<String, Value>,
}

impl Asked {
    /// `None` if the request is not a call of a model.
    pub fn of(recording: &Recording) -> Option<Self> {
        if let Some(path) = recording.path.strip_prefix("/json/2/") {
            let (model, method) = path.split_once('/').unwrap();
            let header = |name: &str| recording.headers[name].as_str().unwrap();
            return Some(Self {
                database: header("X-Odoo-Database").to_owned(),
                secret: header("Authorization").strip_prefix("bearer ").unwrap().to_owned(),
                model: model.to_owned(),
                method: method.to_owned(),
                named: recording.body.as_object().unwrap().clone(),
            });
        }
        let (method, args) = rpc(recording);
        (method == "execute_kw").then(|| Self::rpc(&args))
    }

    fn rpc(args: &[Value]) -> Self {
        let text = |index: usize| args[index].as_str().unwrap().to_owned();
        let method = text(4);
        let positional = args[5].as_array().unwrap();
        let names = names(&method);
        assert!(positional.len() <= names.len(), "no names for the arguments of {method}");
        let named = names.iter().map(|name| (*name).to_owned()).zip(positional.iter().cloned());
        let named =
            named.chain(args.get(6).and_then(Value::as_object).cloned().unwrap_or_default()).collect();
        Self { database: text(0), secret: text(2), model: text(3), method, named }
    }

    pub fn call(&self) -> Call {
        let mut call = Call::new(&self.model, &self.method);
        let mut named = self.named.clone();
        for name in names(&self.method) {
            match (named.shift_remove(*name), *name) {
                (Some(ids), "ids") => call = call.on(&ids_of(&ids)),
                (Some(value), name) => call = call.arg(name, value),
                (None, _) => {}
            }
        }
        call.kwargs = named;
        call
    }

    pub fn ids(&self) -> Vec<i64> {
        ids_of(&self.named["ids"])
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.named.get(name).and_then(Value::as_array).into_iter().flatten();
        texts.map(|text| text.as_str().unwrap().to_owned()).collect()
    }
}

/// The RPC method and its arguments.
pub fn rpc(recording: &Recording) -> (String, Vec<Value>) {
    match &recording.body {
        Value::String(xml) => {
            let call = dxr::MethodCall::from_xml(xml).unwrap();
            (call.name.into_owned(), call.params.iter().map(values::json).collect())
        }
        body => {
            let params = &body["params"];
            (params["method"].as_str().unwrap().to_owned(), params["args"].as_array().unwrap().clone())
        }
    }
}

fn ids_of(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect()
}

/// The arguments that have a position on RPC.
fn names(method: &str) -> &'static [&'static str] {
    match method {
        "search" | "search_read" | "search_count" | "formatted_read_group" => &["domain"],
        "read_group" => &["domain", "fields", "groupby"],
        "read" | "unlink" | "action_confirm" | "message_post" => &["ids"],
        "write" => &["ids", "vals"],
        "create" => &["vals_list"],
        "load" => &["fields", "data"],
        "check_object_reference" => &["module", "xml_id"],
        "fields_get" => &["allfields"],
        "name_search" => &["name"],
        _ => &[],
    }
}
